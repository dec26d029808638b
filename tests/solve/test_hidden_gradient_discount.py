"""Derivatives of equilibria among players who discount, against finite differences and one another."""

from __future__ import annotations

from dataclasses import replace

import hidden_games as games
import numpy as np
import pytest
from hidden_random import has_hidden, random_game

from stratagem.solve.hidden.gradient import STEP_NAMES, Change, moved, pulled
from stratagem.solve.hidden.paths import Numbers
from stratagem.solve.hidden.recursive_gradient import StepChange
from stratagem.solve.hidden.solve import solve
from stratagem.solve.hidden.steps import Steps

STEP = 1e-4
TOLERANCE = 1e-6
NAMES = ("payoff", "log_chance", "log_share", "precision")
WORLDS, PLAYERS = 3, 3
PATIENT = 2  # the one player who does not discount
AVERSION = np.array([0.8, -0.5, 0.3])
CASES = [(seed, averse) for seed in range(16) if has_hidden(random_game(seed)) for averse in (False, True)]


def discounted(game: games.Node, seed: int, averse: bool) -> Numbers:
    """Three worlds in which two players gain something at each step, and discount what follows."""
    rng = np.random.default_rng(seed)
    one = games.numbers_of(game, *rng.uniform(0.5, 2.0, WORLDS))
    aversion = np.repeat(AVERSION[:, None], WORLDS, axis=1) if averse else np.zeros((PLAYERS, WORLDS))
    return replace(
        one,
        payoff=one.payoff + rng.normal(size=one.payoff.shape),
        log_share=rng.normal(size=one.log_share.shape),
        risk_aversion=aversion if averse else None,
        steps=steps_of(game, rng, aversion),
    )


def steps_of(game: games.Node, rng: np.random.Generator, aversion: np.ndarray) -> Steps:
    """The trees of all players but the patient one, level by level, with gains and factors drawn."""
    place, count = {}, 0
    for player, label, size in games.infosets(game):
        place[player, label], count = count, count + size
    number = {id_of: path for path, id_of in enumerate(_leaves(game))}
    rows, level = [], [(player, -1, (), game) for player in range(PLAYERS) if player != PATIENT]
    while level:
        deeper = []
        for player, parent, way, node in level:
            for branch, child in enumerate(node[3] if node[0] == "move" else [one for _, one in node[1]]):
                here = (*way, branch)
                action = place[node[1], node[2]] + branch if node[0] == "move" else -1
                odds = 0.0 if node[0] == "move" else float(np.log(float(node[1][branch][0])))
                rows.append((player, parent, number.get(here, -1), action, odds))
                if child[0] != "leaf":
                    deeper.append((player, len(rows) - 1, here, child))
        level = deeper
    player, parent, path, action, odds = (np.array(column) for column in zip(*rows, strict=True))
    shape = (len(rows), WORLDS)
    gain, factor = rng.normal(size=shape), rng.uniform(0.4, 1.0, shape)
    return Steps(player, parent, path, action, np.repeat(odds[:, None], WORLDS, axis=1), gain, factor, aversion)


