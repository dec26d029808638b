"""What a move shows of who made it: closed forms, rival assumptions, attribution, precision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import exp
from typing import Any

import numpy as np
import pytest
from crises import text_of

from stratagem.analyse.infer import infer
from stratagem.analyse.revealed import Row, Trial, Verdict, judge, revealed, revealed_table
from stratagem.analyse.study import Study
from stratagem.catalogue import Case, load
from stratagem.errors import NotSolvedError
from stratagem.graph.worlds import Worlds
from stratagem.solve.solve import Chunk, Solver

ROUNDING = 1e-9

# Two types; intervening adds w through K and gives up `loss` (1 - w) through the rival.
TYPES = """
players:
  p: {name: P, precision: 2, weights: {k: w, rival: 1 - w}}
stakes: {k: Standing in theatre K, rival: Accommodation}
quantities: {known to all: {w: "one of 0.3, 0.7", loss: 0.6}}
timeline:
  - {move: act, player: p, actions: {intervene: {gains: {k: 1, rival: -loss}}, abstain: }}
  - {move: later, player: p, actions: {yes: , no: }}
history: [act = intervene]
revealed:
  first: {at: act, by: p, says: k > rival, rivals: {did_not_mind: {loss: 0}, minded_more: {loss: 0.9}}}
questions: {later: {title: Later?, event: later == yes}}
"""


def logistic(x: float) -> float:
    return 1 / (1 + exp(-x))


def tried(text: str, worlds: int = 2048, **options: object) -> dict[tuple[str, str], Verdict]:
    one = Study(Case("crisis", "crisis.yaml", text_of(text)), worlds=worlds, **options)  # type: ignore[arg-type]
    rows: list[Row] = [row for found in revealed(one) for row in found.rows]
    return {(row.assumption, row.precision): row.verdict for row in rows if row.verdict is not None}


def factor(high: float, low: float) -> float:
    """The Bayes factor of two equal types, one of which the statement is true of."""
    return high / low


def test_two_types_at_one_move() -> None:
    """Likelihoods 0.7388500060842489 and 0.44028635073280703; posterior 0.6266026840854014; factor 1.678112448533815."""
    found = tried(TYPES)["as stated", "as stated"]
    assert found.prior == pytest.approx(0.5, abs=ROUNDING)
    assert found.posterior == pytest.approx(0.6266026840854014, abs=ROUNDING)
    assert found.factor == pytest.approx(1.678112448533815, abs=ROUNDING)
    assert found.odds == pytest.approx(1.678112448533815, abs=ROUNDING)


def test_at_low_and_high_precision_the_same_gap_says_less_and_more() -> None:
    """Half and twice an exact precision: 1 and 4."""
    found = tried(TYPES)
    for level, precision in (("low", 1), ("high", 4)):
        expected = factor(logistic(precision * 0.52), logistic(precision * -0.12))
        assert found["as stated", level].factor == pytest.approx(expected, abs=ROUNDING)


def test_the_levels_of_an_uncertain_precision_are_its_5_and_95_percent_points() -> None:
    found = tried(TYPES.replace("precision: 2", "precision: uniform 1 to 3"))
    assert found["as stated", "low"].factor == pytest.approx(
        factor(logistic(1.1 * 0.52), logistic(-1.1 * 0.12)), abs=2e-3
    )
    assert found["as stated", "high"].factor == pytest.approx(
        factor(logistic(2.9 * 0.52), logistic(-2.9 * 0.12)), abs=2e-3
    )


def test_where_the_rival_did_not_mind_the_move_shows_nothing() -> None:
    found = tried(TYPES)["did_not_mind", "as stated"]
    assert found.prior == pytest.approx(1, abs=ROUNDING)
    assert found.posterior == pytest.approx(1, abs=ROUNDING)
    assert found.is_trivial
    assert found.at_stake == 0
    text = " ".join(infer(Study(Case("crisis", "crisis.yaml", text_of(TYPES)), worlds=512)).judgements)
    assert "another answer under: did_not_mind" in text


def test_a_rival_assumption_changes_both_the_likelihood_and_what_is_at_stake() -> None:
    """At a loss of 0.9 intervening is worth 0.43 to one type and -0.33 to the other."""
    found = tried(TYPES)["minded_more", "as stated"]
    assert found.factor == pytest.approx(factor(logistic(2 * 0.43), logistic(2 * -0.33)), abs=ROUNDING)
    assert found.at_stake == pytest.approx(0.45, abs=ROUNDING)


def test_a_doubted_attribution_draws_the_answer_back_to_where_it_was() -> None:
    """With probability 1 - a the move says nothing: posterior a x posterior + (1 - a) x prior."""
    found = tried(TYPES.replace("says: k > rival,", "says: k > rival, attribution: 80%,"))["as stated", "as stated"]
    assert found.posterior == pytest.approx(0.8 * 0.6266026840854014 + 0.2 * 0.5, abs=ROUNDING)
    assert found.factor == pytest.approx(found.posterior / (1 - found.posterior), abs=ROUNDING)


def test_a_move_that_is_surely_another_s_says_nothing() -> None:
    found = tried(TYPES.replace("says: k > rival,", "says: k > rival, attribution: 0,"))["as stated", "as stated"]
    assert found.factor == pytest.approx(1, abs=ROUNDING)
    assert found.is_uninformative


def test_a_move_that_does_not_turn_on_it_is_uninformative() -> None:
    text = TYPES.replace("at: act, by: p, says: k > rival", "at: later, taken: yes, says: w > 0.5")
    found = tried(text)["as stated", "as stated"]
    assert found.factor == pytest.approx(1, abs=ROUNDING)
    assert found.is_uninformative


def test_numbers_can_be_compared_and_weights_too() -> None:
    for says in ("w > 0.5", "p.weights.k > p.weights.rival", "0.5 > p.weights.rival"):
        found = tried(TYPES.replace("says: k > rival", f"says: {says}"))["as stated", "as stated"]
        assert found.factor == pytest.approx(1.678112448533815, abs=ROUNDING)


SECRET = """
quantities: {known to p: {resolve: "one of 0.2, 0.8"}, known to all: {cost: 0.2 to 0.5}}
timeline:
  - {move: act, player: p, actions: {intervene: {payoffs: {p: resolve - cost}}, abstain: }}
  - {move: later, player: o, actions: {yes: {payoffs: {o: resolve}}, no: }}
