"""What benches measure on: one core and one process, but for what a user would have spread over all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHOW = """
from benches.registry import Case, Effort
from stratagem.solve.processes import most_processes
import os

def run(_):
    yield most_processes(), len(os.sched_getaffinity(0)), os.environ.get("XLA_FLAGS"), os.environ.get("OMP_NUM_THREADS")

for is_spread in (False, True, False):
    (found,) = Case("", "", run, is_spread=is_spread).results(Effort())
    print(*found)
"""


def said(*words: str, **environment: str) -> str:
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.mark.skipif(sys.platform != "linux", reason="work is spread over processes on Linux")
def test_only_what_is_spread_runs_as_a_user_s() -> None:
    alone = "1 1 --xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1 1"
    cores = len(os.sched_getaffinity(0))
    lines = said("-c", SHOW, STRATAGEM_PROCESSES="3", XLA_FLAGS="", OMP_NUM_THREADS="2").splitlines()
    assert lines == [alone, f"3 {cores}  2", alone]


def test_what_is_spread_comes_before_what_loads_jax() -> None:
    show = (
        "from benches import analyses, start, registry as r; print(*[one.is_spread for one in r.chosen((), (), False)])"
    )
    order = said("-c", show).split()
    assert order.count("True") == 4
    assert order == sorted(order, reverse=True)


def test_a_report_is_measured_where_what_it_needs_is_installed() -> None:
    for package in ("jinja2", "vl_convert"):
        pytest.importorskip(package)
    show = (
        "from benches import analyses; from benches.measure import Ended; from benches.registry import Effort\n"
        "analyses.run_afresh = lambda _: Ended(1.0, 2.0, 0.0, '')\n"
        "print(*[one.value for one in analyses.report(Effort())])"
    )
    assert said("-c", show) == "2.0\n"
