"""Findings to terminal, notebook, JSON and CSV: views render what an analysis found and compute nothing anew."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any


def answer_schema() -> dict[str, Any]:
    """The JSON Schema of the answer to `solve` (docs/json.md)."""
    return _schema("answer")


def finding_schema() -> dict[str, Any]:
    """The JSON Schema of what the analyses find (docs/json.md)."""
    return _schema("finding")


def _schema(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((resources.files(__name__) / f"{name}.schema.json").read_text("utf-8"))
    return schema
