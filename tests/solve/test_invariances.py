"""What must not change the answer, and what it must tend to."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import strategies
import textbook
import yaml
from crises import ROUNDING, answer, behaviour_at, scenario, solved, text_of
from hypothesis import given, settings
from hypothesis import strategies as st

from stratagem.graph.compile import compile_scenario
from stratagem.graph.worlds import draw
from stratagem.scenario.read import parse_scenario
from stratagem.solve import solve as solving
from stratagem.solve.columns import prepare
from stratagem.solve.plan import plan
from stratagem.solve.solution import Solution
from stratagem.solve.solve import Request, solve
from stratagem.solve.sweep import backward

CLOSE = 1e-9  # in probability, between two ways of solving one game
LIMIT = 1e-3  # in probability, between a great precision and best reply
drawn = settings(max_examples=25, deadline=None, derandomize=True)

CRISIS = """
players: {p: {name: P, precision: 2}, o: {name: O, precision: 1}}
quantities: {known to all: {q: 0.2 to 0.6, r: -1 to 1}}
state: {order: [calm, unrest], drift: 0 in 0 to 9}
timeline:
  - rounds: 3
    moves:
      - {move: m, player: p, actions: {hold: {payoffs: {o: 0.3}}, go: {set: {drift: drift + 1}, payoffs: {p: r}}, more: {if: q > 0.4, set: {drift: drift + 2}, payoffs: {p: 2 * r - 0.1}}}}
      - {chance: c, outcomes: {good: q, bad: {probability: rest, set: {order: unrest}}}}
      - {move: n, player: o, if: order == unrest, actions: {stand: {payoffs: {o: drift * r, p: -0.5}}, yield: {payoffs: {o: -q}}}}
questions:
  unrest: {title: Unrest, event: order == unrest}
  far: {title: Far, event: drift >= 3, given: order == unrest}
  yielded: {title: Yielded, event: ever(n == yield)}