history: [act = intervene]
revealed:
  shown: {at: act, says: SAYS}
"""


@pytest.mark.parametrize(
    ("says", "place", "what"),
    [
        ("resolve > 0.5", "10:3", "`resolve` in a statement"),
        ("cost > resolve", "10:3", "`resolve` in a statement"),
        ("cost > 0.3, rivals: {bold: {resolve: 0.9}}", "10:54", "`resolve` in a rival assumption"),
    ],
)
def test_a_statement_on_a_number_that_only_some_know_is_refused_for_that_reason(
    says: str, place: str, what: str
) -> None:
    text = SECRET.replace("SAYS", says)
    with pytest.raises(NotSolvedError, match=rf"crisis.yaml:{place}: {what} turns on what not all know.*\[L24"):
        tried(text, worlds=20)
    assert tried(text, worlds=20, taken_as_known=True)


def test_outcomes_are_compared_by_what_they_are_worth_to_the_mover() -> None:
    """Going on to win is worth w - 0.2, to lose -0.5 (1 - w): winning is the better in every world; a draw only where w > 0.4."""
    text = """
    players: {p: {name: P, precision: 1, weights: {k: w, c: 1 - w}}}
    stakes: {k: K, c: C}
    quantities: {known to all: {w: "uniform 0 to 1"}}
    timeline:
      - {move: act, player: p, actions: {go: , stay: {end: draw, gains: {k: 0.4, c: -0.2}}}}
      - {chance: luck, outcomes: {good: {probability: 0.5, end: win, gains: {k: 1, c: -0.6}}, bad: {probability: rest, end: loss, gains: {c: -0.5}}}}
    history: [act = go]
    revealed: {one: {at: act, says: win > draw}}
    """
    found = tried(text)["as stated", "as stated"]
    assert found.prior == pytest.approx(0.6, abs=1e-3)  # w - 0.6 (1 - w) > 0.4 w - 0.2 (1 - w)


def test_the_road_not_taken_is_the_mover_s_next_best_unless_stated() -> None:
    """Against the best of the rest (which gives up 0.1 of the rival) the stake difference is less than against the other."""
    more = "intervene: {gains: {k: 1, rival: -loss}}, half: {gains: {k: 0.2, rival: -0.1}}, abstain: {gains: {rival: 0.4, k: -1}}"
    text = TYPES.replace("intervene: {gains: {k: 1, rival: -loss}}, abstain: ", more)
    best = tried(text)["as stated", "as stated"].at_stake
    stated = tried(text.replace("by: p,", "by: p, instead of: abstain,"))["as stated", "as stated"].at_stake
    assert best == pytest.approx(0.5 * 0.5, abs=ROUNDING)
    assert stated == pytest.approx(0.5 * 1.0, abs=ROUNDING)


def test_what_was_seen_before_the_move_is_in_the_prior() -> None:
    text = TYPES.replace("at: act, by: p, says: k > rival", "at: later, taken: yes, says: w > 0.5")
    assert tried(text)["as stated", "as stated"].prior == pytest.approx(0.6266026840854014, abs=ROUNDING)


def test_a_statement_whose_move_was_not_seen_waits() -> None:
    one = Study(Case("crisis", "crisis.yaml", text_of(TYPES.replace("at: act, by: p", "at: later"))), worlds=64)
    assert revealed(one) == ()
    assert any("`first`: its move was not seen" in text for text in infer(one).judgements)


def test_worlds_swept_for_the_moves_serve_the_statements_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `infer` says of a statement is what `revealed` says alone, and so it is where only the first worlds try statements."""
    one = Study(Case("crisis", "crisis.yaml", text_of(TYPES)), worlds=64)
    shared = next(table for table in infer(one).tables if table.name == "revealed")
    assert shared == revealed_table(revealed(one))
    monkeypatch.setattr("stratagem.analyse.trials.MOST_WORLDS", 32)
    few = next(table for table in infer(one).tables if table.name == "revealed")
    assert few == revealed_table(revealed(replace(one, worlds=32)))


