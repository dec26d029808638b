"""What rests on what: the sources paragraph by paragraph, and what rests on assumption alone (M14)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from stratagem.scenario.elements import numbers
from stratagem.scenario.model import Claim, Fact, Quantity, Scenario


@dataclass(frozen=True)
class PlaceView:
    """A place of a source: the claims made there, and the numbers taken from there."""

    source: str
    place: str
    claims: tuple[tuple[str, Claim], ...]
    numbers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ProvenanceView:
    """All sources of a scenario, and what has none."""

    title: str
    sources: tuple[tuple[str, str], ...]
    places: tuple[PlaceView, ...]
    assumptions: tuple[tuple[str, str, str], ...]  # element, how written, why
    unstated: tuple[tuple[str, str], ...]
    versions: tuple[tuple[str, str, str, str], ...]  # element, was, now, why


def provenance(scenario: Scenario) -> ProvenanceView:
    """Where every number and claim of a scenario comes from."""
    claims: dict[tuple[str, str], list[tuple[str, Claim]]] = {}
    taken: dict[tuple[str, str], list[tuple[str, str]]] = {}
    assumptions, unstated = [], []
    for name, claim in scenario.claims.items():
        for place in places(claim.at):
            claims.setdefault(place, []).append((name, claim))
    for name, written, origin in numbers(scenario):
        if origin.source is not None:
            for place in places(origin.source):
                taken.setdefault(place, []).append((name, written))
        if origin.assumption is not None:
            assumptions.append((name, written, origin.assumption))
        elif origin.source is None:
            unstated.append((name, written))
    order = sorted({*claims, *taken}, key=lambda place: (list(scenario.sources).index(place[0]), _number(place[1])))
    return ProvenanceView(
        title=scenario.scenario,
        sources=tuple((name, _cited(scenario, name)) for name in scenario.sources),
        places=tuple(PlaceView(*place, tuple(claims.get(place, ())), tuple(taken.get(place, ()))) for place in order),
        assumptions=tuple(assumptions),
        unstated=tuple(unstated),
        versions=tuple(_versions(scenario)),
    )


def places(reference: str) -> Iterator[tuple[str, str]]:
    """The (source, paragraph) pairs of a reference such as `herbst P2, P13; icb`."""
    for part in reference.split(";"):
        source, _, rest = part.strip().partition(" ")
        ranges = re.findall(r"\bP([0-9]{1,5})(?: *[-–] *P?([0-9]{1,5}))?\b", rest)
        if ranges:
            for first, last in ranges:
                yield from ((source, f"P{one}") for one in range(int(first), int(last or first) + 1))
        else:
            yield source, rest.strip()


def _number(place: str) -> tuple[int, str]:
    digits = re.sub(r"\D", "", place)
    return (int(digits) if digits else -1, place)


def _cited(scenario: Scenario, name: str) -> str:
    source = scenario.sources[name]
    parts = (source.author, source.title, source.kind, source.date.text if source.date else None)
    return ", ".join(part for part in parts if part)


def _versions(scenario: Scenario) -> Iterator[tuple[str, str, str, str]]:
    found: list[tuple[str, Quantity | Fact]] = [(name, one) for _, name, one in scenario.known_quantities()]
    found += scenario.facts.items()
    for name, one in found:
        for earlier in one.was:
            was = earlier.is_.text if earlier.is_ else earlier.says or ""
            now = one.is_.text if one.is_ else getattr(one, "says", None) or ""
            yield name, was, now, earlier.because or earlier.source or ""
