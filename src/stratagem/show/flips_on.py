"""What flips on each number: the thresholds of a flips finding, put beside the assumption that they belong to."""

from __future__ import annotations

from dataclasses import dataclass

from stratagem.analyse.briefing import Briefing
from stratagem.analyse.finding import Cell, Table
from stratagem.analyse.short_answer import rows, table
from stratagem.show.findings import shown
from stratagem.show.grids import GridCell, words
from stratagem.show.wording import Wording


@dataclass(frozen=True)
class FlipsOn:
    """The last column of the check of assumptions, and the note that says what it holds; both empty where nothing was found out."""

    head: tuple[str, ...] = ()
    note: str | None = None
    thresholds: Table | None = None
    moved: frozenset[str] = frozenset()
    wording: Wording | None = None

    @classmethod
    def of(cls, briefing: Briefing) -> FlipsOn:
        """What flips the main decision of a briefing."""
        finding = next((one for one in briefing.findings if one.kind == "flips"), None)
        if finding is None:
            return cls()
        moved = frozenset(str(row["number"]) for row in rows(table("tornado", finding)))
        note = f"what flips on it: the value at which {finding.manifest['decision']} flips where this number alone is moved in the central world"
        return cls(("what flips on it",), note, table("thresholds", finding), moved, Wording.of(briefing))

    def cells(self, name: str) -> tuple[GridCell, ...]:
        """What flips on the number of that name, or on the weights of that player."""
        if not self.head:
            return ()
        own = [row for row in rows(self.thresholds) if _belongs(str(row["number"]), name)]
        inside = [self._told(row, name) for row in own if row["where"] == "inside"]
        if inside:
            return (words("; ".join(inside)),)
        if own:
            return (words("nothing within its 90 % range"),)
        return (words("nothing by itself" if any(_belongs(one, name) for one in self.moved) else None),)

    def _told(self, row: dict[str, Cell], name: str) -> str:
        assert self.thresholds is not None
        assert self.wording is not None
        column = next(one for one in self.thresholds.columns if one.name == "threshold")
        which = "" if row["number"] == name else f"{self.wording.name(row['number']).partition(': ')[2]}: "
        return f"{which}at {shown(row['threshold'], column)}, to “{row['to']}”"


def _belongs(moved: str, name: str) -> bool:
    return moved == name or moved.startswith(f"{name}.")
