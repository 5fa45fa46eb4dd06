"""openai-responses, spoken to the official SDK and refused as OpenAI refuses."""

import json

import httpx
import openai
import pytest
from openai.types.responses import ResponseInputParam

from guardian_ci.demo.upstream import Bill

TOOLS = 'demo-script: [{"text": "Calls.", "tools": [{"name": "bash", "input": {"command": "ls"}}, \
{"name": "apply_patch", "input": "*** Begin Patch"}]}, {"text": "Done."}]'


@pytest.mark.parametrize("streamed", [False, True])
def test_the_sdk_reads_an_answer_and_the_next_step(gpt: openai.OpenAI, bill: Bill, *, streamed: bool) -> None:
    items: ResponseInputParam = [{"role": "user", "content": TOOLS}]
    first = ask(gpt, items, streamed=streamed)
    assert [item.type for item in first.output] == ["message", "function_call", "custom_tool_call"]
    calls = [item for item in first.output if item.type in {"function_call", "custom_tool_call"}]
    answered = [
        {"type": f"{item.type}_output", "call_id": getattr(item, "call_id", ""), "output": "ok"} for item in calls
    ]
    items += [item.to_dict() for item in first.output] + answered  # type: ignore[arg-type]
    second = ask(gpt, items, streamed=streamed)
    assert second.output_text == "Done."
    usages = [one.usage for one in (first, second) if one.usage is not None]
    assert [(usage.input_tokens, usage.output_tokens) for usage in usages] == [
        (line["input_tokens"], line["output_tokens"]) for line in bill.lines
    ]


def ask(gpt: openai.OpenAI, items: ResponseInputParam, *, streamed: bool) -> openai.types.responses.Response:
    if not streamed:
        return gpt.responses.create(model="gpt-5.4", input=items)
    with gpt.responses.stream(model="gpt-5.4", input=items) as stream:
        return stream.get_final_response()


def events(text: str) -> list[dict[str, object]]:
    return [json.loads(frame.split("data: ", 1)[1]) for frame in text.split("\n\n") if frame]


def test_events_are_numbered_and_the_last_one_repeats_the_whole(http: httpx.Client) -> None:
    answer = events(http.post("/v1/responses", json={"model": "m", "stream": True, "input": TOOLS}).text)
    assert [event["sequence_number"] for event in answer] == list(range(len(answer)))
    assert [answer[0]["type"], answer[-1]["type"]] == ["response.created", "response.completed"]
    done = [event["item"] for event in answer if event["type"] == "response.output_item.done"]
    assert answer[-1]["response"]["output"] == done  # type: ignore[index]


@pytest.mark.parametrize("streamed", [False, True])
def test_an_answer_at_the_limit_is_incomplete(http: httpx.Client, *, streamed: bool) -> None:
    script = 'demo-script: [{"text": "word", "repeat": 500}]'
    body = {"model": "m", "stream": streamed, "input": script, "max_output_tokens": 20}
    answer = http.post("/v1/responses", json=body)
    response = events(answer.text)[-1]["response"] if streamed else answer.json()
    assert response["status"] == "incomplete"  # type: ignore[index]
    assert response["incomplete_details"] == {"reason": "max_output_tokens"}  # type: ignore[index]
    assert response["usage"]["output_tokens"] == 20  # type: ignore[index]


def call(number: int, kind: str) -> list[dict[str, object]]:
    ident = f"call_demo_0_{number}_x"
    made: dict[str, object] = {"type": kind, "call_id": ident, "name": "a", "arguments": "{}"}
    return [made, {"type": f"{kind}_output", "call_id": ident, "output": ""}]


def test_outputs_between_calls_of_one_answer_do_not_make_it_two(http: httpx.Client) -> None:
    items = [{"role": "user", "content": TOOLS}, *call(0, "function_call"), *call(1, "custom_tool_call")]
    answer = http.post("/v1/responses", json={"model": "m", "input": items}).json()
    assert answer["output"][0]["content"][0]["text"] == "Done."


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"input": None}, "input: a text or a list"),
        ({"input": [{"type": "function_call", "call_id": "c1"}]}, "No tool output found for function call c1"),
        ({"tools": [{"type": "function", "name": ""}]}, "does not match"),
        ({"max_output_tokens": "many"}, "max_output_tokens"),
    ],
)
def test_what_openai_would_not_take_is_refused(http: httpx.Client, change: dict[str, object], message: str) -> None:
    answer = http.post("/v1/responses", json={"model": "m", "input": "hi", **change})
    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]


def test_an_error_in_mid_stream_is_a_failed_response(http: httpx.Client) -> None:
    script = 'demo-script: [{"text": "a long enough text", "chunk": 4, "error": true}]'
    answer = events(http.post("/v1/responses", json={"model": "m", "stream": True, "input": script}).text)
    assert answer[-1]["type"] == "response.failed"
