"""How faults are worded, ordered and cut short."""

from __future__ import annotations

import pytest

from stratagem.errors import MAX_FAULTS, Fault, ScenarioError, described, near, nearest, one_of, quote


def test_faults_stand_in_the_order_of_the_file_and_once() -> None:
    late, early = Fault(2, 1, "b", "c", "L1"), Fault(1, 9, "a", "c", "L2")
    error = ScenarioError("x.yaml", [late, early, late])
    assert str(error) == "x.yaml:1:9: a; c [L2]\nx.yaml:2:1: b; c [L1]"


def test_more_faults_than_help_are_said_to_be_more() -> None:
    error = ScenarioError("x.yaml", [Fault(line, 1, "a", "b", "L1") for line in range(1, 999)])
    assert len(error.faults) == MAX_FAULTS
    assert str(error).endswith("x.yaml: more than 100 faults; put these right first")


@pytest.mark.parametrize(
    ("name", "found"), [("mosow", "moscow"), ("Moscow", "moscow"), ("kyiv", None), ("m" * 500, None)]
)
def test_a_near_miss_is_found(name: str, found: str | None) -> None:
    assert nearest(name, ["moscow", "beijing"]) == found


def test_no_near_miss_is_sought_among_very_many() -> None:
    assert near("n1", [f"n{number}" for number in range(5000)]) == ""
    assert one_of([f"n{number}" for number in range(5000)]) == "5,000 names"


def test_known_names_are_listed_in_order_and_cut() -> None:
    assert one_of(["b", "a"]) == "a, b"
    assert one_of("abcdefgh", limit=3) == "a, b, c and 5 more"
    assert one_of([]) == "nothing"


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("a", "`a`"),
        ("a\x1b[31m\n", "`a\ufffd[31m\ufffd`"),
        ("\u202ex", "`\ufffdx`"),
        ("x" * 100, "`" + "x" * 60 + "…`"),
    ],
)
def test_text_of_the_user_is_quoted_safe_and_short(text: str, quoted: str) -> None:
    assert quote(text) == quoted


@pytest.mark.parametrize(
    ("value", "text"), [(True, "`true`"), (None, "nothing"), ([1], "a list"), ({}, "a mapping"), (3, "`3`")]
)
def test_a_value_is_described(value: object, text: str) -> None:
    assert described(value) == text
