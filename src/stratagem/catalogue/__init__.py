"""Scenario files that come with the package, and the loader of any scenario by name or path."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path

from stratagem.errors import StratagemError, near, one_of, quote
from stratagem.scenario.model import Scenario
from stratagem.scenario.read import parse_scenario, read_file_text

SUFFIX = ".yaml"
GAME_SUFFIX = ".efg"


@dataclass(frozen=True)
class Case:
    """A scenario with the text it was read from."""

    name: str
    file: str
    text: str

    @cached_property
    def scenario(self) -> Scenario:
        """The checked scenario. Raises `ScenarioError`."""
        return parse_scenario(self.text, self.file)

    @property
    def digest(self) -> str:
        """The SHA-256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def names() -> list[str]:
    """The names of the catalogue's scenarios."""
    return sorted(
        one.name.removesuffix(SUFFIX) for one in resources.files(__name__).iterdir() if one.name.endswith(SUFFIX)
    )


def load(name_or_path: str | Path) -> Case:
    """The scenario of a catalogue name or of a file. Raises `StratagemError` where there is none."""
    text = str(name_or_path)
    if text in names():
        return Case(text, f"{text}{SUFFIX}", (resources.files(__name__) / f"{text}{SUFFIX}").read_text("utf-8"))
    path = Path(text)
    try:
        is_file, is_folder = path.is_file(), path.is_dir()
    except (OSError, ValueError):
        is_file = is_folder = False
    if is_file and path.suffix.lower() == GAME_SUFFIX:
        raise StratagemError(f"{quote(text, 200)} is a game file, not a scenario; `solve` and `export` read it")
    if is_folder:
        raise StratagemError(f"{quote(text, 200)} is a folder; name a scenario file in it")
    if not is_file:
        raise StratagemError(
            f"no file and no catalogue scenario {quote(text)}{near(text, names())}; the catalogue has {one_of(names())}"
        )
    return Case(path.stem, text, read_file_text(path))


def template() -> str:
    """A small scenario to start from."""
    return (resources.files(__name__) / "template.txt").read_text("utf-8")
