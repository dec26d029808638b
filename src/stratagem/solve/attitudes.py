"""How exactly players choose and what they make of risk and time, in each world and for each type of a player (M5, M6, M9).

Takes a game's casts, drawn worlds and the expression table evaluated; gives arrays. Where no cast says otherwise it is the number of the world.

Axes: P players, W worlds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stratagem.graph.game import Cast, Floats, Game
from stratagem.graph.worlds import LEAST_ERROR, Worlds, in_range, precision_of
from stratagem.scenario.model import Scenario

UNDECIDED = {
    "precision": np.nan,
    "risk_aversion": 0.0,
    "discount": 1.0,
}  # of a player whose type chance has yet to decide
LIMITS = {
    "errors": (LEAST_ERROR, 0.5),
    "precision": (0.0, np.inf),
    "risk_aversion": (-np.inf, np.inf),
    "discount": (0.0, 1.0),
}


@dataclass(frozen=True)
class Attitudes:
    """Of all players, in all worlds."""

    precision: Floats  # [P, W]
    risk_aversion: Floats  # [P, W]
    discount: Floats  # [P, W]


def attitudes_in(game: Game, scenario: Scenario, worlds: Worlds, cast: Cast, table: Floats) -> Attitudes:
    """The attitudes under a cast. A player whose type is not decided yet counts at face value: what the game is worth to him is the mean over his types.

    Raises `WorldsError` where one is out of its range.
    """

    def of(field: str, name: str) -> Floats:
        known = getattr(worlds.players, field)
        if name in known:
            return np.asarray(known[name])
        rows = {key: table[row] for key, row in cast.items() if key[0] == name}
        for (_, one), values in rows.items():
            in_range(scenario, one.replace("_", " "), {name: values}, *LIMITS[one])
        if field == "precision" and (name, "errors") in rows:
            return np.asarray(precision_of(rows[name, "errors"], scenario.players[name].range or 1.0))
        return np.asarray(rows.get((name, field), np.full(len(worlds), UNDECIDED[field])))

    return Attitudes(*(np.array([of(field, name) for name in game.players]) for field in UNDECIDED))


def spanned(several: Sequence[Attitudes]) -> Attitudes:
    """What stands for all casts where one number is asked for: the greatest precision, the strongest attitude to risk, the least discount factor."""
    risks = np.array([one.risk_aversion for one in several])
    strongest = np.abs(risks).argmax(axis=0)
    return Attitudes(
        np.fmax.reduce([one.precision for one in several]),
        np.take_along_axis(risks, strongest[None], axis=0)[0],
        np.min([one.discount for one in several], axis=0),
    )
