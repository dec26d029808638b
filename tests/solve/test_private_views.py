"""Perceptions of numbers that not all know: own odds for those who do not know them, own readings for those who do (M6, M8).

Each is held against the same game with its chance move written out, whose odds and payoffs are then numbers that all know and some perceive.
"""

from __future__ import annotations

import numpy as np
import pytest
from crises import answer, behaviour_at, filled, game, play, solved
from scipy import special

from stratagem.analyse.beliefs import beliefs
from stratagem.errors import NotSolvedError
from stratagem.solve.solution import Solution

SIGNAL = """
    players: {p: {name: P, precision: 2}, o: {name: O, precision: 3}}
    quantities: {QUANTITIES}
    perceptions: {VIEWS}
    timeline:
      CHANCE
      - {move: threat, player: p, actions: {quiet: , loud: {payoffs: {p: '0.3 * THIS - 0.3'}}}}
      - {move: reply, player: o, actions: {yield: {payoffs: {p: 1, o: -0.3}}, stand: }}
      - {move: act, player: p, if: reply == stand, actions: {back: {payoffs: {p: -0.3}}, fight: {payoffs: {p: 'THIS - 1', o: 'LOSS'}}}}
      - {chance: end, if: act == fight, outcomes: {won: {probability: ODDS, payoffs: {p: 0.4, o: -0.4}}, lost: {probability: rest, payoffs: {p: -0.4}}}}
    questions:
      war: {title: War?, event: act == fight}
      loud: {title: Loud?, event: threat == loud}
      yield: {title: Yield?, event: reply == yield}
"""


def signal(
    quantities: str, views: str, q: str = "q", chance: str = "", loss: str | None = None, odds: str = "0.5"
) -> Solution:
    text = filled(
        SIGNAL, QUANTITIES=quantities, VIEWS=views, CHANCE=chance, LOSS=loss or f"0.5 - {q}", ODDS=odds, THIS=q
    )
    return solved(text, worlds=5)


def assert_same(one: Solution, other: Solution) -> None:
    for question in ("war", "loud", "yield"):
        assert answer(one, question) == pytest.approx(answer(other, question), abs=1e-10)
    for column in ("believed", "true"):
        assert getattr(one, column) == pytest.approx(getattr(other, column), abs=1e-10)


def kinds(*odds: str, seen: str = "p") -> str:
    outcomes = ", ".join(f"{name}: {{probability: '{one}'}}" for name, one in zip("abcd", odds, strict=False))
    return f"- {{chance: kind, seen by: {seen}, outcomes: {{{outcomes}}}}}"


def by_kind(*values: str) -> str:
    *first, last = values
    return (
        "("
        + "".join(f"if kind == {kind} then {value} else " for kind, value in zip("abcd", first, strict=False))
        + f"{last})"
    )


TRUE = "known to p: {q: {choice: {0.4: 0.7, 1.6: 0.3}}}"


def test_one_who_does_not_know_has_his_own_odds() -> None:
    found = signal(TRUE, "o: {q: {choice: {0.4: 0.2, 1.6: 0.8}}}")
    written = signal("known to all: {k: 0.7}", "o: {k: 0.2}", by_kind("0.4", "1.6"), kinds("k", "1 - k"))
    assert_same(found, written)
    assert answer(found, "yield") != pytest.approx(answer(signal(TRUE, ""), "yield"), abs=0.01)


def test_he_may_hold_other_values_to_be_possible() -> None:
    found = signal(TRUE, "o: {q: {choice: {0.4: 0.5, 1: 0.25, 2: 0.25}}}")
    written = signal(
        "known to all: {k: 0.7, l: 0.3, m: 0, n: 0}",
        "o: {k: 0.5, l: 0, m: 0.25, n: 0.25}",
        by_kind("0.4", "1.6", "1", "2"),
        kinds("k", "l", "m", "n"),
    )
    assert_same(found, written)


@pytest.mark.parametrize(("world", "view", "value"), [("", "1.2", "1.2"), (", a: 0.8 to 1.6", "a + 0.1", "(a + 0.1)")])
def test_he_may_be_sure_of_it_as_of_a_number_of_the_world(world: str, view: str, value: str) -> None:
    found = signal(f"{TRUE}, known to all: {{b: 0{world}}}", f"o: {{q: {view}}}")
    written = signal(
        f"known to all: {{k: 0.7, l: 0.3, m: 0{world}}}",
        "o: {k: 0, l: 0, m: 1}",
        by_kind("0.4", "1.6", value),
        kinds("k", "l", "m"),
    )
    assert_same(found, written)


