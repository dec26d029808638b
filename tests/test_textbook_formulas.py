"""Formulas as the textbook solver reads them."""

from __future__ import annotations

from typing import Any

import pytest
from textbook_cases import near, scenario
from textbook_formulas import formula as read
from textbook_game import Game, Scope, World


def value_of(formula: str, **quantities: float) -> Any:
    data = scenario("""
        players: {a: A}
        state: {order: [calm, unrest], drift: 2 in 0 to 5, armed: true}
        forces: {army: {stock: {west: 3}}}
        timeline: [{move: m, player: a, actions: {go: {}}}]
    """)
    data["quantities"] = {"known to all": dict(quantities)}
    game = Game(data, World(quantities))
    return read(formula)(Scope(game, game.start(), round=4))


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("1 + 2 * 3 ^ 2 - 4 / 8", 18.5),
        ("-2 ^ 2", -4.0),
        ("2 ^ 3 ^ 2", 512.0),
        ("2 ^ -1", 0.5),
        ("8 / 4 / 2 - 1 - 1", -1.0),
        ("30% + .5", 0.8),
        ("(1 + q) * 1e1", 35.0),
        ("min(3, q, 4) + max(q, 2) + clip(9, 0, 1)", 6.0),
        ("exp(log(q)) - sqrt(abs(-4))", 0.5),
        ("logistic(0)", 0.5),
        ("if q > 2 and not q >= 3 then 1 else if q == 9 then 2 else 3", 1.0),
        ("order == calm and order in (calm, unrest) and not order != calm", True),
        ("drift * army.west + army.east", 6.0),
        ("armed or drift > 9", True),
        ("m == none", True),
        ("ever(m == go)", False),
        ("round", 4.0),
    ],
)
def test_a_formula_reads_as_on_paper(formula: str, expected: float) -> None:
    assert value_of(formula, q=2.5) == near(expected)


def test_contest_gives_the_shares_of_unequal_rent_seekers() -> None:
    """Nti (1999), Public Choice 98: with stakes 3 and 1.5 efforts stand 2 to 1, and r = 0.5 gives the first 0.5858."""
    assert value_of("contest(3, 1.5, 0.5)") == near(0.585786437626905)
    assert value_of("contest(2, 1, 1)") == near(2 / 3)
