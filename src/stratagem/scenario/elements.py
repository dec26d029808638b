"""The elements of a scenario by the names that claims use (L23), and where each one's numbers come from (L4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stratagem.scenario.model import Scenario
from stratagem.scenario.part import Sourced

SECTIONS = (
    "players", "actors", "alliances", "theatres", "forces", "state", "stakes", "definitions", "links", "questions",
    "facts", "sources", "outcomes", "revealed",
)  # fmt: skip


@dataclass(frozen=True)
class Provenance:
    """Where an element's numbers come from: a reference, an assumption, or neither."""

    source: str | None
    assumption: str | None
    is_inherited: bool = False


def elements(scenario: Scenario) -> dict[str, str]:
    """Every element's name and its kind; a move's action is `move.action`, a perception `player.quantity`."""
    found: dict[str, str] = {}
    for section in SECTIONS:
        found.update(dict.fromkeys(getattr(scenario, section), section.removesuffix("s")))
    for _, name, _ in scenario.known_quantities():
        found[name] = "quantity"
    for player, views in scenario.perceptions.items():
        found.update({f"{player}.{name}": "perception" for name in views})
    for player, one in scenario.players.items():
        found[f"{player}.weights"] = "weights"
        for field in ("precision", "errors", "risk_aversion", "loss_aversion", "discount"):
            if getattr(one, field) is not None:
                found[f"{player}.{field}"] = "attitude"
    for force in scenario.forces:
        found.update({f"{force}.{place}": "stock" for place in (*scenario.theatres, "reserve", "lost")})
    for _, item in scenario.items():
        found[item.id] = "move"
        found.update({f"{item.id}.{name}": "action" for name in item.options})
    found["history"] = "history"
    return found


def numbers(scenario: Scenario) -> Iterator[tuple[str, str, Provenance]]:
    """Every element that carries numbers: its name, how it is written, and its provenance."""
    for who, name, quantity in scenario.known_quantities():
        yield name, f"{quantity.is_.text} (known to {who})", _provenance(scenario, quantity)
    for name, player in scenario.players.items():
        if player.weights is not None:
            yield f"{name}.weights", "weights", _provenance(scenario, player.weights, player)
        for field in ("precision", "errors", "risk_aversion", "loss_aversion", "discount"):
            amount = getattr(player, field)
            if amount is not None and not isinstance(amount, str):
                text = amount.estimate.text if amount.estimate is not None else amount.formula.text
                yield f"{name}.{field}", text, _provenance(scenario, player)
    for name, force in scenario.forces.items():
        yield (
            name,
            ", ".join(f"{place}: {formula.text}" for place, formula in force.stock.items()),
            _provenance(scenario, force),
        )
    for name, stake in scenario.stakes.items():
        yield name, f"worst {stake.worst:g}, best {stake.best:g}", _provenance(scenario, stake)
    for player_name, views in scenario.perceptions.items():
        for quantity_name, view in views.items():
            text = view.estimate.text if view.estimate is not None else view.formula.text if view.formula else ""
            yield f"{player_name}.{quantity_name}", text, _perceived(scenario, quantity_name)
    for _, item in scenario.items():
        for name, option in item.options.items():
            yield f"{item.id}.{name}", "effects", _provenance(scenario, option, item)


def _perceived(scenario: Scenario, name: str) -> Provenance:
    quantity = next(one for _, found, one in scenario.known_quantities() if found == name)
    return _provenance(scenario, quantity)


def _provenance(scenario: Scenario, *parts: Sourced) -> Provenance:
    for depth, part in enumerate(parts):
        if part.source is not None or part.assumption is not None:
            return Provenance(part.source, part.assumption, is_inherited=depth > 0)
    return Provenance(scenario.source, None, is_inherited=True)