def test_his_view_may_lean_from_the_true_number() -> None:
    """He holds the number to be drawn as it is and then raised: the types that he has in mind know the raised one."""
    found = signal(f"{TRUE}, known to all: {{a: 0.2 to 0.6}}", "o: {q: q + a}")
    written = signal(
        "known to all: {k: 0.7, l: 0.3, m: 0, n: 0, a: 0.2 to 0.6}",
        "o: {k: 0, l: 0, m: 0.7, n: 0.3}",
        by_kind("0.4", "1.6", "(0.4 + a)", "(1.6 + a)"),
        kinds("k", "l", "m", "n"),
    )
    assert_same(found, written)


def test_one_who_knows_may_read_what_he_sees_otherwise() -> None:
    """P sees the type and holds it to be worth more; O knows that he does, and counts with the true number."""
    found = signal(TRUE, "p: {q: q + 0.3}")
    written = signal(
        "known to all: {k: 0.7, x: 0.4, y: 1.6}", "p: {x: 0.7, y: 1.9}", by_kind("x", "y"), kinds("k", "1 - k")
    )
    assert_same(found, written)


def test_both_may_hold_it_to_be_other_than_it_is() -> None:
    found = signal(TRUE, "p: {q: 1.5 * q}, o: {q: {choice: {0.4: 0.2, 1.6: 0.8}}}")
    written = signal(
        "known to all: {k: 0.7, x: 0.4, y: 1.6}",
        "{p: {x: 0.6, y: 2.4}, o: {k: 0.2}}"[1:-1],
        by_kind("x", "y"),
        kinds("k", "1 - k"),
    )
    assert_same(found, written)


def test_a_view_of_what_all_know_may_turn_on_what_only_its_holder_knows() -> None:
    """How optimistic P is about the odds of war only he knows."""
    found = signal(
        "known to all: {win: 0.3 to 0.5}, known to p: {hope: {choice: {0.1: 0.7, 0.4: 0.3}}}",
        "p: {win: 'clip(win + hope, 0, 1)'}", "1", odds="win",
    )  # fmt: skip
    written = signal(
        "known to all: {k: 0.7, x: 0.3 to 0.5, y: 0.3 to 0.5, win: 0.3 to 0.5}",
        "p: {x: 'clip(win + 0.1, 0, 1)', y: 'clip(win + 0.4, 0, 1)'}, o: {x: win, y: win}",
        "1", kinds("k", "1 - k"), odds=by_kind("x", "y"),
    )  # fmt: skip
    for question in ("war", "loud", "yield"):
        assert answer(found, question) == pytest.approx(answer(written, question), abs=1e-10)
    assert found.believed == pytest.approx(written.believed, abs=1e-10)


def test_a_number_that_nobody_knows_has_odds_for_each() -> None:
    known = "known to nobody: {q: {choice: {0.4: 0.7, 1.6: 0.3}}}"
    views = "p: {q: {choice: {0.4: 0.4, 1.6: 0.6}}}, o: {q: {choice: {0.4: 0.9, 1.6: 0.1}}}"
    found = signal(known, views, loss="0.5 - q * q")
    loss = f"0.5 - {by_kind('0.4', '1.6')}^2"
    written = signal(
        "known to all: {k: 0.7}",
        "p: {k: 0.4}, o: {k: 0.9}",
        by_kind("0.4", "1.6"),
        kinds("k", "1 - k", seen="nobody"),
        loss,
    )
    assert_same(found, written)


def test_where_a_mean_is_exact_a_view_counts_by_its_mean() -> None:
    text = """
        players: {p: {name: P, precision: 2}}
        quantities: {known to nobody: {q: uniform 0 to 1}}
        perceptions: {p: {q: VIEW}}
        timeline: [{move: m, player: p, actions: {hold: , go: {payoffs: {p: q}}}}]
        questions: {go: {title: Go?, event: m == go}}
    """
    assert answer(solved(text.replace("VIEW", "uniform 1 to 2"), worlds=3), "go") == pytest.approx(special.expit(3.0))
    with_risk = text.replace("precision: 2", "precision: 2, risk aversion: 1").replace(
        "VIEW", "{choice: {1: 0.5, 2: 0.5}}"
    )
    equivalent = -np.log((np.exp(-1) + np.exp(-2)) / 2)
    assert answer(solved(with_risk, worlds=3), "go") == pytest.approx(special.expit(2 * equivalent), abs=1e-9)