def _leaves(node: games.Node, way: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    if node[0] == "leaf":
        return [way]
    children = node[3] if node[0] == "move" else [child for _, child in node[1]]
    return [leaf for branch, child in enumerate(children) for leaf in _leaves(child, (*way, branch))]


def some_change(numbers: Numbers, seed: int) -> Change:
    """In any direction in which chances still sum to 1."""
    rng = np.random.default_rng(seed)
    assert numbers.steps is not None
    steps = StepChange(*(rng.normal(size=numbers.steps.gain.shape) for _ in STEP_NAMES))
    for group in chances(numbers.steps):
        steps.log_odds[group] -= (np.exp(numbers.steps.log_odds[group]) * steps.log_odds[group]).sum(axis=0)
    return Change(*(rng.normal(size=getattr(numbers, name).shape) for name in NAMES), steps)


def chances(steps: Steps) -> list[np.ndarray]:
    """The outcomes of each move of chance, as each player has it."""
    is_chance, players = steps.action < 0, int(steps.player.max()) + 1
    key = np.where(is_chance, (steps.parent + 1) * players + steps.player, -1)
    return [np.flatnonzero(key == one) for one in np.unique(key[is_chance])]


def shifted(numbers: Numbers, change: Change, step: float) -> Numbers:
    by_path = {name: getattr(numbers, name) + step * getattr(change, name) for name in NAMES}
    assert numbers.steps is not None
    assert change.steps is not None
    by_step = {name: getattr(numbers.steps, name) + step * getattr(change.steps, name) for name in STEP_NAMES}
    by_step["log_odds"] = summing_to_one(numbers.steps, by_step["log_odds"])
    return replace(numbers, **by_path, steps=replace(numbers.steps, **by_step))


def summing_to_one(steps: Steps, log_odds: np.ndarray) -> np.ndarray:
    found = np.zeros_like(log_odds)
    for group in chances(steps):
        found[group] = log_odds[group] - np.log(np.exp(log_odds[group]).sum(axis=0))
    return found


def differences(paths: games.Paths, numbers: Numbers, change: Change, step: float) -> np.ndarray:
    up, down = (np.exp(solve(paths, shifted(numbers, change, way * step)).log_behaviour) for way in (1, -1))
    return (up - down) / (2 * step)


@pytest.mark.parametrize(("seed", "averse"), CASES)
def test_change_of_behaviour(seed: int, averse: bool) -> None:
    game = random_game(seed)
    paths, numbers = games.paths_of(game), discounted(game, seed, averse)
    change = some_change(numbers, seed + 100)
    change = replace(change, log_chance=-np.abs(change.log_chance))
    numbers = replace(numbers, log_chance=numbers.log_chance - 0.01)
    found = solve(paths, numbers)
    assert found.is_found.all()
    exact = np.exp(found.log_behaviour) * moved(paths, numbers, found, change)
    near, far = (differences(paths, numbers, change, step) for step in (STEP, 2 * STEP))
    assert exact == pytest.approx((4 * near - far) / 3, abs=TOLERANCE, rel=TOLERANCE)


@pytest.mark.parametrize(("seed", "averse"), CASES)
def test_both_directions_agree(seed: int, averse: bool) -> None:
    game = random_game(seed)
    paths, numbers = games.paths_of(game), discounted(game, seed, averse)
    found = solve(paths, numbers)
    pull = np.random.default_rng(seed).normal(size=(2, paths.num_actions, WORLDS))
    by_number, change = pulled(paths, numbers, found, pull), some_change(numbers, seed + 200)
    assert along(by_number, change) == pytest.approx(
        (pull * moved(paths, numbers, found, change)).sum(axis=1), rel=1e-9, abs=1e-9
    )


def along(by_number: Change, change: Change) -> np.ndarray:
    pairs = [(getattr(by_number, name), getattr(change, name)) for name in NAMES]
    pairs += [(getattr(by_number.steps, name), getattr(change.steps, name)) for name in STEP_NAMES]
    return np.asarray(sum((slope * by).reshape(2, -1, WORLDS).sum(axis=1) for slope, by in pairs))


@pytest.mark.parametrize("averse", [False, True])
def test_where_some_actions_are_not_available(averse: bool) -> None:
    """What the first action of an infoset leads to is gone in two worlds of three."""
    game = random_game(3)
    paths, numbers = games.paths_of(game), discounted(game, 3, averse)
    wide = int(np.flatnonzero(np.diff(paths.first_action) > 1)[0])
    numbers.log_share[paths.first_action[wide], :2] = -np.inf
    found, change = solve(paths, numbers), some_change(numbers, 5)
    exact = np.exp(found.log_behaviour) * moved(paths, numbers, found, change)
    near, far = (differences(paths, numbers, change, step) for step in (STEP, 2 * STEP))
    assert exact == pytest.approx((4 * near - far) / 3, abs=TOLERANCE, rel=TOLERANCE)
    pull = np.random.default_rng(1).normal(size=(2, paths.num_actions, WORLDS))
    forward = (pull * moved(paths, numbers, found, change)).sum(axis=1)
    assert along(pulled(paths, numbers, found, pull), change) == pytest.approx(forward, rel=1e-9, abs=1e-9)
