"""anthropic-messages, spoken to the official SDK and refused as Anthropic refuses."""

import anthropic
import httpx
import pytest
from anthropic.types import MessageParam

from guardian_ci.demo.upstream import Bill

TOOLS = (
    'demo-script: [{"thinking": "hm", "text": "Two calls.", "tools": [{"name": "Bash", "input": {"command": "ls"}}, \
{"name": "Read", "input": {"file_path": "a"}}]}, {"text": "Done."}]'
)


def conversation(text: str) -> list[MessageParam]:
    return [{"role": "user", "content": text}]


@pytest.mark.parametrize("streamed", [False, True])
def test_the_sdk_reads_thinking_text_and_tool_calls_and_the_next_step(
    claude: anthropic.Anthropic, bill: Bill, *, streamed: bool
) -> None:
    messages = conversation(TOOLS)
    first = ask(claude, messages, streamed=streamed)
    assert [block.type for block in first.content] == ["thinking", "text", "tool_use", "tool_use"]
    assert first.stop_reason == "tool_use"
    calls = [block for block in first.content if block.type == "tool_use"]
    assert [(call.name, call.input) for call in calls] == [("Bash", {"command": "ls"}), ("Read", {"file_path": "a"})]
    messages.append(first.to_param())
    messages.append(
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "ok"} for call in calls],
        }
    )
    second = ask(claude, messages, streamed=streamed)
    assert [block.text for block in second.content if block.type == "text"] == ["Done."]
    assert second.stop_reason == "end_turn"
    billed = [(line["input_tokens"], line["output_tokens"], line["complete"]) for line in bill.lines]
    assert billed == [(one.usage.input_tokens, one.usage.output_tokens, True) for one in (first, second)]


def ask(
    claude: anthropic.Anthropic, messages: list[MessageParam], *, streamed: bool = False, limit: int = 1000
) -> anthropic.types.Message:
    if not streamed:
        return claude.messages.create(model="claude-opus-5-5", max_tokens=limit, messages=messages)
    with claude.messages.stream(model="claude-opus-5-5", max_tokens=limit, messages=messages) as stream:
        return stream.get_final_message()


@pytest.mark.parametrize("streamed", [False, True])
def test_an_answer_stops_at_max_tokens(claude: anthropic.Anthropic, *, streamed: bool) -> None:
    script = 'demo-script: [{"text": "word", "repeat": 500}]'
    message = ask(claude, conversation(script), streamed=streamed, limit=20)
    assert (message.stop_reason, message.usage.output_tokens) == ("max_tokens", 20)


def test_cached_input_is_written_and_then_read(http: httpx.Client) -> None:
    first = {"type": "text", "text": "x" * 9000, "cache_control": {"type": "ephemeral"}}
    body = {"model": "m", "max_tokens": 10, "messages": [{"role": "user", "content": [first]}]}
    usage = http.post("/v1/messages", json=body).json()["usage"]
    assert (usage["input_tokens"], usage["cache_read_input_tokens"]) == (3, 0)
    assert usage["cache_creation_input_tokens"] > 2000
    body["messages"] += [{"role": "assistant", "content": "a"}, {"role": "user", "content": "next"}]  # type: ignore[operator]
    usage = http.post("/v1/messages", json=body).json()["usage"]
    assert usage["cache_read_input_tokens"] > 2000
    assert 0 < usage["cache_creation_input_tokens"] < 30


def test_tokens_are_counted_without_a_limit(claude: anthropic.Anthropic, bill: Bill) -> None:
    counted = claude.messages.count_tokens(model="claude-opus-5-5", messages=conversation("hello"))
    assert counted.input_tokens > 1
    assert bill.lines == []


CALL = {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "Bash", "input": {}}]}
RESULT = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "ok"}]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"max_tokens": None}, "max_tokens: Field required"),
        ({"max_tokens": -5}, "max_tokens: a number of at least 1"),
        ({"messages": []}, "at least one message"),
        ({"messages": {}}, "messages: a list is required"),
        ({"messages": [{"role": "tool", "content": ""}]}, "messages.0.role"),
        ({"messages": [CALL, {"role": "user", "content": "no result"}]}, "without `tool_result` blocks"),
        ({"messages": [RESULT]}, "unexpected `tool_use_id`"),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, "must be greater than `thinking.budget_tokens`"),
        ({"thinking": {"type": "enabled", "budget_tokens": 5}}, "greater than or equal to 1024"),
        ({"tools": [{"name": "no spaces"}]}, "does not match"),
        ({"model": None}, "model: a text is required"),
    ],
)
def test_what_anthropic_would_not_take_is_refused(http: httpx.Client, change: dict[str, object], message: str) -> None:
    body = {"model": "m", "max_tokens": 10, "messages": [{"role": "user", "content": "hi"}], **change}
    answer = http.post("/v1/messages", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert message in answer.json()["error"]["message"]


def test_a_system_message_between_call_and_result_is_no_break(http: httpx.Client) -> None:
    messages = [{"role": "user", "content": "hi"}, CALL, {"role": "system", "content": "note"}, RESULT]
    assert http.post("/v1/messages", json={"model": "m", "max_tokens": 10, "messages": messages}).status_code == 200


def test_broken_arguments_stream_and_cannot_be_sent_whole(http: httpx.Client) -> None:
    script = 'demo-script: [{"tools": [{"name": "Bash", "input": "{broken"}]}]'
    body = {"model": "m", "max_tokens": 99, "messages": [{"role": "user", "content": script}]}
    assert '"partial_json":"{broken"' in http.post("/v1/messages", json={**body, "stream": True}).text
    assert http.post("/v1/messages", json=body).json()["content"][0]["input"] == {"input": "{broken"}


@pytest.mark.parametrize(
    ("status", "kind"),
    [(402, anthropic.PermissionDeniedError), (429, anthropic.RateLimitError), (529, anthropic.InternalServerError)],
)
def test_errors_are_the_sdks_own(
    claude: anthropic.Anthropic, status: int, kind: type[anthropic.APIStatusError]
) -> None:
    with pytest.raises(anthropic.APIStatusError) as error:
        ask(claude, conversation(f'demo-script: [{{"status": {status}}}]'))
    assert error.value.status_code == status
