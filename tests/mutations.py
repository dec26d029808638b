"""Scenario texts spoiled at random, for tests of what reads them: by line, by character, by depth, by kind of value."""

from __future__ import annotations

import random
from collections.abc import Callable
from importlib import resources
from pathlib import Path

CATALOGUE = sorted(one.name for one in resources.files("stratagem.catalogue").iterdir() if one.name.endswith(".yaml"))
BROKEN = sorted((Path(__file__).parent / "broken").glob("*.yaml"))
ODD_VALUES = (
    "", "~", "true", "no", "012", "1e400", "-1e-400", ".inf", "9" * 400, "-0", "0x1F", "12:30:45", "2022-13-45", "[]", "{}",
    "[[[[1]]]]", "{a: {b: {c: d}}}", "'", '"', "a: b", "- x", "&a b", "*a", "!!int 3", "|", ">-", "? x", "%", "@", "`", "# c",
    "1 +", "((((1))))", "1 = 2", "a.b.c", "x" * 3000, "1+" * 1500 + "1", "(" * 300, "not " * 400 + "true",
    "if true then 1 else " * 80 + "1", "ever(ever(x))", "1 to 0", "one of " + "1 , " * 50 + "x", "beta(" + "1 ,  " * 60,
    "0 of 0", "uniform 1 to 1", "-1e308 to 1e308", "1e-320 to 1e-310", "{choice: {a: b}}", "2 rounds", "0 days", "3 in 0 to 9999",
    "\u0430\u0435\u043e", "\uff50\uff41\uff59", "\u202etitle", "\u200b", "\ufeff", "\x00", "\x85", "\u2028", "\U0001f600", "\ud800",
)  # fmt: skip
ODD_CHARACTERS = "\t :-#[]{},&*!|>'\"%@`?=()^/\\\r\n\x07\u00a0\u0301\u2029\U000e0041é漢"
Spoil = Callable[[random.Random, list[str]], None]


def catalogue_text(name: str) -> str:
    """The text of a scenario of the catalogue."""
    return (resources.files("stratagem.catalogue") / name).read_text("utf-8")


def mutated(text: str, seed: int) -> str:
    """A text spoiled in one to four ways; the same seed spoils it alike."""
    chance = random.Random(seed)
    lines = text.split("\n")
    for _ in range(chance.randint(1, 4)):
        chance.choice(SPOILS)(chance, lines)
    return "\n".join(lines)


def _delete(chance: random.Random, lines: list[str]) -> None:
    start = chance.randrange(len(lines))
    del lines[start : start + chance.choice((1, 1, 1, 5))]
    lines.append("")


def _repeat(chance: random.Random, lines: list[str]) -> None:
    place = chance.randrange(len(lines))
    lines.insert(place, lines[place])


def _swap(chance: random.Random, lines: list[str]) -> None:
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]


def _shift(chance: random.Random, lines: list[str]) -> None:
    place = chance.randrange(len(lines))
    lines[place] = " " * chance.randint(1, 9) + lines[place].lstrip()


def _character(chance: random.Random, lines: list[str]) -> None:
    place = chance.randrange(len(lines))
    at = chance.randint(0, len(lines[place]))
    lines[place] = lines[place][:at] + chance.choice(ODD_CHARACTERS) + lines[place][at + chance.randint(0, 1) :]


def _misspell(chance: random.Random, lines: list[str]) -> None:
    place = chance.randrange(len(lines))
    line = lines[place]
    if len(line) > 2:
        at = chance.randrange(len(line) - 1)
        lines[place] = line[:at] + line[at + 1] + line[at] + line[at + 2 :]


def _value(chance: random.Random, lines: list[str]) -> None:
    """Put an odd value where one stood, in block or in flow style."""
    places = [place for place, line in enumerate(lines) if ": " in line]
    if places:
        place = chance.choice(places)
        cuts = [at for at in range(len(lines[place])) if lines[place].startswith(": ", at)]
        at = chance.choice(cuts) + 2
        end = min((lines[place].find(one, at) for one in ",}" if one in lines[place][at:]), default=len(lines[place]))
        lines[place] = lines[place][:at] + chance.choice(ODD_VALUES) + lines[place][end:]


def _truncate(chance: random.Random, lines: list[str]) -> None:
    del lines[chance.randrange(len(lines)) + 1 :]
    lines[-1] = lines[-1][: chance.randint(0, len(lines[-1]))]


def _nest(chance: random.Random, lines: list[str]) -> None:
    place = chance.randrange(len(lines))
    depth = chance.choice((3, 31, 200, 20_000))
    lines[place] += chance.choice(("[", "{a: ", "- ", "? ")) * depth


SPOILS: tuple[Spoil, ...] = (
    _delete, _repeat, _swap, _shift, _character, _character, _misspell, _misspell, _value, _value, _value, _truncate, _nest,
)  # fmt: skip
