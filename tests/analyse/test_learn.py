"""What to learn next: closed forms of the value of information, of variance explained and of mutual information."""

from __future__ import annotations

import json
from math import erf, exp, pi, sqrt

import numpy as np
import pytest
from click.testing import CliRunner
from crises import text_of

from stratagem.analyse.commit import commitment
from stratagem.analyse.finding import Finding
from stratagem.analyse.given_data import Gain, Sample, Surety, fit, gains, maximum, sample, square
from stratagem.analyse.learn import Sharpening, Utility, Worth, learn, sharpenings, worth
from stratagem.analyse.options import compare
from stratagem.analyse.study import Study
from stratagem.catalogue import Case, load
from stratagem.cli import main
from stratagem.errors import UsageError
from stratagem.graph.game import Floats

WORLDS = 4096
ERRORS = 4  # standard errors that an estimate may be off
ROUNDING = 1e-9  # payoff, probability or bits

# Attack pays +1 or -1 at even odds, holding 0.2 (M6).
ATTACK = """
quantities:
  known to all:
    luck: one of -1, 1
    noise: -1 to 1
players: {p: {name: P}, o: {name: O, precision: best}}
timeline:
  - {move: act, player: p, actions: {hold: {payoffs: {p: 0.2}}, attack: {payoffs: {p: luck}}}}
questions: {attacks: {title: Will P attack?, event: act == attack}}
"""

# The payoff of going on is linear in two normal numbers.
LINEAR = """
quantities:
  known to all: {a: "normal(0, 1)", b: "normal(0, 0.5)", c: "normal(0, 1)"}
players: {p: {name: P, precision: 2}}
timeline:
  - {move: act, player: p, actions: {stay: , go: {payoffs: {p: 0.3 + 0.8 * a - 0.6 * b}}}}
questions: {goes: {title: Will P go?, event: act == go}}
"""


def study(text: str, worlds: int = WORLDS, **options: object) -> Study:
    return Study(Case("crisis", "crisis.yaml", text_of(text)), worlds=worlds, **options)  # type: ignore[arg-type]


def worth_of(one: Study, decision: str = "act") -> Worth:
    made = commitment(one, one.decision(decision))
    assert made.risk_aversion is not None
    return worth(made.standing[0], made, made.risk_aversion)


def sharpening(one: Study, question: str) -> Sharpening:
    found = sharpenings(one.scenario, one.solver(0).run())
    return next(answer for answer in found if answer.name == question)


def loss(mean: float, sd: float) -> float:
    """E max(x, 0) - max(mean, 0) of a normal x (Raiffa & Schlaifer 1961)."""
    density, below = exp(-((mean / sd) ** 2) / 2) / sqrt(2 * pi), (1 + erf(mean / sd / sqrt(2))) / 2
    return sd * density + mean * below - max(mean, 0.0)


def close(gain: Gain, expected: float) -> bool:
    return abs(gain.value - expected) <= ERRORS * gain.error


# What learning is worth


def test_the_attack_that_pays_or_not_is_worth_four_tenths_to_foresee() -> None:
    found = worth_of(study(ATTACK))
    assert found.everything.value == pytest.approx(0.5 * 1 + 0.5 * 0.2 - 0.2, abs=ROUNDING)
    assert found.numbers["luck"][0].value == pytest.approx(0.4, abs=0.002)
    assert found.numbers["luck"][1] == pytest.approx(0.5, abs=ROUNDING)
    assert found.value == pytest.approx(0.2, abs=ROUNDING)
    assert found.best == 0


def test_a_number_that_nobody_knows_is_worth_as_much() -> None:
    found = worth_of(study(ATTACK.replace("known to all", "known to nobody")))
    assert found.everything.value == pytest.approx(0.4, abs=ROUNDING)


def test_worth_is_by_the_true_numbers_whatever_the_mover_holds_them_to_be() -> None:
    found = worth_of(study(ATTACK + "perceptions: {p: {luck: 0.5 to 0.9}}\n"))
    assert found.everything.value == pytest.approx(0.4, abs=ROUNDING)
    assert sorted(found.numbers) == ["luck", "noise"]  # his own view is none that he could learn


def test_an_irrelevant_number_is_worth_nothing_within_its_error_and_never_less() -> None:
    for seed in range(3):
        for text, name in ((ATTACK, "noise"), (LINEAR, "c")):
            gain, _ = worth_of(study(text, 1024, seed=seed)).numbers[name]
            assert 0 <= gain.value <= ERRORS * gain.error


def test_linear_and_normal_numbers_are_worth_their_unit_normal_loss() -> None:
    found = worth_of(study(LINEAR))
    assert close(found.numbers["a"][0], loss(0.3, 0.8))
    assert close(found.numbers["b"][0], loss(0.3, 0.3))
    assert close(found.everything, loss(0.3, sqrt(0.8**2 + 0.3**2)))
    assert found.numbers["a"][0].error < 0.02


