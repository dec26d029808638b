"""Who has seen what: the knowledge that keeps histories apart, and where it ends (M2, M7).

Takes a timeline; gives, for each player, a number that stands for all that he has seen. Two histories with one number are one to him.
Where all histories that anyone could take for one another agree in their future, that future is common knowledge, and what
was seen on the way no longer matters: there knowledge begins anew, and histories merge as in a public game.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from stratagem.graph.game import PublicSight
from stratagem.graph.timeline import Timeline
from stratagem.scenario.model import Move
from stratagem.scenario.sight import looks, onlookers

BLANK = 0
PASSED_BY = "(passed by)"


@dataclass(frozen=True)
class Sight:
    """What a player sees of a step: when, and each option as what (None: as it is)."""

    player: int
    due: int
    seen_as: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Known:
    """What all players know on one history, and what of it they will yet see."""

    of_player: tuple[int, ...]
    pending: tuple[tuple[int, int, int, str], ...] = ()  # (due, player, step, what)


class Knowledge:
    """Numbers for what is known; one a scenario."""

    def __init__(self, players: Sequence[str], timeline: Timeline) -> None:
        self.players = tuple(players)
        self.timeline = timeline
        self.sights = [tuple(self._sights(number)) for number in range(len(timeline.steps))]
        self.interested = self._interested()
        self._number: dict[Hashable, int] = {None: BLANK}
        self._seen: list[tuple[tuple[int, str], ...]] = [()]

    @property
    def is_common(self) -> bool:
        """Whether all that matters is seen by all who still move, at once: a public game."""
        return all(
            (sight.due == number + 1 and sight.seen_as is None) or sight.player not in self.interested[number + 1]
            for number, sights in enumerate(self.sights)
            for sight in sights
        ) and all(
            {sight.player for sight in sights} >= self.interested[number + 1]
            for number, sights in enumerate(self.sights)
        )

    def _interested(self) -> list[frozenset[int]]:
        """For each step, the players who move there or later: what the others know changes nothing."""
        found = [frozenset[int]()]
        for step in reversed(self.timeline.steps):
            mover = {self.players.index(step.item.player)} if isinstance(step.item, Move) else set()
            found.append(found[-1] | mover)
        return found[::-1]

    def _sights(self, number: int) -> Iterable[Sight]:
        step = self.timeline.steps[number]
        at_once = self.timeline.together_until(number)
        seen = onlookers(step.item, self.players)
        alike = looks(step.item) or None
        for place, name in enumerate(self.players):
            if isinstance(step.item, Move) and step.item.player == name:
                yield Sight(place, number + 1, None)
                continue
            if name in seen:
                yield Sight(place, at_once, alike)
            if step.item.seen_after is not None and (name not in seen or alike is not None):
                due = self.timeline.due(number, step.item.seen_after)
                if due < len(self.timeline.steps):
                    yield Sight(place, max(due, at_once), None)

    def look(self, number: int, player: int) -> tuple[str, ...] | None:
        """What each option of a step looks like to a player when he first sees it; None where he never does."""
        sights = sorted((one for one in self.sights[number] if one.player == player), key=lambda one: one.due)
        options = self.timeline.steps[number].item.options
        return tuple(_as_seen(sights[0], option) for option in options) if sights else None

    def public(self, number: int) -> tuple[PublicSight, ...]:
        """When all players have seen a step, and as what: at once, late, or first coarsely and then as it is."""
        timeline = self.timeline
        item = timeline.steps[number].item
        mover = {item.player} if isinstance(item, Move) else set()
        is_seen = onlookers(item, self.players) >= set(self.players) - mover
        coarse = looks(item)
        found = []
        if is_seen:
            seen_as = tuple((coarse or {}).get(option, option) for option in item.options)
            found.append(PublicSight(timeline.together_until(number), timeline.date(number), seen_as))
        if item.seen_after is not None and (coarse or not is_seen):
            due = timeline.due(number, item.seen_after)
            if due < len(timeline.steps):
                found.append(PublicSight(due, timeline.date_after(number, item.seen_after), tuple(item.options)))
        return tuple(found)

    def start(self) -> Known:
        """Before anything happened."""
        return Known((BLANK,) * len(self.players))

    def after(self, known: Known, number: int, option: str | None) -> Known:
        """What is known, and will be, once `option` was taken at a step; None where the step was passed by."""
        news = [
            (sight.due, sight.player, number, _as_seen(sight, option))
            for sight in self.sights[number]
            if option is not None or self.timeline.steps[number].item.if_ is not None
        ]
        return Known(known.of_player, (*known.pending, *news)) if news else known

    def at(self, known: Known, number: int) -> Known:
        """What is known just before a step, by those who still move."""
        interested = self.interested[number]
        of_player = [one if player in interested else BLANK for player, one in enumerate(known.of_player)]
        left = []
        for due, player, step, what in sorted(known.pending, key=lambda one: one[0]):
            if player not in interested:
                continue
            if due <= number:
                before = of_player[player]
                of_player[player] = self._numbered((before, step, what), (*self._seen[before], (step, what)))
            else:
                left.append((due, player, step, what))
        return Known(tuple(of_player), tuple(left))

    def seen(self, known: int) -> tuple[tuple[int, str], ...]:
        """What a number stands for: the steps seen since knowledge began anew, and what they looked like."""
        return self._seen[known]

    def _numbered(self, key: Hashable, seen: tuple[tuple[int, str], ...]) -> int:
        number = self._number.setdefault(key, len(self._number))
        if number == len(self._seen):
            self._seen.append(seen)
        return number

    def settled(self, number: int, standing: Sequence[tuple[Known, Hashable]]) -> list[Known]:
        """What is known just before a step on each of all histories that come there, given the future of each.

        Histories are in one component where a chain of players could take one for the next. A component of one future is
        common knowledge, and begins anew.
        """
        interested = sorted(self.interested[number])
        component = components([[known.of_player[player] for player in interested] for known, _ in standing])
        futures: dict[int, set[Hashable]] = {}
        for place, (_, future) in zip(component, standing, strict=True):
            futures.setdefault(place, set()).add(future)
        return [
            self._anew(number, future) if len(futures[place]) == 1 else known
            for place, (known, future) in zip(component, standing, strict=True)
        ]

    def _anew(self, number: int, future: Hashable) -> Known:
        mark = self._numbered(("anew", number, future), ())
        interested = self.interested[number]
        return Known(tuple(mark if player in interested else BLANK for player in range(len(self.players))))


def components(known: Sequence[Sequence[int]]) -> list[int]:
    """For each history the first one that it is linked with, by what a player has seen who takes one for the other.

    `known` holds, for each history, a number for each player.
    """
    parent = list(range(len(known)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    first: dict[tuple[int, int], int] = {}
    for place, one in enumerate(known):
        for seen in enumerate(one):
            a, b = root(place), root(first.setdefault(seen, place))
            parent[max(a, b)] = min(a, b)
    return [root(place) for place in range(len(known))]


def _as_seen(sight: Sight, option: str | None) -> str:
    if option is None:
        return PASSED_BY
    return option if sight.seen_as is None else sight.seen_as.get(option, option)
