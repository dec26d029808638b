"""Scenarios written in tests of the textbook solver, and how near its answers lie."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

EXACT = 1e-12  # in payoff or probability


def near(expected: Any) -> Any:
    """Within rounding."""
    return pytest.approx(expected, rel=0, abs=EXACT)


def scenario(text: str) -> dict[str, Any]:
    """A scenario as plain data, unchecked."""
    data: dict[str, Any] = yaml.safe_load(text)
    return data
