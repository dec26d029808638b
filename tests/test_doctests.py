"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import stratagem

ROOT = Path(stratagem.__file__).parent
MODULES = sorted(
    ".".join(("stratagem", *file.relative_to(ROOT).with_suffix("").parts))
    for file in ROOT.rglob("*.py")
    if ">>> " in file.read_text("utf-8")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_are_true(name: str) -> None:
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if str(error.name).startswith("stratagem"):
            raise
        pytest.skip(f"needs {error.name}")
    failed, tried = doctest.testmod(module)
    assert tried
    assert not failed
