"""Where the climb begins: of a tree statistical backward induction, zero, and draws around both.

Backward induction fits the last moves first, each as an ordinary choice model given the chances estimated below it. Of an
ultimatum game it begins around the means of the data; of a signalling game where constrained climbs end.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stratagem.fit import ultimatum
from stratagem.fit.constrained import constrained_starts
from stratagem.fit.jet import Floats, Jet, Number
from stratagem.fit.likelihood import Likelihood
from stratagem.fit.maximise import maximise
from stratagem.fit.model import Move
from stratagem.fit.problem import Problem
from stratagem.fit.tree import Tree


def starts(problem: Problem, count: int, seed: int, is_first: bool = True) -> Floats:
    """`count` starts [S, P]: first the informed one and, of a tree, zero; then draws, of a tree half of them around zero."""
    if problem.model.kind == "signalling":
        return constrained_starts(problem, count, seed, is_first)
    centre, unit = informed(problem)
    zero = np.zeros_like(centre)
    known = [centre] if problem.model.kind == "ultimatum" else [centre, zero]
    known = known[:count] if is_first else []
    draws = np.random.default_rng(seed).standard_normal((count - len(known), len(centre)))
    is_near = (np.arange(len(draws)) % 2 == 0)[:, None]
    around = np.where(is_near | (problem.model.kind == "ultimatum"), centre, zero)
    return np.vstack([*known, around + draws * unit * np.where(is_near, 0.5, 1.0)])


def informed(problem: Problem) -> tuple[Floats, Floats]:
    """The start that the data suggest [P], and the unit of draws around it [P]."""
    if problem.model.kind == "ultimatum":
        return _ultimatum(problem)
    return _backward(problem, problem.spreads()), 1 / problem.spreads()


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
    """Constants where the means of the data suggest, all else zero."""
    constants = ultimatum.start(problem.model, problem.observed)
    at, unit = np.zeros(len(problem.design)), 1 / problem.spreads()
    for one in problem.design.inputs:
        for column, index in zip(one.matrix.T, one.index, strict=True):
            if problem.design.is_constant[index] and not np.ptp(column):
                at[index] = constants[one.term.name]
    return at, unit
