"""The likelihood of trees against slow code of its own: recursion by hand, Monte Carlo, integrals of other libraries."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

pytest.importorskip("formulaic")

from fit_models import DISPUTES, public_table, table_of

from stratagem.fit.estimate import Request, fit
from stratagem.fit.model import Model
from stratagem.fit.model_file import parse_model
from stratagem.fit.problem import problem


@st.composite
def games(draw: st.DrawFn) -> tuple[str, list[str]]:
    """The text of a tree of binary and ternary moves of two or three players, and its outcomes."""
    players = ["ann", "bob", "cy"][: draw(st.integers(2, 3))]
    moves, outcomes, todo = [], [], ["m0"]
    number = 0
    while todo:
        name, targets = todo.pop(), []
        for _ in range(draw(st.integers(2, 3))):
            if number < 4 and draw(st.booleans()):
                number += 1
                targets.append(f"m{number}")
                todo.append(targets[-1])
            else:
                outcomes.append(f"o{len(outcomes)}")
                targets.append(outcomes[-1])
        actions = ", ".join(f"a{at}: {target}" for at, target in enumerate(targets))
        moves.append(f"  {name}: {{player: {draw(st.sampled_from(players))}, actions: {{{actions}}}}}")
    payoffs = [
        f"  {player}: {{"
        + ", ".join(f"{one}: {draw(st.sampled_from(['1 + x', 'x', 'x - 1', '{fixed: 0.4}']))}" for one in outcomes)
        + "}"
        for player in players
    ]
    shape = draw(st.sampled_from(["logit", "probit"]))
    text = "\n".join(
        [
            "fit: drawn",
            f"players: [{', '.join(players)}]",
            "tree:",
            *moves,
            "payoffs:",
            *payoffs,
            "response: {outcome: y}",
            f"errors: {{shape: {shape}}}",
        ]
    )
    return text, outcomes


def slow_chances(model: Model, payoff: dict[tuple[str, str], float]) -> dict[str, float]:
    """Outcome probabilities of one row by plain recursion over dictionaries."""
    moves = {move.name: move for move in model.moves}

    def solve(name: str) -> tuple[dict[str, float], dict[str, float]]:
        if name not in moves:
            return {player: payoff.get((player, name), 0.0) for player in model.players}, {name: 1.0}
        move = moves[name]
        below = [solve(target) for target in move.leads_to]
        worth = [values[move.player] for values, _ in below]
        chances = [slow_choice(worth, at, model.errors.shape) for at in range(len(worth))]
        values = {p: sum(c * b[0][p] for c, b in zip(chances, below, strict=True)) for p in model.players}
        ends = {end: c * q for c, (_, reached) in zip(chances, below, strict=True) for end, q in reached.items()}
        return values, ends

    return solve(model.moves[0].name)[1]


def slow_choice(worth: list[float], at: int, shape: str) -> float:
    if shape == "logit":
        return math.exp(worth[at]) / sum(map(math.exp, worth))
    if len(worth) == 2:
        return float(stats.norm.cdf((worth[at] - worth[1 - at]) / math.sqrt(2)))
    gaps = np.array([worth[at] - one for b, one in enumerate(worth) if b != at])
    return float(stats.multivariate_normal.cdf(gaps, cov=np.eye(len(gaps)) + 1, abseps=1e-10))


@given(games(), st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_it_is_that_of_plain_recursion(game: tuple[str, list[str]], seed: int) -> None:
    text, outcomes = game
    model = parse_model(text)
    generator = np.random.default_rng(seed)
    x = generator.normal(size=60)
    fitting = problem(model, table_of(x=x, y=generator.choice(outcomes, 60)))
    coefficients = generator.normal(size=len(fitting.design))
    chances = fitting.outcomes(coefficients)
    inputs = {one.term.name: one for one in fitting.design.inputs}
    for row in range(6):
        payoff = {}
        for (player, outcome), term in model.payoffs.items():
            one = inputs.get(term.name)
            payoff[player, outcome] = (
                term.fixed if one is None else float(one.matrix[row] @ coefficients[list(one.index)])
            )
        expected = slow_chances(model, payoff)
        for outcome in outcomes:
            assert chances[outcome][row] == pytest.approx(expected[outcome], abs=2e-7)


@given(games(), st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_gradient_and_hessian_are_exact(game: tuple[str, list[str]], seed: int) -> None:
    text, outcomes = game
    generator = np.random.default_rng(seed)
    fitting = problem(parse_model(text), table_of(x=generator.normal(size=60), y=generator.choice(outcomes, 60)))
    likelihood, size, step = fitting.likelihood(), len(fitting.design), 1e-5
    at = generator.normal(size=(1, size)) * 0.7
    there = likelihood(at)
    for k in range(size):
        shift = step * np.eye(size)[k]
        up, down = likelihood(at + shift, 1), likelihood(at - shift, 1)
        assert there.gradient[0, k] == pytest.approx((up.value - down.value)[0] / (2 * step), rel=1e-6, abs=1e-6)
        assert there.hessian[0, k] == pytest.approx((up.gradient - down.gradient)[0] / (2 * step), rel=1e-5, abs=1e-5)
    assert likelihood.scores(at[0]).sum(0) == pytest.approx(there.gradient[0])


PRIVATE = """
fit: private
players: [one, two, three]
tree:
  first: {player: one, actions: {stop: end, go: second}}
  second: {player: two, actions: {stop: half, go: third}}
  third: {player: three, actions: {left: west, right: east}}
