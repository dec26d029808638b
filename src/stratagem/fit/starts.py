"""Where the climb begins: statistical backward induction, zero, and draws around both.

Backward induction fits the last moves first, each as an ordinary choice model given the chances estimated below it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stratagem.fit.jet import Floats, Jet, Number
from stratagem.fit.likelihood import Likelihood
from stratagem.fit.maximise import maximise
from stratagem.fit.model import Move
from stratagem.fit.problem import Problem
from stratagem.fit.tree import Tree


def starts(problem: Problem, count: int, seed: int) -> Floats:
    """`count` starts [S, P]: the informed one, zero, then draws, half of them near the informed one."""
    centre, unit = informed(problem)
    generator = np.random.default_rng(seed)
    draws = generator.standard_normal((max(count - 2, 0), len(centre)))
    is_near = (np.arange(len(draws)) % 2 == 0)[:, None]
    drawn = np.where(is_near, centre, _zero(problem, centre)) + draws * unit * np.where(is_near, 0.5, 1.0)
    return np.vstack([centre, _zero(problem, centre), drawn])[:count]


def informed(problem: Problem) -> tuple[Floats, Floats]:
    """The start that the data suggest [P], and the unit of draws around it [P]."""
    spreads = problem.design.spreads()
    if problem.model.kind == "ultimatum":
        return _ultimatum(problem)
    if problem.model.kind == "signalling":
        return np.zeros(len(spreads)), 0.5 / spreads
    return _backward(problem, spreads), 1 / spreads


def _zero(problem: Problem, centre: Floats) -> Floats:
    return np.zeros_like(centre) if problem.model.kind != "ultimatum" else centre


def _backward(problem: Problem, spreads: Floats) -> Floats:
    tree = Tree.of(problem.model)
    at = np.zeros((1, len(spreads)))
    done = np.zeros(len(spreads), bool)
    for move in reversed(problem.model.moves):
        mine = _coefficients_of(problem, tree, move) & ~done
        counts = {key: one for key, one in problem.observed.taken.items() if key[0] == move.name}
        if not mine.any() or len(counts) < 2:
            continue

        def of_rows(inputs: Sequence[Jet], rows: slice, counts: dict[tuple[str, int], Floats] = counts) -> Number:
            return tree.log_likelihood(inputs, {key: one[rows] for key, one in counts.items()}, {})

        found = maximise(Likelihood(problem.design, of_rows, problem.num_rows), at, spreads, mine)
        if np.abs(found.coefficients * spreads).max() < 20:
            at = np.asarray(found.coefficients, float)
        done |= mine
    return np.asarray(at[0], float)


def _coefficients_of(problem: Problem, tree: Tree, move: Move) -> NDArray[np.bool_]:
    """Which coefficients enter the mover's payoffs below a move."""
    below, todo = set(), list(move.leads_to)
    moves = {one.name: one for one in problem.model.moves}
    while todo:
        target = todo.pop()
        below.add(target)
        todo += moves[target].leads_to if target in moves else ()
    mine = np.zeros(len(problem.design), bool)
    for (player, outcome), at in tree.input_of_payoff.items():
        if player == move.player and outcome in below:
            mine[list(problem.design.inputs[at].index)] = True
    return mine


def _ultimatum(problem: Problem) -> tuple[Floats, Floats]:
    """Both reservation values where the mean offer suggests, scales of the spread of offers."""
    offer = problem.observed.offer
    assert offer is not None
    spread = max(float(offer.std()), 1e-3 * (problem.model.response.highest - problem.model.response.lowest))
    at, unit = np.zeros(len(problem.design)), spread / problem.design.spreads()
    for one in problem.design.inputs:
        for column, index in zip(one.matrix.T, one.index, strict=True):
            if not problem.design.is_constant[index] or np.ptp(column):
                continue
            if one.term.name.endswith("log scale"):
                at[index], unit[index] = np.log(spread / 2), 0.7
            elif one.term.name.startswith("responder"):
                at[index] = float(np.median(offer)) - spread / 2
            else:
                at[index] = problem.model.response.highest - float(np.median(offer)) - 2 * spread
    return at, unit
