"""What the moves reveal: closed forms, impossible and collapsed histories, what each move says."""

from __future__ import annotations

import json
from math import exp, log, sqrt

import numpy as np
import pytest
from click.testing import CliRunner
from crises import solved, text_of
from scipy.integrate import quad

from stratagem.analyse.finding import Finding
from stratagem.analyse.infer import condition, infer
from stratagem.analyse.posterior import bits, sparkline, weigh
from stratagem.analyse.study import Study
from stratagem.catalogue import Case
from stratagem.cli import main
from stratagem.errors import UsageError

WORLDS = 4096
ROUNDING = 1e-9


def study(text: str, worlds: int = WORLDS, **options: object) -> Study:
    return Study(Case("crisis", "crisis.yaml", text_of(text)), worlds=worlds, **options)  # type: ignore[arg-type]


def rows(finding: Finding, name: str) -> list[dict[str, object]]:
    found = next(one for one in finding.tables if one.name == name)
    return [dict(zip((column.name for column in found.columns), row, strict=True)) for row in found.rows]


def logistic(x: float) -> float:
    return 1 / (1 + exp(-x))


# Two types of a leader; intervening pays w - 0.6 (1 - w), abstaining 0 (McFadden's logit at precision 2).
TYPES = """
players:
  p: {name: P, precision: 2, weights: {k: w, rival: 1 - w}}
stakes: {k: Standing in theatre K, rival: Accommodation}
quantities: {known to all: {w: "one of 0.3, 0.7"}}
timeline:
  - {move: act, player: p, actions: {intervene: {gains: {k: 1, rival: -0.6}}, abstain: }}
  - {move: again, player: p, actions: {intervene: {gains: {k: 1, rival: -0.6}}, abstain: }}
  - {move: alone, player: p, actions: {yes: , no: }}
history: [act = intervene]
questions: {again: {title: Again?, event: again == intervene}}
"""

# Twenty binary choices of one utility difference, at precision 1.
CHOICES = """
quantities: {known to all: {du: "DU"}}
players: {p: {name: P, precision: 1}}
timeline:
  - {rounds: 20, moves: [{move: act, player: p, actions: {stay: , go: {payoffs: {p: du}}}}]}
"""
FOURTEEN = tuple(f"act[{turn}]={'go' if turn <= 14 else 'stay'}" for turn in range(1, 21))

# Whether a coin of unknown bias comes up, ten times: Beta(2, 5) and k of 10 are Beta(2 + k, 15 - k).
COIN = """
quantities: {known to all: {bias: "beta(2, 5)"}}
timeline:
  - {rounds: 10, moves: [{chance: toss, outcomes: {head: bias, tail: rest}}]}
questions: {last: {title: Head?, event: toss == head}}
"""


# --- closed forms ----------------------------------------------------------------------------------------------------


def test_the_belief_about_a_weight_after_one_move() -> None:
    """Two types: likelihoods 1 / (1 + exp(-2 x 0.52)) and 1 / (1 + exp(2 x 0.12)); posterior by Bayes."""
    high, low = 0.7388500060842489, 0.44028635073280703
    found = rows(infer(study(TYPES)), "numbers")
    after = next(row["after"] for row in found if row["number"] == "w")
    assert after == pytest.approx((0.7 * high + 0.3 * low) / (high + low), abs=ROUNDING)
    asked = rows(infer(study(TYPES)), "questions")[0]
    posterior = 0.6266026840854014
    assert asked["after"] == pytest.approx(posterior * high + (1 - posterior) * low, abs=ROUNDING)
    assert asked["before"] == pytest.approx((high + low) / 2, abs=ROUNDING)
    assert asked["unlearnt"] == pytest.approx((high + low) / 2, abs=ROUNDING)


