"""Where histories stand between two nodes, until it is known which node they come to."""

from __future__ import annotations

from dataclasses import dataclass

from stratagem.graph.knowledge import Known
from stratagem.graph.transition import State

Event = tuple[int, int]
NOTHING = Known(())


@dataclass(slots=True, eq=False)
class Landing:
    """A place just before a step: the node that it turns out to be, or the place to which it leads on."""

    state: State
    known: Known
    events: tuple[Event, ...] = ()  # the questions read here, as (event, row)
    node: int | None = None
    onward: Landing | None = None

    @classmethod
    def at(cls, node: int) -> Landing:
        """A place that is a node."""
        return cls((), NOTHING, node=node)

    def resolved(self) -> tuple[int, tuple[Event, ...]]:
        """The node that a history comes to from here, and the questions read on the way."""
        passed: list[Landing] = []
        place = self
        while place.node is None:
            passed.append(place)
            assert place.onward is not None
            place = place.onward
        node, events = place.node, place.events
        for one in reversed(passed):
            events = one.events + events
            one.node, one.events = node, events
        return node, events
