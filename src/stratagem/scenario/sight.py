"""Who sees a move as it is made, and what it looks like to them (L16, M7)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from stratagem.scenario.model import Action, Chance, Move

KIND = "kind"


def listed(seen_by: str | list[str] | None) -> list[str]:
    """The names that `seen by` lists; none for `all`, `nobody` and where it is unstated."""
    if seen_by in (None, "all", "nobody"):
        return []
    names = seen_by.split(",") if isinstance(seen_by, str) else seen_by or []
    return [name.strip() for name in names]


def onlookers(item: Move | Chance, players: Collection[str]) -> frozenset[str]:
    """The players other than the mover who see a move as it is made, if only coarsely."""
    mover = {item.player} if isinstance(item, Move) else set()
    if item.seen_by is None:
        is_late = item.seen_after is not None and item.seen_as is None
        return frozenset() if is_late else frozenset(players) - mover
    return (frozenset(players) if item.seen_by == "all" else frozenset(listed(item.seen_by))) - mover


def looks(item: Move | Chance) -> Mapping[str, str] | None:
    """What each option looks like to those who see it coarsely; None where all are seen as they are."""
    if item.seen_as is None:
        return None
    if isinstance(item.seen_as, str):
        return {
            name: f"some {option.size_of}"
            for name, option in item.options.items()
            if isinstance(option, Action) and option.size_of is not None
        }
    return {name: look for look, names in item.seen_as.items() for name in names}
