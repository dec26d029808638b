"""One number at a time: where a decision flips, and how far the lead of the preferred action swings.

In the central world, by every threshold; over worlds, by the threshold nearest to each world.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import special

from stratagem.analyse.latent import Latent
from stratagem.analyse.lead import Setting, lead_of
from stratagem.analyse.zeros import zeros
from stratagem.graph.game import Floats

GRID = 31
REACH = 0.99  # how far into its distribution a number is varied
ROUNDING = 1e-12
SAMPLED_WORLDS = 48
COARSE = 5


@dataclass(frozen=True)
class Axis:
    """One number moved alone in the central world: where the decision flips, and how far the lead swings."""

    name: str
    centre: float
    low: float  # 5 % point
    high: float  # 95 % point
    lead_low: float
    lead_high: float
    thresholds: tuple[tuple[float, int], ...]  # value, and the action that overtakes or is overtaken there

    @property
    def swing(self) -> float:
        """How far the lead moves over the 90 % range."""
        return abs(self.lead_high - self.lead_low)

    def is_inside(self, value: float) -> bool:
        """Whether a value lies in the 90 % range."""
        return self.low <= value <= self.high


def _axis_names(latent: Latent) -> Iterator[str]:
    yield from latent.numbers
    for player, simplex in latent.simplices.items():
        yield from (f"{player}.weights.{stake}" for stake in simplex.stakes)


def _values_of(latent: Latent, name: str) -> Floats:
    """The 5 % point, the centre and the 95 % point of a number or weight, and a grid over its range."""
    u = np.concatenate([[0.05, 0.5, 0.95], np.linspace(1 - REACH, REACH, GRID)])
    if name in latent.numbers:
        return latent.number_at(name, special.ndtri(u))
    player, _, stake = name.split(".")
    values = np.quantile(latent.drawn_weights[player][stake], u)
    simplex = latent.simplices[player]
    values[1] = simplex.mean[simplex.stakes.index(stake)]
    return np.asarray(values)


def axes_of(setting: Setting, first: int) -> list[Axis]:
    """Every number moved alone in the central world, widest swing first; all thresholds are refined together."""
    names = list(_axis_names(setting.latent))
    moves = [(name, _values_of(setting.latent, name)) for name in names]
    worth = setting.values(setting.latent.varied(moves))
    lead = lead_of(worth, first).reshape(len(names), -1)
    brackets = [
        (name, values[3 + place], values[4 + place], leads[3 + place], leads[4 + place])
        for (name, values), leads in zip(moves, lead, strict=True)
        for place in np.flatnonzero(leads[3:-1] * leads[4:] < 0)
    ]
    found: dict[str, list[tuple[float, int]]] = {name: [] for name in names}
    for name, value, rival in _crossings(setting, brackets, first):
        found[name].append((value, rival))
    axes = [
        Axis(
            name,
            float(values[1]),
            float(values[0]),
            float(values[2]),
            float(leads[0]),
            float(leads[2]),
            tuple(found[name]),
        )
        for (name, values), leads in zip(moves, lead, strict=True)
    ]
    return sorted(axes, key=lambda axis: -axis.swing)


Bracket = tuple[str, float, float, float, float]


def _crossings(setting: Setting, brackets: list[Bracket], first: int) -> Iterator[tuple[str, float, int]]:
    """Where each lead changes sign between two values, and the action beyond."""
    if not brackets:
        return
    names = [one[0] for one in brackets]
    left, right, at_left, at_right = (np.array([one[place] for one in brackets]) for place in (1, 2, 3, 4))
    middle = zeros(lambda values: _lead_at(setting, names, values, first), left, right, at_left, at_right, ROUNDING)
    beyond = middle + np.where(at_left < 0, -1, 1) * 1e-7 * np.maximum(np.abs(middle), 1e-3)
    rivals = setting.values(setting.latent.varied(_pairs(names, beyond)))
    others = np.where(np.arange(len(rivals))[:, None] == first, -np.inf, rivals)
    yield from zip(names, middle.tolist(), others.argmax(axis=0).tolist(), strict=True)


def _lead_at(setting: Setting, names: list[str], values: Floats, first: int) -> Floats:
    return setting.lead(setting.latent.varied(_pairs(names, values)), first)


def _pairs(names: list[str], values: Floats) -> list[tuple[str, Floats]]:
    return [(name, np.array([value])) for name, value in zip(names, values, strict=True)]


def over_worlds(setting: Setting, names: list[str]) -> Iterator[tuple[str, Floats]]:
    """For each number, [worlds] the threshold nearest to the world's own value, moved alone through its 90 % range; NaN where none is.

    Worlds that do not meet the decision are left out. Between the values tried, the lead is taken as straight.
    """
    if not names:
        return
    sampled = setting.solver.sampled(SAMPLED_WORLDS)
    values = setting.values(sampled)
    is_met = ~np.isnan(values[0])
    preferred = np.nan_to_num(values).argmax(axis=0)
    z = special.ndtri(np.linspace(0.05, 0.95, COARSE))
    grids = {name: setting.latent.number_at(name, z) for name in names}
    moved = setting.values(setting.solver.sampled(SAMPLED_WORLDS, grids))
    moved = moved.reshape(len(values), SAMPLED_WORLDS, -1, COARSE)
    for place, (name, grid) in enumerate(grids.items()):
        own, worth, found = sampled.quantities[name], moved[:, :, place], np.full(SAMPLED_WORLDS, np.nan)
        for world in np.flatnonzero(is_met):
            at = np.append(grid, own[world])
            order = np.argsort(at, kind="stable")
            leads = lead_of(np.column_stack([worth[:, world], values[:, world]]), int(preferred[world]))
            found[world] = _nearest_zero(at[order], leads[order], own[world])
        yield name, found[is_met]


def _nearest_zero(at: Floats, leads: Floats, own: float) -> float:
    """The zero nearest to `own` of a lead that is straight between the places where it is known; NaN without one."""
    turns = np.flatnonzero(leads[:-1] * leads[1:] < 0)
    if not len(turns):
        return float("nan")
    zeros = at[turns] + (at[turns + 1] - at[turns]) * leads[turns] / (leads[turns] - leads[turns + 1])
    return float(zeros[np.abs(zeros - own).argmin()])
