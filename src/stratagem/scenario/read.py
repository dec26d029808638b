"""Text to a checked `Scenario`, or every fault of it.

The one way into the language: bounds and syntax (`text`), shape (`model`, `repair`), meaning (`check`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from stratagem.errors import Fault, ScenarioError, StratagemError, quote
from stratagem.scenario.check import check
from stratagem.scenario.model import Scenario
from stratagem.scenario.repair import validated
from stratagem.scenario.text import MAX_BYTES, Document, TextFault, read_text


def read_scenario(file: str | Path) -> Scenario:
    """The scenario in a file. Raises `ScenarioError` with all its faults, `StratagemError` where it cannot be read."""
    return parse_scenario(read_file_text(Path(file)), str(file))


def read_file_text(path: Path) -> str:
    """The text of a file within bounds. Raises `ScenarioError` or `StratagemError`."""
    try:
        if path.stat().st_size > MAX_BYTES:
            fault = Fault(1, 1, "a file over 1 MiB", "a scenario is at most 1 MiB; split it", "L1")
            raise ScenarioError(str(path), [fault])
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StratagemError(f"cannot read {quote(path)}: {reason}") from None
    return decode(content, str(path))


def decode(content: bytes, file: str) -> str:
    """The text of a file. Raises `ScenarioError` at the first byte that is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        fault = Fault(line, column, f"the byte 0x{content[error.start]:02X}, which is not UTF-8", "text in UTF-8", "L1")
        raise ScenarioError(file, [fault]) from None


def parse_scenario(text: str, file: str = "scenario") -> Scenario:
    """The scenario that a text states; `file` names it in messages. Raises `ScenarioError` with all its faults.

    >>> parse_scenario("scenario: Peace")
    Traceback (most recent call last):
    stratagem.errors.ScenarioError: scenario:1:1: no `players` here; `players: …` [L11]
    scenario:1:1: no `timeline` here; `timeline: …` [L16]
    """
    try:
        document = read_text(text)
    except TextFault as fault:
        raise ScenarioError(file, fault.faults) from None
    faults = document.faults
    if not isinstance(document.data, dict):
        line, column = document.position(())
        expected = "`scenario: TITLE`, `players:`, `timeline:`"
        raise ScenarioError(file, [*faults, Fault(line, column, "a file that is not a mapping", expected, "L3")])
    scenario, of_shape = validated(document)
    faults += of_shape
    if scenario is not None:
        faults += check(scenario, document)
    if faults or scenario is None:
        raise ScenarioError(file, faults)
    return scenario.read_at(_Places(file, document))


@dataclass(frozen=True)
class _Places:
    """Where parts of a scenario stand; two readings of it are alike wherever they stand."""

    file: str = field(compare=False)
    document: Document = field(compare=False)

    def where(self, path: tuple[str | int, ...]) -> str:
        """`file:line:column: ` of the part at a path, or of what it stands in."""
        line, column = self.document.position(path, at_key=True)
        return f"{self.file}:{line}:{column}: "
