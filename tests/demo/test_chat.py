"""openai-chat, spoken to the official SDK and refused as OpenAI refuses."""

import httpx
import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from guardian_ci.demo.upstream import Bill

TOOLS = 'demo-script: [{"text": "Two calls.", "tools": [{"name": "bash", "input": {"command": "ls"}}, \
{"name": "read", "input": {"path": "a"}}]}, {"text": "Done."}]'


def test_the_sdk_reads_a_whole_answer_and_the_next_step(gpt: openai.OpenAI, bill: Bill) -> None:
    messages: list[ChatCompletionMessageParam] = [{"role": "user", "content": TOOLS}]
    first = gpt.chat.completions.create(model="gpt-4.1", messages=messages)
    calls = first.choices[0].message.tool_calls or []
    assert [(call.function.name, call.function.arguments) for call in calls if call.type == "function"] == [
        ("bash", '{"command": "ls"}'),
        ("read", '{"path": "a"}'),
    ]
    assert first.choices[0].finish_reason == "tool_calls"
    messages.append(first.choices[0].message.to_dict())  # type: ignore[arg-type]
    messages += [{"role": "tool", "tool_call_id": call.id, "content": "ok"} for call in calls]
    second = gpt.chat.completions.create(model="gpt-4.1", messages=messages)
    assert (second.choices[0].message.content, second.choices[0].finish_reason) == ("Done.", "stop")
    usages = [one.usage for one in (first, second) if one.usage is not None]
    assert [(usage.prompt_tokens, usage.completion_tokens) for usage in usages] == [
        (line["input_tokens"], line["output_tokens"]) for line in bill.lines
    ]


def test_the_sdk_reads_a_stream(gpt: openai.OpenAI) -> None:
    with gpt.chat.completions.stream(
        model="gpt-4.1", messages=[{"role": "user", "content": TOOLS}], stream_options={"include_usage": True}
    ) as stream:
        answer = stream.get_final_completion()
    assert answer.choices[0].message.content == "Two calls."
    assert [call.function.name for call in answer.choices[0].message.tool_calls or []] == ["bash", "read"]
    assert answer.usage is not None
    assert answer.usage.completion_tokens > 10


def test_a_stream_tells_its_usage_only_when_asked(http: httpx.Client) -> None:
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    assert '"usage"' not in http.post("/v1/chat/completions", json=body).text
    body["stream_options"] = {"include_usage": True}
    frames = http.post("/v1/chat/completions", json=body).text.split("\n\n")
    assert frames[-2:] == ["data: [DONE]", ""]
    assert '"choices":[],"usage":{"prompt_tokens":' in frames[-3]
    assert all('"usage":null' in frame for frame in frames[:-3])


def test_every_choice_is_answered_and_billed(http: httpx.Client, bill: Bill) -> None:
    body = {"model": "m", "n": 3, "messages": [{"role": "user", "content": "hi"}]}
    answer = http.post("/v1/chat/completions", json=body).json()
    assert [choice["index"] for choice in answer["choices"]] == [0, 1, 2]
    assert answer["usage"]["completion_tokens"] == bill.lines[0]["output_tokens"]


@pytest.mark.parametrize("key", ["max_tokens", "max_completion_tokens"])
def test_an_answer_stops_at_either_limit(http: httpx.Client, key: str) -> None:
    messages = [{"role": "user", "content": 'demo-script: [{"text": "word", "repeat": 500}]'}]
    answer = http.post("/v1/chat/completions", json={"model": "m", "messages": messages, key: 20}).json()
    assert (answer["choices"][0]["finish_reason"], answer["usage"]["completion_tokens"]) == ("length", 20)


CALL = {
    "role": "assistant",
    "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "a", "arguments": ""}}],
}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "ok"}
USER = {"role": "user", "content": "hi"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"messages": []}, "at least one message"),
        ({"messages": [CALL, USER]}, "did not have response messages"),
        ({"messages": [CALL]}, "did not have response messages"),
        ({"messages": [RESULT]}, "must follow a message with its 'tool_calls'"),
        ({"n": 99}, "at most 8"),
        ({"tools": [{"type": "function", "function": {"name": "x" * 65}}]}, "does not match"),
    ],
)
def test_what_openai_would_not_take_is_refused(http: httpx.Client, change: dict[str, object], message: str) -> None:
    answer = http.post("/v1/chat/completions", json={"model": "m", "messages": [USER], **change})
    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]


def test_errors_are_the_sdks_own(gpt: openai.OpenAI) -> None:
    script = 'demo-script: [{"status": 429, "headers": {"retry-after": "7"}}]'
    with pytest.raises(openai.RateLimitError) as error:
        gpt.chat.completions.create(model="gpt-4.1", messages=[{"role": "user", "content": script}])
    assert error.value.response.headers["retry-after"] == "7"
