"""What holds of every solution of the textbook solver, on drawn scenarios."""

from __future__ import annotations

import math
from typing import Any

import pytest
import strategies
from hypothesis import given, settings
from textbook import solve
from textbook_cases import near
from textbook_game import World


def some_world(data: dict[str, Any]) -> World:
    """A world of a drawn scenario with some number for everything that is uncertain."""
    names, players = data["quantities"]["known to all"], data["players"]
    views = data.get("perceptions", {}).items()
    return World(
        quantities={name: 0.3 + 0.1 * place for place, name in enumerate(names)},
        perceived={player: {name: 0.2 for name, held in view.items() if " to " in str(held)} for player, view in views},
        weights={name: even(one["weights"]) for name, one in players.items() if "known to" in one.get("weights", {})},
        traits={
            name: {key: 0.9 for key, stated in one.items() if " to " in str(stated)} for name, one in players.items()
        },
    )


def even(weights: dict[str, Any]) -> dict[str, float]:
    stakes = weights.get("swings") or weights["dirichlet"]
    return dict.fromkeys(stakes, 1 / len(stakes))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(strategies.scenarios())
def test_probabilities_sum_to_one_at_every_move_and_over_all_histories(data: dict[str, Any]) -> None:
    solution = solve(data, some_world(data))
    assert all(sum(choice.values()) == near(1) for choice in solution.behaviour.values())
    assert sum(solution.outcomes().values()) == near(1)
    assert solution.likelihood() == near(1)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(strategies.scenarios())
def test_a_neutral_player_values_the_root_at_his_expected_total(data: dict[str, Any]) -> None:
    """Without risk aversion, discount and loss aversion the value is each unit's worth times what the stake gathers."""
    solution = solve(data, some_world(data))
    for player, traits in solution.game.traits.items():
        plain = (traits["risk aversion"], traits["discount"], traits["loss aversion"]) == (0, 1, 1)
        if plain and not solution.game.is_raw(player):
            gathered = {stake: total - data["stakes"][stake]["start"] for stake, total in solution.stakes().items()}
            expected = sum(unit * gathered[stake] for stake, unit in solution.game.units[player].items())
            assert solution.true[player] == pytest.approx(expected, abs=1e-10)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(strategies.scenarios())
def test_a_best_reply_is_worth_at_least_every_other_action(data: dict[str, Any]) -> None:
    """Forced announced deviations at the root never pay the mover more by his own numbers."""
    solution = solve(data, some_world(data))
    first = data["timeline"][0]
    if math.isinf(solution.game.traits[first["player"]]["precision"]):
        for action in solution.behaviour[()]:
            forced = solve(data, some_world(data), announced={(first["move"], None): action})
            assert forced.believed[first["player"]] <= solution.believed[first["player"]] + 1e-9
