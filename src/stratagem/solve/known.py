"""Numbers that nobody knows, as players read them: by their means (M6)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from stratagem.graph.game import Floats, Game
from stratagem.graph.means import mean, unknown_to_all
from stratagem.graph.values import formula_values
from stratagem.graph.worlds import Worlds
from stratagem.scenario.model import Scenario
from stratagem.scenario.quantities import amounts, resolved


def with_means(game: Game, scenario: Scenario, worlds: Worlds, held: Collection[str] = ()) -> Worlds:
    """The worlds as players see them: numbers that nobody knows at their means, while outcomes fall with the true ones.

    Numbers that are `held` to be known are left as they are.
    """
    means = {name: values for name, values in _means(game, scenario, worlds).items() if name not in held}
    if not means:
        return worlds
    common = {**worlds.quantities, **means}
    perceived = _perceived(scenario, worlds, means)
    return replace(worlds, perceived={player: perceived.get(player, common) for player in game.players})


def at_means(game: Game, scenario: Scenario, worlds: Worlds) -> Worlds:
    """The worlds as they are in the mean over what nobody knows: such numbers stand at their means for all, and in truth."""
    means = _means(game, scenario, worlds)
    return replace(worlds, quantities={**worlds.quantities, **means}, perceived=_perceived(scenario, worlds, means))


def _means(game: Game, scenario: Scenario, worlds: Worlds) -> dict[str, Floats]:
    estimates = amounts(scenario)
    return {name: np.full(len(worlds), mean(estimates[name])) for name in unknown_to_all(game, scenario)}


def _perceived(scenario: Scenario, worlds: Worlds, means: Mapping[str, Floats]) -> dict[str, dict[str, Floats]]:
    """What those hold who hold a number to be other than it is: the means too, but where they have a view of their own, and then its mean."""
    found: dict[str, dict[str, Floats]] = {}
    for player, numbers in worlds.perceived.items():
        found[player] = {**numbers, **means}
        for name, view in scenario.perceptions.get(player, {}).items():
            if name in means and view.estimate is not None:
                found[player][name] = np.full(len(worlds), mean(resolved(scenario, view.estimate)))
            elif name in means and view.formula is not None:
                found[player][name] = formula_values(scenario, view.formula, worlds.quantities, len(worlds))
    return found
