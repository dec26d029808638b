"""What every part of a scenario is made of: strict closed models, names and texts (L2, L4)."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

from stratagem.errors import quote
from stratagem.scenario.formula import stated_fault

RESERVED = frozenset({
    "and", "or", "not", "in", "if", "then", "else", "true", "false", "all", "nobody", "none",
    "rest", "round", "ever",
})  # fmt: skip
MAX_TEXT, MAX_NAME = 2000, 64
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def is_id(name: str) -> bool:
    """Whether a text has the shape of a name."""
    return len(name) <= MAX_NAME and _ID.match(name) is not None


def checked_id(name: str) -> str:
    """The name itself. Raises a stated fault where it is none, or reserved."""
    if not is_id(name):
        raise stated_fault(f"the name {quote(name)}", "a letter or `_`, then letters, digits or `_`, at most 64", "L2")
    if name in RESERVED:
        raise stated_fault(f"the reserved word {quote(name)} as a name", "another name", "L2")
    return name


def _checked_text(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise stated_fault(f"a text of {len(text):,} characters", f"at most {MAX_TEXT:,}", "L1")
    return text


Id = Annotated[str, AfterValidator(checked_id)]
Text = Annotated[str, AfterValidator(_checked_text)]


def _spelling(name: str) -> str:
    return name.rstrip("_").replace("_", " ")


class Part(BaseModel):
    """A part of a scenario: strict, closed, frozen; keys are written with spaces."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, alias_generator=_spelling)


class Sourced(Part):
    """A part that may say where its numbers come from (L4)."""

    source: Text | None = None
    assumption: Text | None = None


def bare(key: str) -> Any:
    """A validator that reads a bare value as `{key: value}`."""

    def wrap(value: Any) -> Any:
        return value if isinstance(value, dict | list) else {key: value}

    return model_validator(mode="before")(wrap)


def bare_estimate(value: Any) -> Any:
    """A bare estimate, or a `{choice: …}`, as `{is: value}`."""
    return value if isinstance(value, dict) and "choice" not in value else {"is": value}
