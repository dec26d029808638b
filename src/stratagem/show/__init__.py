"""Findings to terminal, notebook, JSON and CSV: views render what an analysis found and compute nothing anew."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any


def answer_schema() -> dict[str, Any]:
    """The JSON Schema of the answer to `solve` (docs/json.md)."""
    schema: dict[str, Any] = json.loads((resources.files(__name__) / "answer.schema.json").read_text("utf-8"))
    return schema