"""


def numbers(solution: Solution) -> dict[str, np.ndarray]:
    """Everything per world."""
    names = (
        "weight",
        "reach",
        "behaviour",
        "questions",
        "conditions",
        "outcomes",
        "accounts",
        "believed",
        "true",
        "regret",
        "status",
    )
    return {name: getattr(solution, name) for name in names}


def assert_same(one: Solution, other: Solution, tolerance: float = 0.0) -> None:
    for name, values in numbers(one).items():
        np.testing.assert_allclose(values, numbers(other)[name], rtol=0, atol=tolerance, err_msg=name)


def assert_same_behaviour(one: Solution, other: Solution, tolerance: float = CLOSE) -> None:
    for name in ("behaviour", "questions", "outcomes"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=0, atol=tolerance, err_msg=name)


# Payoffs


def rescaled(text: str, player: str, factor: float = 1.0, constant: float = 0.0) -> str:
    """A crisis with the payoffs of a player multiplied, and a constant added at the first move of each round."""
    data = yaml.safe_load(text_of(text))
    for number, item in enumerate(data["timeline"][0]["moves"]):
        options = item.get("actions", item.get("outcomes"))
        for name, written in options.items():
            effects = written if isinstance(written, dict) else {"probability": written} if "chance" in item else {}
            payoffs = dict(effects.get("payoffs", {}))
            if player in payoffs or (number == 0 and constant):
                payoffs[player] = f"{factor} * ({payoffs.get(player, 0)}) + {constant if number == 0 else 0}"
            options[name] = {**effects, "payoffs": payoffs} if payoffs else written
    return strategies.text_of(data)


@pytest.mark.parametrize("constant", [7.5, -300.0])
@pytest.mark.parametrize("precision", [None, np.inf])
def test_payoffs_shifted_leave_behaviour_alone(constant: float, precision: float | None) -> None:
    plain = solved(CRISIS, precision=precision)
    moved = solved(rescaled(CRISIS, "p", constant=constant), precision=precision)
    assert_same_behaviour(plain, moved)
    assert moved.believed[0] - plain.believed[0] == pytest.approx(np.full(64, 3 * constant), abs=1e-9)


@pytest.mark.parametrize("factor", [0.01, 40.0])
def test_payoffs_scaled_with_precision_scaled_inversely_leave_behaviour_alone(factor: float) -> None:
    scaled = rescaled(CRISIS, "p", factor).replace("precision: 2", f"precision: {2 / factor}")
    assert_same_behaviour(solved(CRISIS), solved(scaled))


def test_scaling_payoffs_alone_does_change_behaviour() -> None:
    assert not np.allclose(solved(CRISIS).questions, solved(rescaled(CRISIS, "p", 40.0)).questions, atol=0.01)


@pytest.mark.parametrize("alpha", [0.7, -0.7])
def test_payoffs_shifted_leave_a_risk_averse_player_alone(alpha: float) -> None:
    text = CRISIS.replace("precision: 2", f"precision: 2, risk aversion: {alpha}")
    assert_same_behaviour(solved(text), solved(rescaled(text, "p", constant=3.0)))


# Names

RENAMED = {
    "p": "zeta", "o": "alpha", "m": "zz_m", "n": "aa_n", "c": "zz_c", "hold": "zz_hold", "go": "aa_go", "more": "mm_more",
    "good": "zz_good", "bad": "aa_bad", "stand": "zz_stand", "yield": "aa_yield", "order": "zz_order", "drift": "aa_drift",
    "calm": "zz_calm", "unrest": "aa_unrest",
}  # fmt: skip


@pytest.mark.parametrize("precision", [None, 0.0, np.inf])
def test_relabelling_changes_nothing(precision: float | None) -> None:
    """Quantities keep their names: those seed their draws."""
    renamed = re.sub(r"\b(" + "|".join(RENAMED) + r")\b(?!:? \{?title)", lambda one: RENAMED[one[1]], CRISIS)
    assert "zeta" in renamed
    assert_same(solved(CRISIS, precision=precision), solved(renamed, precision=precision))


def test_the_order_of_actions_changes_nothing() -> None:
    turned = CRISIS.replace(
        "{stand: {payoffs: {o: drift * r, p: -0.5}}, yield: {payoffs: {o: -q}}}",
        "{yield: {payoffs: {o: -q}}, stand: {payoffs: {o: drift * r, p: -0.5}}}",
    )
    assert turned != CRISIS
    np.testing.assert_allclose(solved(CRISIS).questions, solved(turned).questions, atol=ROUNDING)


def test_the_order_of_players_changes_nothing() -> None:
    turned = CRISIS.replace(
        "{p: {name: P, precision: 2}, o: {name: O, precision: 1}}",
        "{o: {name: O, precision: 1}, p: {name: P, precision: 2}}",
    )
    np.testing.assert_allclose(solved(CRISIS).questions, solved(turned).questions, atol=ROUNDING)
    np.testing.assert_allclose(solved(CRISIS).believed, solved(turned).believed[::-1], atol=ROUNDING)


def test_a_further_quantity_changes_nothing() -> None:
    more = CRISIS.replace("r: -1 to 1", "r: -1 to 1, unread: 2 to 4")
    assert_same(solved(CRISIS), solved(more))


# Batches

EVERYTHING = CRISIS + "perceptions: {p: {r: r + 0.2}}\n"


@pytest.mark.parametrize("precision", [None, np.inf])
def test_a_batch_is_a_loop_over_single_worlds(precision: float | None) -> None:
    model = scenario(EVERYTHING)
    compiled = compile_scenario(model)
    order = plan(compiled)
    many = draw(model, 40, 1)
    if precision is not None:
        many = replace(many, players=replace(many.players, precision={name: np.full(40, precision) for name in "po"}))
    together = backward(order, prepare(compiled, model, many))
    for world in range(40):
        one = draw(model, 1, 1, first=world)
        if precision is not None:
            one = replace(one, players=replace(one.players, precision={name: np.full(1, precision) for name in "po"}))
        alone = backward(order, prepare(compiled, model, one))
        np.testing.assert_allclose(alone.behaviour[:, 0], together.behaviour[:, world], rtol=0, atol=ROUNDING)
        np.testing.assert_allclose(alone.buffer[..., 0], together.buffer[..., world], rtol=0, atol=ROUNDING)


@pytest.mark.parametrize("history", [(), ("m[1]=go",)])
def test_the_size_of_chunks_changes_nothing(monkeypatch: pytest.MonkeyPatch, history: tuple[str, ...]) -> None:
    whole = solved(EVERYTHING, worlds=100, history=history)
    monkeypatch.setattr(solving, "CHUNK_BYTES", 1)
    monkeypatch.setattr(solving, "BATCH_BYTES", 1)
    assert_same(whole, solved(EVERYTHING, worlds=100, history=history), ROUNDING)


def test_more_worlds_leave_the_first_as_they_were() -> None:
    few, many = solved(EVERYTHING, worlds=10), solved(EVERYTHING, worlds=3000)
    np.testing.assert_allclose(few.questions, many.questions[:, :10], rtol=0, atol=ROUNDING)


# Precision


def test_at_precision_zero_play_is_by_base_shares() -> None:
    found = behaviour_at(solved(CRISIS, precision=0.0), "m[1]")
    available = solved(CRISIS).quantities["q"] > 0.4
    assert found["hold"] == pytest.approx(np.where(available, 1 / 3, 1 / 2), abs=ROUNDING)
    assert found["more"] == pytest.approx(np.where(available, 1 / 3, 0), abs=ROUNDING)


def test_with_growing_precision_play_approaches_best_reply() -> None:
    best = solved(CRISIS, precision=np.inf)
    gaps = [
        np.abs(answer(solved(CRISIS, precision=one), "yielded") - answer(best, "yielded")).mean()
        for one in (1, 10, 100, 1e6)
    ]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] < LIMIT


def test_at_any_precision_regret_is_at_least_zero_and_at_best_reply_it_is() -> None:
    assert solved(CRISIS).regret.min() >= -ROUNDING
    assert np.abs(solved(CRISIS, precision=np.inf).regret).max() < ROUNDING


# Splitting and halving


def test_splitting_a_label_into_sizes_of_one_thing_changes_nothing() -> None:
    sizes = ", ".join(f"size_{n}: {{size of: going, set: {{drift: drift + 1}}, payoffs: {{p: r}}}}" for n in range(5))
    split = CRISIS.replace("go: {set: {drift: drift + 1}, payoffs: {p: r}}", sizes)
    assert split != CRISIS
    np.testing.assert_allclose(solved(CRISIS).questions, solved(split).questions, atol=ROUNDING)


def test_splitting_a_label_without_saying_so_does_change_the_answer() -> None:
    sizes = ", ".join(f"size_{n}: {{set: {{drift: drift + 1}}, payoffs: {{p: r}}}}" for n in range(5))
    split = CRISIS.replace("go: {set: {drift: drift + 1}, payoffs: {p: r}}", sizes)
    assert not np.allclose(solved(CRISIS).questions, solved(split).questions, atol=0.01)


WAITING = """
as of: 2022-01-01
players: {{p: {{name: P, precision: {precision}}}, o: {{name: O, precision: {precision}}}}}
state: {{gone: false}}
timeline:
  - rounds: {rounds}
    every: {days} days
    moves: [{{move: m, player: p, if: not gone, actions: {{wait: , go: {{share: 30% per month, set: {{gone: true}}, payoffs: {{p: {gain}}}}}}}}}]
