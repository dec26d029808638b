"""Sources, the numbers and facts that come from them, the ledger of claims, and what moves are said to show (L4, L5, L23, L25)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from stratagem.scenario.dates import Date
from stratagem.scenario.estimate import Estimate
from stratagem.scenario.formula import stated_fault
from stratagem.scenario.part import Id, Part, Sourced, Text, bare, bare_estimate


class Erratum(Part):
    """A correction that a source made."""

    date: Date
    paragraph: Text | None = None
    was: Text
    now: Text


class Source(Part):
    """A document that numbers and claims come from (L4)."""

    _bare = bare("title")
    title: Text
    author: Text | None = None
    date: Date | None = None
    kind: Literal["op-ed", "article", "book", "report", "dataset", "news", "statement", "judgement"] | None = None
    url: Text | None = None
    reliability: Text | None = None
    note: Text | None = None
    paragraphs: Annotated[int, Field(ge=0, le=10_000)] | None = None
    errata: list[Erratum] = []


class Version(Part):
    """An earlier version of a number or fact."""

    is_: Estimate | None = None
    says: Text | None = None
    source: Text | None = None
    as_of: Date | None = None
    because: Text | None = None


class Quantity(Sourced):
    """A number that the analyst is unsure of (L5)."""

    _bare = model_validator(mode="before")(bare_estimate)
    is_: Estimate
    title: Text | None = None
    unit: Text | None = None
    types: Annotated[int, Field(ge=2, le=99)] | None = None
    as_of: Date | None = None
    was: list[Version] = []


class Judgement(Sourced):
    """A probability from outside the model: a base rate, a crowd (L21)."""

    _bare = model_validator(mode="before")(bare_estimate)
    is_: Estimate
    title: Text | None = None
    as_of: Date | None = None


class Fact(Sourced):
    """A fact with versions that no formula reads (L23)."""

    _bare = bare("says")
    says: Text | None = None
    is_: Estimate | None = None
    as_of: Date | None = None
    was: list[Version] = []


class Revealed(Sourced):
    """A statement that a move is said to show (L25)."""

    title: Text | None = None
    at: Text
    by: Id | None = None
    taken: Id | None = None
    instead_of: Id | None = None
    says: Text
    rivals: dict[Id, Annotated[dict[Id, Quantity], Field(min_length=1)]] = {}
    attribution: Judgement | None = None


class Claim(Part):
    """A sentence of a source, paraphrased, and what became of it (L23)."""

    at: Text
    says: Text
    kind: Text | None = None
    modelled_by: list[Text] | None = None
    context: Text | None = None
    not_modelled: Text | None = None

    @model_validator(mode="after")
    def _one_fate(self) -> Claim:
        if sum(fate is not None for fate in (self.modelled_by, self.context, self.not_modelled)) != 1:
            raise stated_fault(
                "a claim without one fate", "exactly one of `modelled by`, `context`, `not modelled`", "L23"
            )
        return self
