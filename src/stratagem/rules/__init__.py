"""The numbered rules of the language and the model, for `stratagem explain`. The texts are those of the documentation."""

from __future__ import annotations

import re
from importlib import resources

from stratagem.errors import UsageError, one_of, quote

_HEADING = re.compile(r"^## ([LM][0-9]+) (.*)$", re.MULTILINE)


def rules() -> dict[str, tuple[str, str]]:
    """Every rule by its number: title and text."""
    found: dict[str, tuple[str, str]] = {}
    for page in ("language.md", "model.md"):
        text = (resources.files(__name__) / page).read_text("utf-8")
        heads = list(_HEADING.finditer(text))
        for head, following in zip(heads, [*heads[1:], None], strict=True):
            body = text[head.end() : following.start() if following else len(text)]
            found[head.group(1)] = (head.group(2), body.strip())
    return found


def rule(number: str) -> tuple[str, str]:
    """The title and text of a rule. Raises `UsageError` for an unknown number."""
    known = rules()
    if number.upper() not in known:
        raise UsageError(f"no rule {quote(number)}; the rules are {one_of(known, 60)}")
    return known[number.upper()]
