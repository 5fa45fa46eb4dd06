import json

import httpx
import pytest

PATH = "/v1beta/models/gemini-2.5-pro"


def body(script: str, **config: object) -> dict[str, object]:
    text = f"Do it. demo-script: {script}"
    return {"contents": [{"role": "user", "parts": [{"text": text}]}], "generationConfig": config}


SCRIPT = '[{"thinking": "hm", "text": "Hello.", "tools": [{"name": "read_file", "input": {"file_path": "a"}}]}]'


def test_a_whole_answer_has_text_a_call_and_its_usage(http: httpx.Client) -> None:
    answer = http.post(f"{PATH}:generateContent", json=body(SCRIPT)).json()
    (candidate,) = answer["candidates"]
    text, call = candidate["content"]["parts"]
    assert text == {"text": "Hello."}
    assert (call["functionCall"]["name"], call["functionCall"]["args"]) == ("read_file", {"file_path": "a"})
    usage = answer["usageMetadata"]
    assert usage["totalTokenCount"] == sum(
        usage[name] for name in ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount")
    )


def test_a_stream_is_events_or_one_array(http: httpx.Client) -> None:
    events = http.post(f"{PATH}:streamGenerateContent?alt=sse", json=body(SCRIPT))
    array = http.post(f"{PATH}:streamGenerateContent", json=body(SCRIPT))
    chunks = [json.loads(line[6:]) for line in events.text.splitlines() if line]
    assert [each["candidates"] for each in array.json()] == [each["candidates"] for each in chunks]
    assert array.headers["content-type"].startswith("application/json")
    assert chunks[-1]["candidates"][0]["finishReason"] == "STOP"


def test_tokens_are_counted(http: httpx.Client) -> None:
    assert http.post(f"{PATH}:countTokens", json=body("[]")).json()["totalTokens"] > 10


def test_what_wants_json_gets_an_instance_of_its_schema(http: httpx.Client) -> None:
    schema = {"type": "object", "properties": {"choice": {"enum": ["flash", "pro"]}, "score": {"type": "number"}}}
    asked = body(SCRIPT, responseMimeType="application/json", responseJsonSchema=schema)
    answer = http.post(f"{PATH}:generateContent", json=asked).json()
    assert json.loads(answer["candidates"][0]["content"]["parts"][0]["text"]) == {"choice": "flash", "score": 0}


@pytest.mark.parametrize(
    ("request_", "message"),
    [({"contents": []}, "contents is not specified"), ({"contents": {}}, "a list is required")],
)
def test_what_google_would_not_take_is_refused(http: httpx.Client, request_: object, message: str) -> None:
    answer = http.post(f"{PATH}:generateContent", json=request_)
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert message in answer.json()["error"]["message"]


def test_an_error_in_mid_stream_is_googles_own(http: httpx.Client) -> None:
    script = '[{"text": "a b c d e f", "chunk": 2, "error": true}]'
    *_, last = [
        line for line in http.post(f"{PATH}:streamGenerateContent?alt=sse", json=body(script)).text.split("\n") if line
    ]
    assert json.loads(last[6:])["error"]["status"] == "UNAVAILABLE"
