"""Work in processes of their own: the same results in order, faults passed on, nothing left behind."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing.context import ForkProcess
from pathlib import Path

import numpy as np
import pytest

from stratagem.analyse.flips import flips
from stratagem.analyse.learn import learn
from stratagem.analyse.options import options
from stratagem.analyse.shift import shift
from stratagem.analyse.study import Study
from stratagem.analyse.watch import watch
from stratagem.catalogue import load
from stratagem.errors import Fault, ScenarioError, TooLargeError, UsageError
from stratagem.solve import processes, solve
from stratagem.solve.processes import VARIABLE, each


@pytest.fixture(autouse=True)
def three_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "jax" not in sys.modules
    monkeypatch.setenv(VARIABLE, "3")


def slow_at_first(number: int) -> tuple[int, int]:
    time.sleep(0.05 * (number == 0))
    return number, os.getpid()


def raising(error: Exception) -> None:
    raise error


def test_results_come_in_order_from_several_processes() -> None:
    found = list(each([lambda number=number: slow_at_first(number) for number in range(8)]))
    assert [number for number, _ in found] == list(range(8))
    assert len({process for _, process in found} | {os.getpid()}) > 2


def test_a_process_starts_none_of_its_own() -> None:
    ((inner, _), *_) = each([lambda: (os.environ[VARIABLE], list(each([os.getpid, os.getpid]))), lambda: ("", [])])
    assert inner == "1"


@pytest.mark.parametrize(
    "error", [UsageError("no such move"), ScenarioError("a.yaml", [Fault(1, 2, "this", "that", "L1")]), ZeroDivisionError("x")]
)  # fmt: skip
def test_what_a_job_raises_is_raised_here(error: Exception) -> None:
    with pytest.raises(type(error), match=re.escape(str(error))) as caught:
        list(each([lambda: 1, lambda: raising(error), lambda: 3]))
    assert "raise error" in caught.value.__notes__[0]
    assert not multiprocessing.active_children()


def test_a_process_that_is_killed_is_said() -> None:
    with pytest.raises(TooLargeError, match=f"ended from outside.*{VARIABLE}=1"):
        list(each([lambda: os.kill(os.getpid(), signal.SIGKILL), lambda: 2]))
    assert not multiprocessing.active_children()


def test_what_cannot_be_sent_is_said() -> None:
    with pytest.raises(TypeError, match="cannot be sent"):
        list(each([lambda: lambda: 1, lambda: 2]))


@pytest.mark.parametrize("granted", [0, 1])
def test_fewer_processes_than_asked_for_will_do(granted: int, monkeypatch: pytest.MonkeyPatch) -> None:
    started = iter(range(granted))
    start = ForkProcess.start

    def grant(process: ForkProcess) -> None:
        if next(started, None) is None:
            raise BlockingIOError("too many processes")
        start(process)

    monkeypatch.setattr(ForkProcess, "start", grant)
    found = list(each([lambda number=number: slow_at_first(number) for number in range(4)]))
    assert [number for number, _ in found] == [0, 1, 2, 3]
    assert ({process for _, process in found} == {os.getpid()}) == (granted == 0)


def test_where_the_parent_is_killed_its_processes_end_without_a_word(tmp_path: Path) -> None:
    program = tmp_path / "parent.py"
    program.write_text(
        "import os, time\nfrom stratagem.solve.processes import each\n"
        "def work():\n    print(os.getpid(), flush=True)\n    time.sleep(0.5)\n    return 1\n"
        "list(each([work, work]))\n"
    )
    parent = subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert len({parent.stdout.readline() for _ in range(2)}) == 2
    parent.kill()
    _, said = parent.communicate(timeout=10)  # once no process holds its streams
    assert said == ""


def test_who_stops_reading_leaves_no_process_behind() -> None:
    results = each([lambda number=number: number for number in range(8)])
    assert next(results) == 0
    assert multiprocessing.active_children()
    results.close()
    assert not multiprocessing.active_children()


def test_an_interrupt_ends_all() -> None:
    listening = signal.signal(signal.SIGINT, signal.default_int_handler)
    results = each([lambda: time.sleep(0.01), lambda: time.sleep(60), lambda: time.sleep(60)])
    try:
        next(results)
        signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(KeyboardInterrupt):
            next(results)
        assert not multiprocessing.active_children()
    finally:
        signal.signal(signal.SIGINT, listening)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)


@pytest.mark.parametrize("stated", ["0", "two", "-1", "1.5"])
def test_a_number_of_processes_that_is_none_is_refused(stated: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, stated)
    with pytest.raises(UsageError, match=f"{VARIABLE} is `{stated}`"):
        list(each([lambda: 1, lambda: 2]))


@pytest.mark.parametrize(("platform", "modules"), [("darwin", {}), ("linux", {"jax": None})])
def test_where_forking_is_not_safe_all_is_done_here(
    platform: str, modules: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "sys", type("System", (), {"platform": platform, "modules": modules}))
    assert list(each([os.getpid, os.getpid])) == [os.getpid()] * 2


def solution(study: Study) -> dict[str, object]:
    solver = study.solver(study.decision("answer"))
    return vars(solver.run())


@pytest.mark.parametrize(
    "answer",
    [
        solution,
        lambda study: vars(flips(study, "answer")),
        lambda study: vars(shift(study, "demand=demand", "answer")),
        lambda study: vars(learn(study, "answer")),
        lambda study: vars(options(study, "answer")),
        lambda study: vars(watch(study)),
    ],
    ids=["solution", "flips", "shift", "learn", "options", "watch"],
)
def test_an_answer_is_the_same_from_one_process_and_from_several(
    answer: Callable[[Study], dict[str, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(solve, "LONG", 0)
    monkeypatch.setattr(solve, "CHUNK_BYTES", 1 << 15)
    started: list[int] = []
    start = processes._Pool.__init__
    monkeypatch.setattr(processes._Pool, "__init__", lambda self, jobs, count: (started.append(count), start(self, jobs, count))[1])  # fmt: skip
    study = Study(load("private-resolve"), worlds=60)
    several = answer(study)
    assert started
    monkeypatch.setenv(VARIABLE, "1")
    one = answer(study)
    assert several.keys() == one.keys()
    for name, value in one.items():
        np.testing.assert_equal(several[name], value, err_msg=name)