def test_no_number_is_worth_more_than_all() -> None:
    for one in (study(LINEAR, 500), Study(load("kazakhstan-ukraine-2022"), worlds=256)):
        found = worth_of(one, "act" if "act" in one.scenario.moves else "deploy")
        assert all(0 <= gain.value <= found.everything.value + ROUNDING for gain, _ in found.numbers.values())


@pytest.mark.parametrize("mean", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("slope", [0.1, 0.5, 1.0])
def test_stated_errors_hold_over_repeated_samples(mean: float, slope: float) -> None:
    generator, off = np.random.default_rng(7), []
    for _ in range(12):
        number = generator.normal(size=1000)
        y = np.column_stack([np.zeros(1000), mean + slope * number + generator.normal(size=1000)])
        one = sample(y - y[:, [int(y.mean(axis=0).argmax())]], np.ones(1000))
        assert one is not None
        (gain,) = gains(one, maximum, fit(number, one))
        off.append((gain.value - loss(mean, slope)) / (gain.error + ROUNDING))
    assert np.mean(np.square(off)) < 2  # of errors squared


def test_own_numbers_of_the_mover_are_the_same_in_every_world() -> None:
    text = """
    players: {p: {name: P, precision: 1, weights: {dirichlet: {s: 1, t: 1}, known to: all}}}
    stakes: {s: S, t: T}
    timeline:
      - {move: act, player: p, actions: {left: {gains: {s: 1}}, right: {gains: {t: 1}}}}
    """
    made = commitment(study(text, 200), 0)
    assert np.ptp(made.standing[0].payoff, axis=1) == pytest.approx(0, abs=ROUNDING)
    assert made.numbers == {}


def test_payoffs_by_action_are_the_exact_means_of_the_options() -> None:
    one = study(LINEAR, 64)
    (situation,), (standing,) = compare(one, 0, believed=False), commitment(one, 0).standing
    for place, option in enumerate(situation.options):
        assert standing.payoff[place] == pytest.approx(option.means, abs=ROUNDING)


def test_actions_that_stand_in_some_worlds_only_make_a_choice_of_their_own() -> None:
    text = ATTACK.replace("attack: {", "attack: {if: noise > 0, ")
    made = commitment(study(text, 256), 0)
    assert sorted(len(one.options) for one in made.standing) == [1, 2]
    assert np.add(*(one.weight for one in made.standing)) == pytest.approx(1, abs=ROUNDING)


def test_who_dislikes_risk_pays_what_makes_him_indifferent() -> None:
    """Holding is sure: perfect information is worth the certainty equivalent of 1 or 0.2 at even odds, less 0.2."""
    text = ATTACK.replace("p: {name: P}", "p: {name: P, risk aversion: 2}")
    expected = -np.log((np.exp(-2 * 1) + np.exp(-2 * 0.2)) / 2) / 2 - 0.2
    assert worth_of(study(text)).everything.value == pytest.approx(expected, abs=ROUNDING)


@pytest.mark.parametrize("risk_aversion", [-3.0, 0.0, 1e-8, 3.0, 2000.0])
def test_certainty_equivalents_undo_utilities(risk_aversion: float) -> None:
    payoff = np.array([-1.0, 0.5, 2.0])
    scale = Utility.of(payoff, risk_aversion)
    first = int(payoff.argmin() if risk_aversion > 0 else payoff.argmax())
    assert scale.equivalent(float(scale.utility(payoff)[first])) == pytest.approx(payoff[first], abs=1e-6)
    assert np.isfinite(scale.utility(payoff)).all()


# What sharpens a question


def told(probability: Floats, number: Floats, weight: Floats | None = None) -> tuple[Sample, Gain, Gain]:
    one = sample(probability[:, None], np.ones(len(number)) if weight is None else weight)
    assert one is not None
    known = fit(number[one.counted], one)
    return one, gains(one, square, known)[0], gains(one, Surety(one.mean, one.size), known)[0]


def entropy(p: float) -> float:
    return -(p * np.log2(p) + (1 - p) * np.log2(1 - p))


def test_the_bits_of_a_binary_channel() -> None:
    """A symmetric channel that errs in a tenth tells 1 - H(0.1) bits (Shannon 1948)."""
    number = np.tile([0.0, 1.0], WORLDS // 2)
    _, variance, bits = told(np.where(number > 0, 0.9, 0.1), number)
    assert bits.value == pytest.approx(1 - entropy(0.1), abs=1e-3)
    assert variance.value == pytest.approx(0.16, abs=1e-9)


def test_a_number_that_settles_the_event_tells_all_of_it() -> None:
    found = sharpening(study(ATTACK), "attacks")
    assert found.bits["luck"].value == pytest.approx(1, abs=1e-3)
    assert found.variances["luck"].value == pytest.approx(0.25, abs=1e-6)
    assert found.clear == ["luck"]


def test_variance_explained_by_a_straight_line_amid_noise() -> None:
    generator = np.random.default_rng(3)
    number = generator.normal(size=WORLDS)
    _, variance, _ = told(0.5 + 0.1 * number + 0.2 * generator.uniform(-1, 1, WORLDS), number)
    assert close(variance, 0.01)
    assert variance.error < 0.001


def test_a_sharp_edge_is_seen() -> None:
    generator = np.random.default_rng(4)
    number = generator.uniform(size=WORLDS)
    _, variance, bits = told((number > 0.37).astype(float), number)
    assert variance.value == pytest.approx(0.37 * 0.63, rel=0.05)
    assert bits.value == pytest.approx(entropy(0.37), rel=0.08)


def test_weights_of_the_history_count() -> None:
    """Worlds where the number is high count threefold: P is 0.9 there, 0.1 elsewhere."""
    number = np.tile([0.0, 1.0], WORLDS // 2)
    _, variance, bits = told(np.where(number > 0, 0.9, 0.1), number, np.where(number > 0, 3.0, 1.0))
    assert variance.value == pytest.approx(0.64 * 3 / 16, abs=1e-9)
    assert bits.value == pytest.approx(entropy(0.7) - entropy(0.1), abs=1e-3)


def test_noise_tells_nothing_within_its_error() -> None:
    generator = np.random.default_rng(5)
    for _ in range(20):
        _, variance, bits = told(generator.uniform(size=500), generator.normal(size=500))
        assert 0 <= variance.value <= ERRORS * variance.error
        assert 0 <= bits.value <= ERRORS * bits.error


def test_no_number_tells_more_than_there_is() -> None:
    one = Study(load("kazakhstan-ukraine-2022"), worlds=256)
    for found in sharpenings(one.scenario, one.solver(0).run()):
        assert all(0 <= gain.value <= found.variance + ROUNDING for gain in found.variances.values())
        assert all(0 <= gain.value <= found.entropy for gain in found.bits.values())


def test_a_question_of_a_condition_weighs_worlds_by_it() -> None:
    text = LINEAR.replace("event: act == go}", "event: act == go, given: a > 0}")
    found = sharpening(study(text), "goes")
    plain = sharpening(study(LINEAR), "goes")
    assert found.worlds == pytest.approx(WORLDS / 2, rel=0.01)
    assert found.variances["a"].value < plain.variances["a"].value


# The finding


def table(found: Finding, name: str) -> dict[object, tuple[object, ...]]:
    return {row[0]: row for one in found.tables if one.name == name for row in one.rows}


def test_the_finding_says_what_to_learn_and_who_knows_it() -> None:
    found = learn(study(ATTACK), "act", "p")
    rows = table(found, "worth_1")
    assert list(rows) == ["everything", "luck"]
    assert rows["luck"][2] == "all"
    assert "knowing everything would be worth 0.40 ± 0.01, of single numbers most “luck”" in found.judgements[0]
    assert "“luck”" in found.judgements[1]
    assert list(table(found, "sharpens_attacks")) == ["luck"]


def test_where_one_action_is_best_in_every_world_nothing_is_worth_learning() -> None:
    found = learn(study(ATTACK.replace("p: 0.2", "p: 2"), 64), "act")
    assert "nothing that could be learnt would change it" in found.judgements[0]


def test_worth_is_left_out_where_types_of_the_mover_differ_in_what_they_make_of_risk() -> None:
    text = """
quantities:
  known to all: {luck: "one of -1, 1"}
  known to p: {care: "one of 0, 2"}
players: {p: {name: P, precision: 2, risk aversion: care}, o: {name: O, precision: 2}}
timeline:
  - {move: act, player: p, actions: {hold: {payoffs: {p: 0.2}}, attack: {payoffs: {p: luck}}}}
questions: {attacks: {title: Will P attack?, event: act == attack}}
"""
    found = learn(study(text, 64), "act")
    assert "what learning is worth is left out" in found.judgements[0]
    assert found.manifest["risk_aversion"] is None
    assert set(table(found, "sharpens_attacks")) >= {"luck"}


def test_of_a_question_that_is_settled_nothing_is_left_to_learn() -> None:
    found = learn(
        study(
            ATTACK.replace("known to all:", "known to o:", 1).replace("act == attack", "'act in (hold, attack)'"), 64
        ),
        "act",
    )
    assert found.judgements[-1] == "Will P attack? It is settled: nothing is left to learn of it."
    assert not table(found, "sharpens_attacks")


def test_only_the_mover_decides() -> None:
    with pytest.raises(UsageError, match="`act` is decided by `p`, not by `o`"):
        learn(study(ATTACK, 16), "act", "o")


def test_few_worlds_are_said() -> None:
    assert any("effective worlds" in one for one in learn(study(ATTACK, 16), "act").caveats)


def test_the_founding_case_answers() -> None:
    found = learn(Study(load("kazakhstan-ukraine-2022"), worlds=1000), "deploy")
    assert found.manifest["player"] == "moscow"
    assert next(iter(table(found, "sharpens_over_five_thousand"))) == "deployment"
    assert len(found.tables) > len(load("kazakhstan-ukraine-2022").scenario.questions)


def test_the_command_line_prints_it_as_json() -> None:
    result = CliRunner().invoke(
        main, ["learn", "signorino-deterrence", "--decision", "challenge", "--worlds", "64", "--json"]
    )
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["schema"] == "stratagem/learn/1"
