"""The steps of all paths as trees, for players whose payoffs do not add up along a path.

Axes: W worlds, P players, T steps, Z paths, A actions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Steps:
    """One tree for each such player, steps in the order of their depth, and siblings side by side."""

    player: Ints  # [T] whose tree
    parent: Ints  # [T] -1 for the first steps
    path: Ints  # [T] -1 unless the step is the last of a path
    action: Ints  # [T] -1 for chance
    log_odds: Floats  # [T, W] of chance as the player has it; 0 for actions, -inf for what cannot happen
    gain: Floats  # [T, W] of the player; of a last step, with what follows the path
    factor: Floats  # [T, W] by which what follows the step is discounted
    aversion: Floats  # [P, W]
    log_tremble: Floats | None = None  # [T, W] log odds that a step which cannot happen counts with; 0 where None

    @cached_property
    def levels(self) -> list[Ints]:
        """The steps of each depth."""
        depth = np.zeros(len(self.parent), np.int64)
        for step in np.flatnonzero(self.parent >= 0):
            depth[step] = depth[self.parent[step]] + 1
        return np.split(np.arange(len(depth)), np.flatnonzero(np.diff(depth)) + 1)

    @cached_property
    def some_path(self) -> Ints:
        """[T] a path that takes the step."""
        found = self.path.copy()
        for level in self.levels[:0:-1]:
            found[self.parent[level]] = found[level]
        return found

    def part(self, worlds: slice | NDArray[np.int64] | NDArray[np.bool_]) -> Steps:
        """Some of the worlds."""
        cut = {name: getattr(self, name)[:, worlds] for name in ("log_odds", "gain", "factor", "aversion")}
        return replace(self, **cut, log_tremble=None if self.log_tremble is None else self.log_tremble[:, worlds])

    def left(self, is_path: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """[T] which steps are left where some of the paths [Z] are."""
        is_left = np.where(self.path >= 0, is_path[self.path], False)
        for level in self.levels[:0:-1]:
            np.logical_or.at(is_left, self.parent[level], is_left[level])
        return is_left

    def kept(self, is_path: NDArray[np.bool_], is_action: NDArray[np.bool_]) -> Steps:
        """The steps that are left where some of the paths and of the actions are."""
        is_left = self.left(is_path)
        step, path, action = (np.cumsum(one) - 1 for one in (is_left, is_path, is_action))
        return replace(
            self,
            player=self.player[is_left],
            parent=np.where(self.parent >= 0, step[self.parent], -1)[is_left],
            path=np.where(self.path >= 0, path[self.path], -1)[is_left],
            action=np.where(self.action >= 0, action[self.action], -1)[is_left],
            log_odds=self.log_odds[is_left],
            gain=self.gain[is_left],
            factor=self.factor[is_left],
            log_tremble=None if self.log_tremble is None else self.log_tremble[is_left],
        )