def test_a_conjugate_posterior_is_found() -> None:
    seen = tuple(f"toss[{turn}]={'head' if turn <= 7 else 'tail'}" for turn in range(1, 11))
    row = next(row for row in rows(infer(study(COIN, history=seen)), "numbers") if row["number"] == "bias")
    assert row["after"] == pytest.approx(9 / 17, abs=0.005)
    ranges = rows(infer(study(COIN, history=seen)), "ranges")[0]
    assert ranges["after_5"] == pytest.approx(0.3338, abs=0.01)  # quantiles of Beta(9, 8)
    assert ranges["after_95"] == pytest.approx(0.7216, abs=0.01)


def test_the_posterior_of_a_utility_difference_is_that_of_quadrature() -> None:
    def density(du: float) -> float:
        return exp(-(du**2) / 2 / 1.5**2) * logistic(du) ** 14 * logistic(-du) ** 6

    mass = quad(density, -9, 9)[0]
    mean = quad(lambda du: du * density(du) / mass, -9, 9)[0]
    sd = sqrt(quad(lambda du: (du - mean) ** 2 * density(du) / mass, -9, 9)[0])
    _, posterior = condition(study(CHOICES.replace("DU", "normal(0, 1.5)"), history=FOURTEEN))
    values, weight = posterior.numbers["du"], posterior.weight
    assert weight @ values == pytest.approx(mean, abs=0.002)
    assert sqrt(weight @ (values - mean) ** 2) == pytest.approx(sd, abs=0.002)


def test_the_likeliest_world_is_the_maximum_likelihood_estimate() -> None:
    """ln(14 / 6) = 0.8473, with standard error sqrt(20 / (14 x 6)) = 0.4880 from the curvature at the top."""
    _, posterior = condition(study(CHOICES.replace("DU", "uniform(-1, 3)"), history=FOURTEEN))
    values, likelihood = posterior.numbers["du"], posterior.reading.likelihood
    assert values[likelihood.argmax()] == pytest.approx(0.8472978603872037, abs=4 / WORLDS)
    near = np.abs(values - log(14 / 6)) < 0.2
    curvature = np.polyfit(values[near] - log(14 / 6), np.log(likelihood[near]), 4)[-3]
    assert sqrt(-1 / (2 * curvature)) == pytest.approx(0.4879500364742666, abs=1e-4)


def test_the_forecast_after_a_history_is_that_of_solve() -> None:
    """Plain weights of a light tail are those by which `solve` weighs worlds."""
    text = TYPES.replace("precision: 2", "errors: 5% to 20%")
    solution = solved(text, history=("act=intervene",), worlds=512)
    after = rows(infer(study(text, 512)), "questions")[0]["after"]
    assert after == pytest.approx(solution.questions[0].sum() / solution.conditions[0].sum(), abs=ROUNDING)


# --- what each move says ---------------------------------------------------------------------------------------------


def test_a_move_that_every_world_holds_as_likely_says_nothing() -> None:
    found = infer(study(TYPES, history=("act=intervene", "alone=yes")))
    moves = {str(row["move"]): row for row in rows(found, "moves")}
    assert moves["alone=yes"]["says"] == "nothing: it had the same chance in every world"
    assert moves["alone=yes"]["bits"] == pytest.approx(0, abs=ROUNDING)
    assert any("alone=yes" in one and "Next to nothing" in one for one in found.judgements)


def test_bits_are_the_divergence_of_after_from_before() -> None:
    """Of two equal types and likelihoods 0.75 and 0.25: 1 - H(0.75) bits."""
    told = bits(np.array([0.75, 0.25]), np.ones(2))
    assert told == pytest.approx(1 + 0.75 * np.log2(0.75) + 0.25 * np.log2(0.25), abs=ROUNDING)


def test_two_moves_that_say_the_same_each_say_less_alone() -> None:
    """The second of two equal moves tells less than the first; and each alone as much as the second."""
    moves = rows(infer(study(TYPES, history=("act=intervene", "again=intervene"))), "moves")
    assert moves[0]["bits"] > moves[1]["bits"]  # type: ignore[operator]
    assert moves[0]["bits_alone"] == pytest.approx(moves[1]["bits"], abs=ROUNDING)


