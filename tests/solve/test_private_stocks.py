"""Stocks that only some can count: they stand as chance decides, and those who do not know guess (M3, M6)."""

from __future__ import annotations

import numpy as np
import pytest
from crises import answer, behaviour_at, game, solved
from scipy import special

from stratagem.errors import UsageError

WAR = """
    players: {p: {name: P, precision: 2}, o: {name: O, precision: 3}}
    HEADS
    timeline:
      START
      - {move: mass, player: p, actions: {hold: , mass: {payoffs: {p: -0.1}}}}
      - {move: reply, player: o, actions: {yield: {payoffs: {p: 1, o: -0.5}}, stand: {payoffs: {p: -0.2}}}}
      - {chance: war, if: reply == stand and mass == mass, outcomes: {win: {probability: 'contest(FORCE, 2, 1)', payoffs: {p: 1, o: -1}}, lose: {probability: rest, payoffs: {p: -1, o: 0.5}}}}
    questions: {win: {title: Win?, event: war == win}, mass: {title: Mass?, event: mass == mass}, strong: {title: Strong?, event: FORCE > 2}}
"""
FORCES = "theatres: {w: W, e: E}\n    forces: {army: {title: Army, stock: {STOCK}}}\n    quantities: {KNOWN}"
KINDS = "{a: 0.2, b: 0.5, c: rest}"


def secret(stock: str = "w: q", known: str = "known to p: {q: {choice: {1: 0.2, 2: 0.5, 5: 0.3}}}") -> str:
    heads = FORCES.replace("STOCK", stock).replace("KNOWN", known)
    return WAR.replace("HEADS", heads).replace("START", "").replace("FORCE", "army.w")


def test_a_stock_that_its_owner_alone_can_count_is_a_chance_move_that_only_he_sees() -> None:
    force = "(if kind == a then 1 else if kind == b then 2 else 5)"
    written = WAR.replace("HEADS", "").replace("START", f"- {{chance: kind, outcomes: {KINDS}, seen by: p}}")
    explicit = solved(written.replace("FORCE", force), worlds=1)
    found = solved(secret(), worlds=1)
    for question in ("win", "mass", "strong"):
        assert answer(found, question) == pytest.approx(answer(explicit, question), abs=1e-10)


def test_a_stock_may_read_several_numbers_and_those_of_the_world() -> None:
    known = "known to all: {a: 1 to 2}, known to p: {q: {choice: {1: 0.4, 2: 0.6}}}, known to nobody: {r: {choice: {0: 0.5, 3: 0.5}}}"
    solution = solved(secret("w: a + q + r, e: q", known), worlds=5)
    a = solution.quantities["a"]
    expected = 0.2 * (a + 1 > 2) + 0.3 * (a + 2 > 2) + 0.5
    assert answer(solution, "strong") == pytest.approx(expected, abs=1e-12)
    assert game(secret("w: a + q + r, e: q", known)).facts == ("q", "r")


SEND = """
    players: {p: {name: P, precision: 2}, o: {name: O, precision: 3}}
    theatres: {w: W, e: E}
    forces: {army: {title: Army, stock: {w: q}}}
    quantities: {known to WHO: {q: {choice: {1: 0.4, 3: 0.6}}}}
    timeline:
      - {move: send, player: p, actions: {keep: , two: {shift: {army: 2 from w to e}, payoffs: {p: 0.3}}}}
      - {move: guess, player: o, actions: {weak: , strong: {payoffs: {o: if army.w + army.e > 2 then 1 else -1}}}}
    questions: {two: {title: Two?, event: send == two}}
"""


def test_what_only_the_strong_can_do_tells_that_one_is_strong() -> None:
    solution = solved(SEND.replace("WHO", "p"), worlds=1)
    sends = special.expit(0.6)
    assert answer(solution, "two") == pytest.approx(0.6 * sends, abs=1e-12)
    weak, strong = 0.4, 0.6 * (1 - sends)
    assert behaviour_at(solution, "guess", send="two")["strong"] == pytest.approx(special.expit(3.0), abs=1e-9)
    expected = special.expit(3 * (strong - weak) / (strong + weak))
    assert behaviour_at(solution, "guess", send="keep")["strong"] == pytest.approx(expected, abs=1e-9)


def test_one_who_cannot_count_a_stock_cannot_send_what_may_not_be_there() -> None:
    with pytest.raises(
        UsageError, match=r"`p` cannot tell `q = low` from `q = high`, yet what can be done differs \[M1\]"
    ):
        game(SEND.replace("WHO", "o"))
    assert answer(solved(SEND.replace("WHO", "o").replace("1: 0.4", "2: 0.4"), worlds=1), "two") == pytest.approx(
        special.expit(0.6)
    )


def test_a_stock_below_zero_for_a_type_is_refused() -> None:
    with pytest.raises(UsageError, match=r"`army.w` starts at -1, below zero \[M3\]"):
        game(SEND.replace("WHO", "p").replace("w: q", "w: q - 2"))


def test_a_secret_stock_in_many_worlds_is_solved_in_each() -> None:
    solution = solved(
        secret("w: a * q", "known to all: {a: 1 to 2}, known to p: {q: {is: 1 to 4, types: 3}}"), worlds=20
    )
    assert solution.is_solved.all()
    assert np.ptp(answer(solution, "win")) > 0.01
