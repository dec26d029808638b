"""Clocks: CPU seconds of a call, and of a command started afresh."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from benches.registry import Effort, Result


@dataclass(frozen=True)
class Times:
    """Seconds of several runs."""

    runs: tuple[float, ...]

    @property
    def middle(self) -> float:
        return median(self.runs)

    def result(self, subject: str, phase: str, what: str, target: str = "", note: str = "") -> Result:
        """As seconds."""
        return Result(subject, phase, what, self.middle, "s", min(self.runs), max(self.runs), target, note)

    def rate(self, work: float, subject: str, phase: str, what: str, unit: str, note: str = "") -> Result:
        """As work done in a second."""
        return Result(
            subject, phase, what, work / self.middle, unit, work / max(self.runs), work / min(self.runs), "", note
        )


def cpu_seconds(function: Callable[[], Any], effort: Effort, warm: bool = True) -> Times:
    """CPU seconds of a call, over several after one that does not count."""
    return _seconds(time.process_time, function, effort, warm)


def wall_seconds(function: Callable[[], Any], effort: Effort, warm: bool = True) -> Times:
    """Seconds by the wall clock of a call that is spread over processes, likewise."""
    return _seconds(time.perf_counter, function, effort, warm)


def _seconds(clock: Callable[[], float], function: Callable[[], Any], effort: Effort, warm: bool) -> Times:
    if warm:
        function()
    runs: list[float] = []
    while len(runs) < 3 or (len(runs) < effort.repeats and sum(runs) < effort.seconds):
        start = clock()
        function()
        runs.append(clock() - start)
    return Times(tuple(runs))


@dataclass(frozen=True)
class Ended:
    """A command that ran."""

    cpu: float  # seconds
    wall: float
    peak: float  # bytes
    output: str


def run_afresh(arguments: Sequence[str]) -> Ended:
    """Run Python with arguments. Raises `RuntimeError` with what it said where it fails (exit code 3 is an answer too)."""
    start = time.perf_counter()
    child = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert child.stdout is not None
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 3):
        raise RuntimeError(f"{' '.join(arguments)} ended with {child.returncode}:\n{output[-2000:]}")
    return Ended(usage.ru_utime + usage.ru_stime, time.perf_counter() - start, usage.ru_maxrss * 1024.0, output)
