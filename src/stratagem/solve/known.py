"""Numbers that nobody knows, as players read them: by their means (M6)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from stratagem.graph.game import Game
from stratagem.graph.means import mean, unknown_to_all
from stratagem.graph.worlds import Worlds
from stratagem.scenario.model import Scenario
from stratagem.scenario.quantities import amounts


def with_means(game: Game, scenario: Scenario, worlds: Worlds, held: Collection[str] = ()) -> Worlds:
    """The worlds as players see them: numbers that nobody knows at their means, while outcomes fall with the true ones.

    Numbers that are `held` to be known are left as they are.
    """
    names = [name for name in unknown_to_all(game, scenario) if name not in held]
    if not names:
        return worlds
    estimates = amounts(scenario)
    means = {name: np.full(len(worlds), mean(estimates[name])) for name in names}
    common = {**worlds.quantities, **means}
    perceived = dict.fromkeys(game.players, common)
    perceived.update(
        {
            player: {**worlds.perceived[player], **means, **_own_views(scenario, player, worlds)}
            for player in worlds.perceived
        }
    )
    return replace(worlds, perceived=perceived)


def _own_views(scenario: Scenario, player: str, worlds: Worlds) -> dict[str, np.ndarray]:
    return {name: worlds.perceived[player][name] for name in scenario.perceptions.get(player, {})}