def test_statements_that_share_their_worlds_share_their_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two statements with the same rival, at three levels: six solves, not twelve."""
    text = TYPES.replace("did_not_mind: {loss: 0}, ", "")
    line = next(row for row in text.splitlines() if "first:" in row)
    text = text.replace(line, line + "\n" + line.replace("first:", "second:").replace("k > rival", "w > 0.5"))
    solved: list[int] = []
    monkeypatch.setattr(Solver, "read_given", _counting(Solver.read_given, solved))
    found = revealed(Study(Case("crisis", "crisis.yaml", text_of(text)), worlds=64))
    assert [len(part.rows) for part in found] == [6, 6]
    assert len(solved) == 6


def _counting(method: Callable[..., Any], calls: list[int]) -> Callable[..., Any]:
    def counted(self: Solver, look: Callable[[Chunk], Any], worlds: Worlds) -> Any:
        calls.append(len(worlds))
        return method(self, look, worlds)

    return counted


# --- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("attribution", [1.0, 0.7])
def test_the_error_of_a_factor_is_its_spread_over_draws(attribution: float) -> None:
    """Of 2,000 samples of 400 worlds: the standard deviation of the factor is what each says of itself."""
    random = np.random.default_rng(5)
    factors, errors = [], []
    for _ in range(2000):
        holds = random.random(400) < 0.4
        likelihood = np.clip(random.normal(np.where(holds, 0.7, 0.4), 0.15), 0.01, 1)
        found = judge(Trial(holds, 1.0, random.random(400), likelihood), attribution)
        assert found is not None
        factors.append(found.factor)
        errors.append(found.error)
    assert np.mean(errors) == pytest.approx(np.std(factors), rel=0.08)


def test_a_move_never_come_to_has_no_verdict() -> None:
    assert judge(Trial(np.ones(3, bool), 1.0, np.zeros(3), np.zeros(3))) is None


def test_a_move_that_only_one_type_makes_has_an_infinite_factor() -> None:
    found = judge(Trial(np.array([True, False]), 1.0, np.ones(2), np.array([0.5, 0.0])))
    assert found is not None
    assert (found.factor, found.posterior) == (float("inf"), 1.0)


def test_the_founding_case_turns_on_whether_china_minded() -> None:
    """Sending troops speaks for Kazakhstan over China where China minded; where it did not, that was all but sure before."""
    one = Study(load("kazakhstan-ukraine-2022"), worlds=512)
    found = next(part for part in revealed(one) if part.name == "kazakhstan_over_china")
    verdicts = {(row.assumption, row.precision): row.verdict for row in found.rows}
    minded, not_minded = verdicts["china_minded", "as stated"], verdicts["china_did_not_mind", "as stated"]
    assert minded is not None
    assert not_minded is not None
    assert minded.factor > 1 + 3 * minded.error
    assert minded.posterior - minded.prior > 0.1
    assert not_minded.is_foregone
    assert not_minded.posterior - not_minded.prior < 0.02
