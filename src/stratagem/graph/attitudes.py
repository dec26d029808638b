"""How exactly a player chooses and what he makes of risk and time, where that turns on what not all know (M5, M6, M9).

Takes a scenario and the numbers that chance decides within the game; gives formulas. Types of the player then differ in precision or attitude.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from stratagem.scenario.formula import Formula
from stratagem.scenario.model import Scenario
from stratagem.scenario.names import Symbols

WHERE_HE_MOVES = ("precision", "errors")
THROUGHOUT = ("risk_aversion", "discount")  # they count wherever anything is decided after which he gains
WITH_PAYOFFS = ("loss_aversion",)  # a part of what stakes are worth to him

Attitudes = Mapping[tuple[str, str], Formula]  # by player and field


def private_attitudes(
    scenario: Scenario,
    symbols: Symbols,
    facts: Collection[str],
    fields: tuple[str, ...] = (*WHERE_HE_MOVES, *THROUGHOUT),
) -> Attitudes:
    """The players' numbers that read a fact."""
    found: dict[tuple[str, str], Formula] = {}
    for name, player in scenario.players.items():
        for field in fields:
            amount = getattr(player, field)
            formula = None if amount is None else amount.formula
            if formula is not None and not symbols.reads(symbols.tree(formula)).isdisjoint(facts):
                found[name, field] = formula
    return found
