"""What rests on what: sources by paragraph, assumptions, and what has neither (M14)."""

from __future__ import annotations

import pytest
from crises import scenario

from stratagem.analyse.provenance import places, provenance
from stratagem.catalogue import load, names

CASE = """
as of: 2022-01-06
sources:
  paper: {title: A paper, author: A. Writer, kind: op-ed, date: 2022-01-06, paragraphs: 30}
  data: {title: A data set, kind: dataset}
quantities:
  known to all:
    a: {is: 0.2 to 0.6, source: paper P2}
    b: {is: likely, source: "paper P10, P13; data"}
    c: {is: 0.3, assumption: nobody knows better}
    d: 0.4
    e: {is: 0.5, source: data, was: [{is: 0.7, because: a correction}]}
timeline: [{move: m, player: p, actions: {hold: , go: {payoffs: {p: a + b + c + d + e}}}}]
claims:
  one: {at: paper P2, says: What it says, modelled by: [a]}
  two: {at: paper P3, says: Not used, not modelled: beside the point}
"""


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("paper", [("paper", "")]),
        ("paper P9", [("paper", "P9")]),
        ("paper P2, P13", [("paper", "P2"), ("paper", "P13")]),
        ("paper P2-P4", [("paper", "P2"), ("paper", "P3"), ("paper", "P4")]),
        ("paper P2; data", [("paper", "P2"), ("data", "")]),
        ("data table 3", [("data", "table 3")]),
    ],
)
def test_a_reference_names_its_places(reference: str, expected: list[tuple[str, str]]) -> None:
    assert list(places(reference)) == expected


def test_places_stand_in_the_order_of_the_source() -> None:
    view = provenance(scenario(CASE))
    assert [(one.source, one.place) for one in view.places] == [
        ("paper", "P2"), ("paper", "P3"), ("paper", "P10"), ("paper", "P13"), ("data", ""),
    ]  # fmt: skip


def test_a_place_carries_its_claims_and_its_numbers() -> None:
    first = provenance(scenario(CASE)).places[0]
    assert [name for name, _ in first.claims] == ["one"]
    assert [name for name, _ in first.numbers] == ["a"]


def test_an_assumption_is_listed_with_its_reason() -> None:
    assert ("c", "0.3 (known to all)", "nobody knows better") in provenance(scenario(CASE)).assumptions


def test_what_has_neither_source_nor_reason_is_unstated() -> None:
    assert "d" in [name for name, _ in provenance(scenario(CASE)).unstated]


def test_a_corrected_number_keeps_its_old_value() -> None:
    assert ("e", "0.7", "0.5", "a correction") in provenance(scenario(CASE)).versions


def test_a_source_is_cited_with_what_is_known_of_it() -> None:
    assert dict(provenance(scenario(CASE)).sources) == {
        "paper": "A. Writer, A paper, op-ed, 2022-01-06",
        "data": "A data set, dataset",
    }


@pytest.mark.parametrize("name", names())
def test_every_number_of_the_catalogue_rests_on_a_source_or_an_assumption(name: str) -> None:
    assert provenance(load(name).scenario).unstated == ()