def test_the_order_in_which_a_history_is_told_does_not_matter() -> None:
    told = [
        infer(study(TYPES, history=one))
        for one in (("act=intervene", "again=abstain"), ("again=abstain", "act=intervene"))
    ]
    assert told[0] == told[1]


def test_leaving_a_move_out_sums_over_what_it_might_have_been() -> None:
    found = infer(study(TYPES, history=("act=intervene", "again=abstain")))
    row = next(
        row for row in rows(found, "contributions") if row["move"] == "act=intervene" and row["question"] == "again"
    )
    assert row["left_out"] == pytest.approx(0, abs=ROUNDING)  # again=abstain stays seen


# --- what cannot be --------------------------------------------------------------------------------------------------


def test_an_impossible_history_names_the_move_that_cannot_have_been() -> None:
    text = TYPES.replace("alone, player: p,", "alone, player: p, if: again == abstain,")
    with pytest.raises(
        UsageError,
        match="`alone=yes` has probability 0 in every world once `act=intervene and again=intervene` was seen",
    ):
        infer(study(text, history=("act=intervene", "again=intervene", "alone=yes")))


def test_without_a_history_there_is_nothing_to_infer_from() -> None:
    with pytest.raises(UsageError, match="nothing was seen yet"):
        infer(study(TYPES.replace("history: [act = intervene]", "")))


def test_a_move_seen_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="seen twice"):
        infer(study(TYPES, history=("act=intervene", "act=abstain")))


def test_collapsed_weights_say_so() -> None:
    """A hundred and fifty heads from a bias that is rarely over a tenth."""
    text = COIN.replace("rounds: 10", "rounds: 150").replace("beta(2, 5)", "beta(2, 60)")
    seen = tuple(f"toss[{turn}]=head" for turn in range(1, 151))
    found = infer(study(text, 512, history=seen), "weights")
    assert found.manifest["has_collapsed"]
    assert "the weights have collapsed" in found.judgements[0]
    assert "--sampler nuts" in found.judgements[0]


def test_an_unknown_sampler_is_refused() -> None:
    with pytest.raises(UsageError, match="did you mean `weights`"):
        infer(study(TYPES), "wieghts")


# --- pieces ----------------------------------------------------------------------------------------------------------


def test_a_likelihood_that_is_the_same_everywhere_changes_nothing() -> None:
    found = weigh(np.full(100, 1e-200))
    assert found.weight == pytest.approx(np.full(100, 0.01), abs=ROUNDING)
    assert not found.has_collapsed


def test_a_sparkline_shows_where_the_mass_lies() -> None:
    drawn = sparkline(np.array([0.0, 0.0, 1.0]), np.ones(3), (0.0, 1.0))
    assert len(drawn) == 12
    assert drawn[0] == "█"
    assert drawn[1:-1] == " " * 10


def test_the_command_answers_as_json_and_takes_a_history() -> None:
    found = CliRunner().invoke(
        main,
        [
            "infer",
            "kazakhstan-ukraine-2022",
            "--worlds",
            "200",
            "--history",
            "build_up=gather,request=csto",
            "--history",
            "deploy=refuse",
            "--json",
        ],
    )
    assert found.exit_code == 0, found.output
    data = json.loads(found.output)
    assert data["schema"] == "stratagem/infer/1"
    assert data["manifest"]["history"] == ["build_up=gather", "request=csto", "deploy=refuse"]
    assert {"diagnostics", "moves", "numbers", "ranges", "questions", "contributions", "revealed"} <= set(
        data["tables"]
    )


def test_the_command_says_what_cannot_be() -> None:
    found = CliRunner().invoke(
        main, ["infer", "kazakhstan-ukraine-2022", "--worlds", "50", "--history", "request=sco,deploy=send"]
    )
    assert found.exit_code == 2
    assert "`deploy=send` has probability 0 in every world once `request=sco` was seen" in found.output
