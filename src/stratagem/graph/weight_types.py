"""Weights that not all know, as a few equally likely types (M6).

The weights that worlds would draw are split in two across the direction in which they differ most, and each part again, until there are
as many parts as types; each type is the mean of its part, so its weights sum to 1 and keep their order.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from stratagem.graph.game import Floats
from stratagem.graph.worlds import prior_weights
from stratagem.scenario.model import Scenario


def weight_types(scenario: Scenario, player: str, count: int) -> list[dict[str, Fraction]]:
    """The types of a player's weights, each by stake."""
    drawn = prior_weights(scenario.model_copy(update={"taken_as_known": ["all"]}))[player]
    return [_whole(dict(zip(drawn, mean, strict=True))) for mean in _means(np.array(list(drawn.values())), count)]


def _means(weights: Floats, count: int) -> Iterator[Floats]:
    """The means of so many parts of weights [K, W], in the order of their direction."""
    if count == 1:
        yield weights.mean(axis=1)
        return
    gap = weights - weights.mean(axis=1, keepdims=True)
    direction = np.linalg.eigh(gap @ gap.T)[1][:, -1]
    direction = direction * np.sign(direction[np.abs(direction).argmax()])
    order = np.argsort(direction @ gap, kind="stable")
    cut = round(len(order) * (count // 2) / count)
    yield from _means(weights[:, order[:cut]], count // 2)
    yield from _means(weights[:, order[cut:]], count - count // 2)


def _whole(weights: dict[str, float]) -> dict[str, Fraction]:
    exact = {stake: Fraction(float(f"{weight:.12g}")) for stake, weight in weights.items()}
    total = sum(exact.values())
    return {stake: weight / total for stake, weight in exact.items()}
