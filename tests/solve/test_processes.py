"""Work in processes of their own, tried in a fresh one: where JAX has been loaded nothing is forked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_work_in_processes_of_their_own() -> None:
    file = Path(__file__).with_name("forked.py")
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:xdist", "-p", "no:cacheprovider", file],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert " passed" in ended.stdout  # and none was left out
    assert "skipped" not in ended.stdout
