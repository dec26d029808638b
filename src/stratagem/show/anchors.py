"""Where things stand in a report, so that every judgement can link to what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from stratagem.analyse.briefing import Briefing
from stratagem.analyse.finding import Table
from stratagem.analyse.grounds import Grounds
from stratagem.show.grids import Grid, GridCell, grid_of, words
from stratagem.show.numbers import clean
from stratagem.show.wording import Wording

Link = tuple[str, str]  # text, target


@dataclass(frozen=True)
class GroundLinks:
    """What a judgement rests on, as links."""

    summary: str
    places: tuple[Link, ...]
    assumed: tuple[Link, ...]


class Anchors:
    """The names of the places of a report. Names of elements are plain by rule L2; places of sources are free text and are numbered."""

    def __init__(self, briefing: Briefing) -> None:
        self.place_ids = {
            (one.source, one.place): f"place-{number}" for number, one in enumerate(briefing.sources.places, start=1)
        }
        self.sources = {name for name, _ in briefing.sources.sources}
        self.numbers = {name for name, _, _ in briefing.numbers}

    def place(self, source: str, place: str) -> Link | None:
        """A link to a place of a source, or to the source."""
        text = clean(f"{source} {place}".strip())
        if (source, place) in self.place_ids:
            return text, f"#{self.place_ids[source, place]}"
        return (text, f"#source-{source}") if source in self.sources else None

    def number(self, name: str) -> Link:
        """A link to a number in the check of assumptions."""
        return clean(name), f"#number-{name}"

    def named(self, text: object, wording: Wording) -> GridCell:
        """A cell of text; the name of a number becomes its title and links to the check of assumptions."""
        player, _, rest = str(text).partition(".")
        owner = f"{player}.weights" if rest.startswith("weights.") else str(text)
        return words(wording.name(text), f"#number-{owner}" if owner in self.numbers else None)

    def grid_of(self, table: Table, wording: Wording) -> Grid:
        """The table of a finding, with names in words that link to the check of assumptions."""
        return grid_of(table, wording, self.named)

    def grounds(self, grounds: Grounds | None) -> GroundLinks | None:
        """Everything a judgement rests on, as links."""
        if grounds is None:
            return None
        places = tuple(link for one in grounds.places if (link := self.place(*one)) is not None)
        assumed = tuple(self.number(name) for name in grounds.assumed)
        summary = f"{_counted(len(places), 'paragraph')} and {_counted(len(assumed), 'assumption')}"
        return GroundLinks(summary, places, assumed)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def web_address(text: str | None) -> str | None:
    """An address that a page may link to: http or https, and nothing else.

    >>> web_address("javascript:alert(1)"), web_address("https://example.org/a")
    (None, 'https://example.org/a')
    """
    if text is None:
        return None
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        return None
    return text.strip() if parts.scheme.lower() in ("http", "https") and parts.netloc else None
