"""Logs that hold, wherever an agent, a model or a repository can put a text, one that means harm."""

from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from recorded_log import RecordedLog, finding, scope, tool

from guardian_ci.audit.reader import read_log
from guardian_ci.audit.summary import Summary

HOSTILE = [
    *["| a | b |", "\\|x\\|", "`a|b`", "`code` ``x``", "\\`x\\`", "*a* __b__ ~~c~~", "[x](http://evil.example)"],
    *["![x](http://evil.example/x.png)", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<!-- c", "]]>"],
    *["</table></code>", "<details>", "@octocat a@evil.example #1 GH-1", "https://evil.example www.evil.example"],
    *["\n\n# heading\n\n- list\n1. one\n> quote\n    code\n", "```mermaid\npie\n```", "$\\alpha$", "&lt;b&gt; &#64;"],
    *["::error::x", "\n::stop-commands::x\n", "##[add-mask]x", "%0A::error::x", "a,b:c%3A", "\r::debug::x"],
    *["\x1b[31mred\x1b]0;title\x07", "\u202egnp.exe", "\x00\x08\x0b\x7f\x85\u2028", "\ud800", "\ufffe\uffff", "é漢🎉"],
    *["'\"", "", " ", "x" * 5_000, "|" * 700, "`" * 700, "%" * 5_000],
]
ANY_TEXT = st.sampled_from(HOSTILE) | st.text(st.characters(codec=None), max_size=40)


def hostile_summary(folder: Path, text: str, **fields: Any) -> Summary:
    """Return the summary of a log that holds a text wherever an agent, a model or a repository can put one."""
    path = folder / "log.ndjson"
    log = RecordedLog(path).start(policy={"name": text, "file": text}, guardian_version=text)
    found = finding(message=text, reason=text, subject=text, file=text)
    used = tool(name=text, canonical=text, paths=[text, f"{text}2"], verdict="block", reason=text)
    told = {"session_id": text, "model": text, "agent": text, "request_id": text or "-", "path": text} | fields
    names = dict.fromkeys(("agent_session", "subagent", "parent"), text[:128])
    log.call(**told)
    told |= {"attribution": names}
    log.call(tool_calls=[used], findings=[found, found | {"verdict": "warn", "violation": False}], **told)
    log.refused(found | {"violation": False, "throttle": True}, scopes=[scope(scope=text)], **told)
    log.notice(message=text).notice(level="error", message=text + "!")
    return Summary.of(read_log(log.end(direct_connections_unseen=text)))
