"""States after which the same follows in every world, brought together from the end (M2).

Takes the nodes of a layer, what follows each and what players know there; gives the one that stands for each. Liveness merges, on the
way, histories that no later formula tells apart; here come together those that formulas do tell apart, though it makes no difference.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from stratagem.graph.game import SEEN


@dataclass(frozen=True)
class Place:
    """A node of a layer: who moves, what may follow, what each player who still moves knows, and the state in words."""

    mover: int | None  # among those players; None for chance
    future: int  # a number for all that may follow
    known: tuple[int, ...]
    state: Mapping[str, str]


def merged(places: Sequence[Place], components: Sequence[int]) -> list[int]:
    """For each place the one that stands for it, itself in most cases.

    Places that players could take for one another are of one component. Where only one future may follow, that is common knowledge,
    whatever has been seen. Two other components are one where the same futures may follow, with the same told apart by the same
    players, if the mover is among those who tell: then he has nothing to infer from what lies before.
    """
    groups: dict[int, list[Place]] = {}
    for place, component in zip(places, components, strict=True):
        groups.setdefault(component, []).append(place)
    alike = {component: _signature(group) for component, group in groups.items()}
    first: dict[Hashable, int] = {}
    return [
        number if signature is None else first.setdefault((signature, _apart(place, names)), number)
        for number, (place, (signature, names)) in enumerate(
            zip(places, (alike[component] for component in components), strict=True)
        )
    ]


def _signature(group: Sequence[Place]) -> tuple[Hashable | None, tuple[str, ...]]:
    """What a component has in common with others that may stand for it, None where none may, and the variables that differ within."""
    if len({place.future for place in group}) == 1:
        return group[0].future, ()
    names = tuple(sorted(_differing([place.state for place in group])))
    known = {_apart(place, names): place.known for place in group}
    mover = group[0].mover
    can_tell = mover is None or len({one[mover] for one in known.values()}) == len(known)
    if not can_tell or len(known) < len(group):
        return None, ()
    order = sorted(known)
    players = range(len(group[0].known))
    return (tuple(order), tuple(_partition([known[one][player] for one in order]) for player in players)), names


def _apart(place: Place, names: Sequence[str]) -> tuple[int, tuple[str, ...]]:
    """What follows a place, and what tells it from others of its component."""
    return place.future, tuple(place.state.get(name, "") for name in names)


def _differing(states: Sequence[Mapping[str, str]]) -> set[str]:
    """The variables that differ among states, but for what has been seen."""
    names = {name for state in states for name in state} - {SEEN}
    return {name for name in names if len({state.get(name) for state in states}) > 1}


def _partition(labels: Sequence[int]) -> tuple[int, ...]:
    """Which of several labels are alike, each named by the first place where it stands."""
    return tuple(labels.index(one) for one in labels)


def agreed(states: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """The variables that several states have in common, with their values."""
    return {name: value for name, value in states[0].items() if all(one.get(name) == value for one in states[1:])}
