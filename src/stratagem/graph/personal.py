"""What a unit of a stake is worth to a player, where it turns on what not all know (M6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stratagem.graph.types import AT
from stratagem.scenario.estimate import Amount
from stratagem.scenario.formula import Formula
from stratagem.scenario.model import Player, Scenario
from stratagem.scenario.names import Symbols
from stratagem.scenario.quantities import hidden_weights

Worth = Mapping[str, Formula | Amount]  # by stake


def personal(scenario: Scenario, symbols: Symbols, facts: Iterable[str]) -> dict[str, Worth]:
    """The players whose payoff of a stake turns on a fact: what a unit of each stake is worth to them.

    Players whose weights not all know, or are drawn together, stand without formulas: there it is the type that says, or the world.
    """
    hidden, private = set(facts), hidden_weights(scenario)
    found: dict[str, Worth] = {}
    for name, player in scenario.players.items():
        worth = _worth(player)
        if name in private:
            found[name] = {}
        elif any(hidden & symbols.reads(symbols.tree(formula)) for formula in (*_formulas(worth), *_losses(player))):
            found[name] = worth
    return found


def reads_by_stake(scenario: Scenario, symbols: Symbols) -> dict[str, frozenset[str]]:
    """For each stake, the names that any player's payoff or weight of it reads."""
    private = hidden_weights(scenario)
    found: dict[str, frozenset[str]] = {}
    for name, player in scenario.players.items():
        if name in private and player.weights is not None:
            reads = dict.fromkeys(player.weights.stakes, frozenset([weights_slot(scenario, name)]))
        else:
            worth = _worth(player).items()
            reads = {s: symbols.reads(symbols.tree(one)) for s, value in worth for one in _formulas({s: value})}
        for stake in (stake for stake, one in scenario.stakes.items() if one.reference is not None):
            losses = (symbols.reads(symbols.tree(one)) for one in _losses(player))
            reads[stake] = reads.get(stake, frozenset()).union(*losses)
        for stake, names in reads.items():
            found[stake] = found.get(stake, frozenset()) | names
    return found


def drawn_weight(player: str, stake: str) -> str:
    """The name of a number of the world: a weight that is drawn with the player's others."""
    return f"{player}.weights.{stake}{AT}drawn"


def weights_slot(scenario: Scenario, player: str) -> str:
    """The name of the move by chance that decides a player's weights."""
    taken = {name for _, name, _ in scenario.known_quantities()}
    taken |= {*scenario.state, *scenario.forces, *scenario.moves, *scenario.definitions, *scenario.links}
    name = f"{player}_weights"
    while name in taken:
        name += "_"
    return name


def _worth(player: Player) -> Worth:
    return {**(player.payoffs or {}), **((player.weights.exact if player.weights else None) or {})}


def _losses(player: Player) -> Iterable[Formula]:
    if not player.is_raw and player.loss_aversion is not None and player.loss_aversion.formula is not None:
        yield player.loss_aversion.formula


def _formulas(worth: Worth) -> Iterable[Formula]:
    for value in worth.values():
        formula = value.formula if isinstance(value, Amount) else value
        if formula is not None:
            yield formula