questions: {{gone: {{title: Gone, event: gone}}}}
"""


@pytest.mark.parametrize(("precision", "gain"), [(0, 1), (5, 0)])
def test_halving_a_round_with_a_share_per_unit_of_time_changes_nothing(precision: int, gain: int) -> None:
    long, short = (
        answer(solved(WAITING.format(rounds=rounds, days=days, precision=precision, gain=gain), worlds=1), "gone")[0]
        for rounds, days in ((2, 60), (8, 15))
    )
    assert long == pytest.approx(short, abs=ROUNDING)
    assert 0.5 < long < 1


def test_halving_a_round_with_a_share_per_round_does_change_the_answer() -> None:
    text = WAITING.replace("30% per month", "30%")
    long, short = (
        answer(solved(text.format(rounds=rounds, days=days, precision=0, gain=0), worlds=1), "gone")[0]
        for rounds, days in ((2, 60), (8, 15))
    )
    assert long < short - 0.1


# Merging


@drawn
@given(strategies.scenarios())
def test_the_merged_game_has_the_value_of_the_whole_tree(data: dict[str, Any]) -> None:
    """The textbook solver merges nothing; one world, the medians, decides."""
    exact = fixed(data)
    model = parse_scenario(strategies.text_of(exact))
    solution = solve(compile_scenario(model), model, Request(worlds=1))
    truth = textbook.solve(exact)
    outcomes = {name: float(p) for name, p in zip(solution.game.outcomes, solution.outcomes[:, 0], strict=True) if p}
    assert outcomes == pytest.approx({name: p for name, p in truth.outcomes().items() if p}, abs=CLOSE)
    assert dict(zip(solution.game.players, solution.true[:, 0].tolist(), strict=True)) == pytest.approx(
        dict(truth.true), abs=CLOSE
    )


def fixed(data: dict[str, Any]) -> dict[str, Any]:
    """The data with every uncertain number replaced by one value, so that no world has to be handed over."""
    found = {**data, "quantities": {"known to all": dict.fromkeys(data["quantities"]["known to all"], 0.37)}}
    views = data.get("perceptions", {})
    if views:
        found["perceptions"] = {p: dict.fromkeys(view, 0.61) for p, view in views.items()}
    found["players"] = {name: plain_player(player) for name, player in data["players"].items()}
    return found


def plain_player(player: dict[str, Any]) -> dict[str, Any]:
    """A player whose traits are numbers."""
    found = dict(player)
    for trait, value in (
        ("precision", 1.3),
        ("errors", "20%"),
        ("risk aversion", 0.4),
        ("loss aversion", 1.7),
        ("discount", 0.9),
    ):
        if trait in found and found[trait] != "best":
            found[trait] = value
    if isinstance(found.get("weights"), dict):
        stakes = stakes_of(found["weights"])
        found["weights"] = {stake: 1 / len(stakes) for stake in stakes}
    return found


def stakes_of(weights: dict[str, Any]) -> list[str]:
    inner = weights.get("dirichlet") or weights.get("swings") or weights
    return [key for key in inner if key not in ("known to", "order", "source", "assumption")]


@drawn
@given(strategies.scenarios(), st.integers(2, 9))
def test_drawn_scenarios_give_the_same_in_any_chunk(data: dict[str, Any], size: int) -> None:
    model = parse_scenario(strategies.text_of(data))
    compiled = compile_scenario(model)
    order, worlds = plan(compiled), draw(model, 16, 1)
    inputs = prepare(compiled, model, worlds)
    together = backward(order, inputs).behaviour
    parts = [backward(order, inputs.part(slice(first, first + size))).behaviour for first in range(0, 16, size)]
    np.testing.assert_allclose(np.concatenate(parts, axis=1), together, rtol=0, atol=ROUNDING)
