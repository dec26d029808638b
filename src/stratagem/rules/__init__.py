"""The rules that messages cite, for `stratagem explain`. The texts are those of the documentation."""

from __future__ import annotations

import re
from importlib import resources

from stratagem.errors import UsageError, one_of, quote

PAGES = ("language.md", "model.md", "fitting.md", "efg.md")
_SECTION = re.compile(r"^## (?:([LMF][0-9]+|efg) )?(.*)$", re.MULTILINE)


def rules() -> dict[str, tuple[str, str]]:
    """Every rule by its number, those of game files by `efg`: title and text."""
    found: dict[str, tuple[str, str]] = {}
    for page in PAGES:
        text = (resources.files(__name__) / page).read_text("utf-8")
        heads = list(_SECTION.finditer(text))
        for head, following in zip(heads, [*heads[1:], None], strict=True):
            if head.group(1):
                body = text[head.end() : following.start() if following else len(text)]
                found[head.group(1)] = (head.group(2), body.strip())
    return found


def rule(number: str) -> tuple[str, str, str]:
    """A rule as it is cited, its title and its text. Raises `UsageError` for an unknown number."""
    for name, (title, text) in rules().items():
        if name.casefold() == number.casefold():
            return name, title, text
    raise UsageError(f"no rule {quote(number)}; the rules are {one_of(rules(), 60)}")
