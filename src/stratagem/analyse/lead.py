"""By how much a decision's preferred action leads, in any worlds: what flips look for the zeros of.

A decision is read in its likeliest situation (states that offer the same actions), over the states of it that a world reaches.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from stratagem.analyse.latent import Latent
from stratagem.analyse.options import nodes_by_situation, situations
from stratagem.analyse.pooling import Pooled, pool
from stratagem.analyse.study import Study
from stratagem.errors import UsageError, quote
from stratagem.graph.game import Floats, Ints
from stratagem.graph.worlds import Worlds
from stratagem.solve.columns import TRUTH
from stratagem.solve.onward import onward
from stratagem.solve.solution import SOLVED
from stratagem.solve.solve import Chunk, Solver
from stratagem.solve.sweep import action_values

if TYPE_CHECKING:
    from stratagem.analyse.lead_jax import ExactLead


@dataclass(frozen=True)
class Setting:
    """The decision under study: its solver, the states of its situation, and the actions there."""

    study: Study
    solver: Solver
    nodes: Ints
    options: tuple[int, ...]
    latent: Latent
    reach: Pooled  # how likely the situation is met
    best_in: Floats  # [options] in which share of the plays that meet it each action is worth most

    @cached_property
    def exact(self) -> ExactLead | None:
        """The lead with its exact slopes, where JAX is asked to sweep and behaviour has slopes: not at best reply."""
        if self.study.engine != "jax":
            return None
        from stratagem.analyse.lead_jax import ExactLead  # noqa: PLC0415 - seconds to load

        with suppress(UsageError):
            return ExactLead(self.study, self.latent, self.nodes)
        return None

    def values(self, worlds: Worlds) -> Floats:
        """[options, W]: what each action is worth to the mover, over the states reached; NaN where none is."""
        found = np.full((len(self.options), len(worlds)), np.nan)
        solver, nodes, made = self._again if self._is_everything_possible(worlds) else (self.solver, self.nodes, None)

        def look(chunk: Chunk) -> Floats:
            values = worth(solver, chunk, nodes)[0]
            if made is None:
                return values
            return np.where((chunk.inputs.tables[TRUTH][made] > 0).all(axis=0), values, np.nan)

        for place, values in solver.read_given(look, worlds):
            found[:, place] = values
        return found

    @cached_property
    def _again(self) -> tuple[Solver, Ints, Ints]:
        """A solver of what follows the history's public moves before it, the states of the situation there, and the shares of those moves."""
        game, request = self.solver.game, self.solver.request
        left = onward(game, tuple(one for one in request.history if one.step < game.step_of_node[self.nodes[0]]))
        nodes = np.flatnonzero(np.isin(left.nodes, self.nodes)).astype(np.int32)
        return Solver(left.game, self.solver.scenario, request), nodes, game.share_of_edge[left.made]

    def _is_everything_possible(self, worlds: Worlds) -> bool:
        """Whether players take every action that they have with some probability."""
        levels = (
            worlds.players.precision if self.solver.request.precision is None else {"": self.solver.request.precision}
        )
        return all(np.isfinite(level).all() for level in levels.values())

    def lead(self, worlds: Worlds, first: int) -> Floats:
        """[W]: how far action `first` leads the best of the others; negative where it is overtaken."""
        return lead_of(self.values(worlds), first)


def lead_of(values: Floats, first: int) -> Floats:
    """[W] how far one of the actions [options, W] leads the best of the others."""
    return np.asarray(values[first] - np.delete(values, first, axis=0).max(axis=0))


def worth(solver: Solver, chunk: Chunk, nodes: Ints) -> tuple[Floats, Floats]:
    """[options, W] what each action is worth to its mover over the states reached, NaN where none is; and [W] how likely one is."""
    game = solver.game
    player = game.steps[game.step_of_node[nodes[0]]].player
    reach = chunk.way.reach[nodes] * (chunk.status == SOLVED)
    total = reach.sum(axis=0)
    share = reach / np.where(total > 0, total, 1.0)
    first, count = game.first_edge[nodes], game.first_edge[nodes[0] + 1] - game.first_edge[nodes[0]]
    found = [
        (share * action_values(game, chunk.inputs, chunk.sweep, first + place, player)).sum(axis=0)
        for place in range(count)
    ]
    return np.where(total > 0, np.array(found), np.nan), total


def setting_of(study: Study, step: int) -> Setting:
    """The likeliest situation of a decision. Raises `UsageError` where it is met in no world."""
    solver = Solver(study.game, study.scenario, replace(study.request(step), has_truth=False))
    game = solver.game
    groups = nodes_by_situation(situations(game, step))
    met, whole = np.zeros((len(groups), study.worlds)), np.zeros(study.worlds)
    wins = [np.zeros(game.first_edge[nodes[0] + 1] - game.first_edge[nodes[0]]) for nodes in groups]

    def look(chunk: Chunk) -> tuple[Floats, list[tuple[Floats, Floats]]]:
        return chunk.way.reach[0] * (chunk.status == SOLVED), [worth(solver, chunk, nodes) for nodes in groups]

    for place, (root, found) in solver.read(look):
        whole[place] = root
        for group, (values, total) in enumerate(found):
            met[group, place] = total
            wins[group] += np.bincount(np.nan_to_num(values).argmax(axis=0), total, len(values))
    if not met.any():
        raise UsageError(f"{quote(game.steps[step].label)} is reached in no world; there is nothing to ask of it")
    likeliest = int(met.sum(axis=1).argmax())
    nodes = groups[likeliest]
    options = tuple(game.option_of_edge[game.first_edge[nodes[0]] : game.first_edge[nodes[0] + 1]].tolist())
    reach = pool(met[likeliest], whole)
    assert reach is not None
    best_in = wins[likeliest] / wins[likeliest].sum()
    return Setting(study, solver, nodes, options, Latent(study.scenario, study.perceptions), reach, best_in)
