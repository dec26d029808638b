"""What the names in a finding mean to a reader: titles of numbers, and of events written `move=option`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stratagem.show.numbers import clean

if TYPE_CHECKING:  # a forecast in a notebook loads no analysis
    from stratagem.analyse.briefing import Briefing

# `move[2]=option`, `player.weights.stake` or `some_number`, in backticks or not.
_NAME = re.compile(r"`?\b(?:[A-Za-z_]\w*(?:\[[0-9]+\])?=[A-Za-z_]\w*|\w+(?:\.\w+)+|[A-Za-z]+_\w+)\b`?")


@dataclass(frozen=True)
class Wording:
    """Titles by name; names without one stand as they are."""

    titles: Mapping[str, str] = field(default_factory=dict)  # of numbers
    events: Mapping[str, str] = field(default_factory=dict)  # of `move=option`

    @classmethod
    def of(cls, briefing: Briefing) -> Wording:
        """The titles of a briefing's scenario; a value of a number that chance decides unseen says of which number it is."""
        moves = briefing.scenario.moves
        events = {
            f"{label}={option.name}": option.title
            if step.label.partition("[")[0] in moves
            else f"{step.title}: {option.title}"
            for step in briefing.flow.steps
            for option in step.options
            for label in {step.label, step.label.partition("[")[0]}
        }
        return cls(briefing.titles, events)

    def name(self, text: object) -> str:
        """What is called by a name, or by several with commas between them."""
        known = {**self.events, **self.titles}
        return clean(", ".join(known.get(part, part) for part in str(text).split(", ")))

    def sentence(self, text: object) -> str:
        """A sentence with its events, and such numbers as no plain word could be, called by their titles."""
        return clean(_NAME.sub(lambda found: self._title(found.group()), str(text)))

    def _title(self, text: str) -> str:
        name = text.strip("`")
        title = self.events.get(name, self.titles.get(name))
        return text if title is None else f"“{title}”"
