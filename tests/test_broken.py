"""Every file in `broken/` reports exactly the faults that its header lists: `# LINE:COLUMN RULE WHAT WAS FOUND; …`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stratagem.errors import ScenarioError
from stratagem.scenario.read import read_scenario

FILES = sorted((Path(__file__).parent / "broken").glob("*.yaml"))
HEADER = re.compile(r"# (\d+):(\d+) ([LM]\d+) (.+)")
RULES_OF_THE_LANGUAGE = {f"L{number}" for number in range(1, 26)} - {"L24"}  # L24 is about commands
RULES_OF_THE_MODEL = {"M3", "M5", "M6", "M7", "M8", "M9", "M14"}


def expected_faults(file: Path) -> list[tuple[int, int, str, str]]:
    """The faults of a file's header as (line, column, rule, fragment)."""
    head = [HEADER.match(line) for line in file.read_text("utf-8").splitlines() if line.startswith("# ")]
    return [(int(one[1]), int(one[2]), one[3], one[4]) for one in head if one]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_broken_file_reports_its_faults_and_no_others(file: Path) -> None:
    expected = expected_faults(file)
    with pytest.raises(ScenarioError) as caught:
        read_scenario(file)
    found = caught.value.faults
    assert [(one.line, one.column, one.rule) for one in found] == [one[:3] for one in expected], str(caught.value)
    for fault, (*_, fragment) in zip(found, expected, strict=True):
        assert fragment in f"{fault.found}; {fault.expected}"


def test_the_broken_files_are_many() -> None:
    assert len(FILES) >= 60


def test_the_broken_files_cover_every_rule_that_a_file_can_break() -> None:
    covered = {rule for file in FILES for *_, rule, _ in expected_faults(file)}
    assert covered == RULES_OF_THE_LANGUAGE | RULES_OF_THE_MODEL