GUESS = """
    players: {p: {name: P, precision: 2}, o: {name: O, precision: 3}}
    quantities:
      known to all: {a: normal -1 to 1}
      known to p: {q: {is: normal -1 to 1, types: 2}, r: {is: normal -1 to 1, types: 2}}
    correlations: [{between: [a, q], rank: 0.6}, {between: [q, r], rank: 0.5}]
    perceptions: {o: {q: VIEW}}
    timeline:
      - {move: guess, player: o, actions: {low: , high: {payoffs: {o: q}}}}
      - {move: tell, player: o, actions: {no: , yes: {payoffs: {o: r}}}}
      - {move: last, player: p, actions: {x: {payoffs: {p: q}}, y: }}
"""


@pytest.mark.parametrize("view", ["normal 1 to 3", "{choice: {1: 0.5, 3: 0.5}}", "q + 2"])
def test_what_he_holds_it_to_be_hangs_together_with_the_rest_by_rank(view: str) -> None:
    solution = solved(GUESS.replace("VIEW", view), worlds=5)
    rho = 2 * np.sin(np.pi * 0.6 / 6)
    z = solution.quantities["a"] * special.ndtri(0.95)
    high = special.ndtr(rho * z / np.sqrt(1 - rho**2))
    away = 1.0 if "choice" in view else special.ndtri(0.75) / special.ndtri(0.95)
    assert play(solution, "guess", "high") == pytest.approx(special.expit(3 * (2 + away * (2 * high - 1))), abs=1e-9)
    plain = solved(GUESS.replace("perceptions: {o: {q: VIEW}}", ""), worlds=5)
    assert play(solution, "tell", "yes") == pytest.approx(play(plain, "tell", "yes"), abs=1e-9)


def test_with_perceptions_off_all_have_the_true_odds() -> None:
    text = GUESS.replace("VIEW", "normal 1 to 3")
    plain = solved(GUESS.replace("perceptions: {o: {q: VIEW}}", ""), worlds=5)
    off = solved(text, worlds=5, perceptions=False)
    assert play(off, "guess", "high") == pytest.approx(play(plain, "guess", "high"), abs=1e-10)


REFUSED = {
    "p: {q: 0.2 to 0.4}": r"`p` knows `q`, and has an estimate of it",
    "o: {a: a + q}": r"`q`, which `o` does not know, is read by a perception of his",
    "p: {r: q + r}": r"`q`, which not all know, is read by a perception of `p` about `r`, which cannot turn on it",
}


@pytest.mark.parametrize("views", REFUSED)
def test_views_that_mean_nothing_are_refused_at_their_place(views: str) -> None:
    text = (
        GUESS.replace("o: {q: VIEW}", views)
        .replace("known to p: {q", "known to o: {r")
        .replace(", r: {is", "}\n      known to p: {q: {is")
    )
    with pytest.raises(NotSolvedError, match=r"scenario:9:\d+: " + REFUSED[views]):
        game(text)
    solved(text, worlds=2, taken_as_known=True)


def test_numbers_of_types_are_none_of_the_file() -> None:
    assert set(solved(GUESS.replace("VIEW", "q + 2"), worlds=2).quantities) == {"a", "p.precision", "o.precision"}


def test_beliefs_are_by_the_odds_of_who_holds_them() -> None:
    solution = signal(TRUE, "o: {q: {choice: {0.4: 0.2, 1.6: 0.8}}}")
    (told,) = [
        one
        for one in beliefs(solution)
        if one.player == "o" and one.hidden == "q" and (one.value, one.look) == ("high", "loud")
    ]
    low, high = (behaviour_at(solution, "threat", q=name)["loud"][0] for name in ("low", "high"))
    assert told.before.mean == pytest.approx(0.8, abs=1e-9)
    assert told.after.mean == pytest.approx(0.8 * high / (0.8 * high + 0.2 * low), abs=1e-9)
