"""What stands round a phrase: whether it orders its reader to do something, or speaks of such orders.

"Ignore all previous instructions" is an attack; "models can be made to ignore previous instructions" is none, and
neither is the quoted example in an article on such attacks. The words here decide in doubt for the article: what is
only talked of makes too many warnings where people work on these very things.
"""

import re
from typing import Final

from guardian_ci.policy.scan.phrases import Phrase, listed

_BEFORE: Final = 200
_BEHIND: Final = 80
_SENTENCE: Final = 60
_NEAR: Final = 400
_TOPIC: Final = 20_000
_MARGIN: Final = 12

_SOFT: Final = " \t\r\n*_~`>#|\"'“”‘’«»([{<-–—=/\\•·"
"""What may stand between a phrase and the end of what comes before it."""
_STOPS: Final = ".!?:;,…。！？：；，、)]}>=%&@…"
_OPENING: Final = "\"'`“‘«「『"
_BREAKS: Final = frozenset(_OPENING + "\n>#*|-–—\\")
_ESCAPED: Final = frozenset({"\\n", "\\r", "\\t"})

_LEADS: Final = frozenset(
    listed(
        "please now then so just first instead and also but assistant claude chatgpt gpt copilot gemini codex"
        " cursor ai bot"
        " hey hi hello important urgent attention note warning stop ok okay step finally next immediately additionally"
        " furthermore moreover therefore thus secondly otherwise afterwards actually kindly simply let's task"
    )
)
"""Words after which an order may follow in the same sentence."""
_ADVERBS: Final = frozenset(
    listed(
        "now completely entirely immediately always kindly simply only hereby silently quietly secretly totally"
        " also just"
        " first then therefore henceforth please"
    )
)
_MODALS: Final = frozenset(listed("must should shall will"))
_YOU: Final = frozenset(
    listed("you u you'll assistant assistants ai model agent agents llm llms claude chatgpt copilot")
)
_BIDDING: Final = frozenset(
    listed(
        "want wants need needs ask asked asking order ordered require requires command commanded commanding instruct"
        " instructed instructing urge tell telling like have ought required told directed supposed free authorized"
        " permitted is are you're time"
    )
)
"""What stands before "to", or before "you to", where somebody is told to do something."""
_BARRED: Final = frozenset(
    listed(
        "to can may might could would not never cannot or who which that they we it he she safely will should must"
        " shall did"
        " does do don't doesn't didn't won't shouldn't mustn't can't couldn't wouldn't i attacker attackers users"
        " user one"
        " lets models llms agents tries try attempt attempts attempting trying helps help if when without"
    )
)
"""Words after which none does: the sentence tells of somebody, or of what is possible."""

_TALK: Final = re.compile(
    r"attack|inject|jailbr|malicious|adversar|payload|exploit|\be\.g|for (?:example|instance)|such as|\blike\b|"
    r"\bexamples?\b|\bphrases?\b|detect|classif|\btrick|attempt|\bthreat|poison|\bsay(?:s|ing)?\b|sanitiz|"
    r"\btyp(?:es?|ing)\b|"
    r"\b(?:might|would|could|may) (?:say|read|contain|write|send|type|include)|suspicious|untrusted|red.?team|\bevil\b|"
    r"vulnerab|\bblock|\btry:",
    re.IGNORECASE,
)
"""Words of those who speak of attacks."""
_TOPICS: Final = (
    "prompt injection",
    "prompt-injection",
    "jailbreak",
    "tool poisoning",
    "sql injection",
    "sqli",
    "red team",
    "red-team",
)
_DISPLAYED: Final = re.compile(r"\s{0,8}(?:[>|❌✗✅]|[-*+]\s|\d{1,3}[.)]\s|```|//|#|\"|'|`|\s{4})")
"""How a line begins that shows an example."""
_IN_JSON: Final = re.compile(r"[\"']\s{0,4}:\s{0,4}(?:\[\s{0,4})?[\"']\Z")
_IN_LIST: Final = re.compile(r"[\[(,{]\s{0,40}r?[\"'`]\Z")


def is_worth_a_try(text: str, phrase: Phrase, at: int) -> bool:
    """Whether a pattern that looks far ahead may match here at all."""
    if not phrase.near:
        return True
    if phrase.command and phrase.before is None and not _is_command(text, at):
        return False
    behind = text[at : at + _NEAR].lower()
    return all(any(each in behind for each in needed) for needed in phrase.near)


def begin(text: str, phrase: Phrase, at: int) -> int | None:
    """Return where a phrase begins that has its word here; None where what stands before it says that it is none."""
    if phrase.before is not None:
        before = phrase.before.search(text, max(0, at - phrase.reach), at)
        if before is None:
            return None
        if before.re.groups:
            at = before.start(1)
    return at if not phrase.command or _is_command(text, at) else None


def is_talked_of(text: str, start: int, end: int) -> bool:
    """Whether a phrase is an example in a text about attacks: quoted, and named as what it is."""
    around = text[max(0, start - _BEFORE) : start] + "\n" + text[end : end + _BEHIND]
    line = text[max(text.rfind("\n", 0, start) + 1, start - _BEFORE) : start]
    quoted = _is_quoted(line)
    if quoted and (_TALK.search(around) or (_IN_LIST.search(line[-_MARGIN:]) and text[end : end + 1] in _OPENING)):
        return True
    if not _is_topic(text, start):
        return False
    return quoted or bool(_DISPLAYED.match(line)) or bool(_TALK.search(around))


def _is_quoted(line: str) -> bool:
    """Whether a quotation is open at the end of a line, and is no value of JSON."""
    if any(mark in line[-3:] for mark in _OPENING):
        return not _IN_JSON.search(line[-_MARGIN:])
    for mark in '"`':
        if line.count(mark) % 2:
            return not _IN_JSON.search(line[: line.rfind(mark) + 1][-_MARGIN:])
    return False


def _is_command(text: str, start: int) -> bool:
    """Whether a sentence begins here, or something bids what follows."""
    before = text[max(0, start - _SENTENCE) : start]
    bare = before.rstrip(_SOFT)
    if not bare or bare[-1] in _STOPS:
        return True
    words = bare.lower().replace("’", "'").split()
    while words[-1] in _ADVERBS:
        words.pop()
        if not words or words[-1][-1] in _STOPS:
            return True
    last = words[-1].lstrip(_SOFT)
    if last in _MODALS:
        return words[-2:-1] != [] and words[-2] in _YOU
    if last == "to":
        return _is_bidden(words)
    if last in _BARRED:
        return False
    soft = before[len(bare) :]
    return last in _LEADS or text[start].isupper() or not _BREAKS.isdisjoint(soft) or bare[-2:] in _ESCAPED


def _is_bidden(words: list[str]) -> bool:
    """Whether words that end in "to" tell somebody to do what follows: "I want you to", "you are required to"."""
    if words[-2:-1] == ["you"]:
        return words[-3:-2] != [] and words[-3] in _BIDDING
    return words[-2:-1] != [] and words[-2] in _BIDDING and not _YOU.isdisjoint(words[-5:-2])


def _is_topic(text: str, at: int) -> bool:
    """Whether the text round a place speaks of such attacks, more than once."""
    around = text[max(0, at - _TOPIC) : at + _TOPIC].lower()
    return sum(around.count(each) for each in _TOPICS) > 1
