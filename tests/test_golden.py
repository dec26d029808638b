"""What `solve` prints of each catalogue scenario, held against a text that a person has reviewed.

`pytest tests/test_golden.py --update-golden` rewrites the texts; read the difference before keeping it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from stratagem.api import solve
from stratagem.catalogue import names
from stratagem.show.notebook import forecast_text

GOLDEN = Path(__file__).parent / "golden"
MANIFEST = "stratagem "  # versions and hashes are not what is reviewed


@pytest.mark.parametrize("name", names())
def test_the_printed_answer_is_the_reviewed_one(name: str, request: pytest.FixtureRequest) -> None:
    text = _without_manifest(forecast_text(solve(name, worlds=1000, seed=1), width=80))
    file = GOLDEN / f"{name}.txt"
    if request.config.getoption("--update-golden"):
        GOLDEN.mkdir(exist_ok=True)
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")


def test_every_golden_text_has_its_scenario() -> None:
    assert sorted(file.stem for file in GOLDEN.glob("*.txt")) == names()


def _without_manifest(text: str) -> str:
    lines = text.splitlines()
    last = max(place for place, line in enumerate(lines) if line.startswith(MANIFEST))
    return "\n".join(lines[:last]) + "\n"