payoffs:
  one: {end: {fixed: 0.3}, west: {fixed: 0.9}, east: x}
  two: {half: {fixed: 0.2}, west: {fixed: -0.4}, east: {fixed: 0.7}}
  three: {east: {fixed: 0.5}}
response: {outcome: y}
errors: {on: payoffs}
"""


def test_private_shocks_are_what_simulated_players_do() -> None:
    """Each player knows own shocks to own payoffs and takes those of later players as chances."""
    model = parse_model(PRIVATE)
    fitting = problem(model, table_of(x=[0.0, 1.0], y=["end", "west"]))
    found = {name: one[1] for name, one in fitting.outcomes(np.array([0.1, -0.6])).items()}
    draws, generator = 2_000_000, np.random.default_rng(4)
    shock = {player: {end: generator.normal(size=draws) for end in model.outcomes} for player in model.players}
    east = (0.5 + shock["three"]["east"] > shock["three"]["west"]).mean()
    two = shock["two"]
    on = ((1 - east) * (-0.4 + two["west"]) + east * (0.7 + two["east"]) > 0.2 + two["half"]).mean()
    one = shock["one"]
    going = on * ((1 - east) * (0.9 + one["west"]) + east * (-0.5 + one["east"])) + (1 - on) * one["half"]
    go = (going > 0.3 + one["end"]).mean()
    expected = {"end": 1 - go, "half": go * (1 - on), "west": go * on * (1 - east), "east": go * on * east}
    for name, chance in expected.items():
        assert found[name] == pytest.approx(chance, abs=5 * math.sqrt(chance / draws) + 1e-4)


@pytest.mark.parametrize(("shape", "height"), [("probit", -286.1237547185), ("logit", -286.1827938942)])
def test_the_disputes_of_the_nineteenth_century(shape: str, height: float) -> None:
    """The maximum found by an independent optimiser for the model that the R package `games` documents for this table."""
    fitting = problem(parse_model(DISPUTES + f"errors: {{shape: {shape}}}"), public_table("war1800.csv"))
    fitted = fit(fitting, Request(starts=8))
    assert fitting.num_rows == 282
    assert fitted.log_likelihood == pytest.approx(height, abs=1e-7)
    assert fitted.gradient < 1e-10
    assert len(fitted.maxima) == 1
    assert not fitted.flat.names()


def test_a_chance_move_mixes_what_follows() -> None:
    text = """
fit: weather
players: [farmer]
tree:
  plant: {player: farmer, actions: {no: idle, yes: weather}}
  weather: {chance: {wet: {probability: 0.25, then: harvest}, dry: {probability: 0.75, then: drought}}}
payoffs: {farmer: {harvest: {fixed: 2}, drought: x}}
response: {outcome: y}
errors: {shape: logit}
"""
    fitting = problem(parse_model(text), table_of(x=[0.0, 2.0], y=["idle", "drought"]))
    found = fitting.outcomes(np.array([-1.0, 0.5]))
    go = 1 / (1 + math.exp(-(0.25 * 2 + 0.75 * (-1.0 + 0.5 * 2))))
    assert found["harvest"][1] == pytest.approx(go * 0.25)
    assert found["drought"][1] == pytest.approx(go * 0.75)


def test_an_outcome_of_two_paths_sums_them() -> None:
    text = """
fit: two ways
players: [a, b]
tree:
  first: {player: a, actions: {left: second, right: done}}
  second: {player: b, actions: {left: done, right: other}}
payoffs: {a: {done: x}, b: {other: 1}}
response: {outcome: y}
"""
    fitting = problem(parse_model(text), table_of(x=[0.1, 0.4, -0.2], y=["done", "other", "done"]))
    chances = fitting.outcomes(np.array([0.2, 0.5, -0.3]))
    by_row = fitting.likelihood().by_row(np.array([0.2, 0.5, -0.3]))
    assert chances["done"] + chances["other"] == pytest.approx(1)
    assert by_row == pytest.approx(np.log([chances["done"][0], chances["other"][1], chances["done"][2]]))
