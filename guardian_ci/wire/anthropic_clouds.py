"""An Anthropic request as the clouds take it: the model stands in the path, the API's version in the body."""

from collections.abc import Collection, Mapping
from typing import Final

from guardian_ci.wire.json_text import parse_strictly, spliced

BEDROCK_VERSION: Final = "bedrock-2023-05-31"
VERTEX_VERSION: Final = "vertex-2023-10-16"


def changed(body: bytes, *, without: Collection[str], added: Mapping[str, object]) -> bytes:
    """Take members out of a request that is known to be a JSON object and keeps some, and add others.

    All else keeps its bytes.
    """
    root = parse_strictly(body.decode())
    text = spliced(root.text, root.without_members([*without, *added]))
    root = parse_strictly(text)
    return spliced(text, [root.with_member(name, value) for name, value in added.items()]).encode()
