"""What an analyst waits for after a solve: one re-solve of other numbers, and each analysis of the founding case."""

from __future__ import annotations

import os
from collections.abc import Iterator
from statistics import median
from tempfile import TemporaryDirectory
from unittest.mock import patch

from benches.measure import Times, run_afresh, wall_seconds
from benches.registry import Effort, Result, case
from benches.subjects import FOUNDING
from stratagem.analyse.discover import discover
from stratagem.analyse.flips import flips
from stratagem.analyse.lead import setting_of
from stratagem.analyse.learn import learn
from stratagem.analyse.options import options
from stratagem.analyse.sensitivity import sensitivity
from stratagem.analyse.shift import shift
from stratagem.analyse.study import Study
from stratagem.catalogue import load
from stratagem.errors import StratagemError
from stratagem.show.html import check_packages
from stratagem.solve.processes import VARIABLE, most_processes

DECISION, EVENT = "west_course[1]", "unrest=revolt"
RESOLVED, FEW, MANY = 1_000, 1_000, 10_000
ONCE = Effort(repeats=3, seconds=0.0)


@case("founding", "analyse", is_spread=True)
def again(effort: Effort) -> Iterator[Result]:
    """The founding case solved again in given worlds after its history, the game compiled before."""
    study = Study(load(FOUNDING), worlds=RESOLVED)
    setting = setting_of(study, study.decision(DECISION))
    worlds = setting.solver.sampled(RESOLVED)
    for count in sorted({1, most_processes()}):
        with patch.dict(os.environ, {VARIABLE: str(count)}):
            times = wall_seconds(lambda: setting.values(worlds), effort)
        name = f"re-solve of {RESOLVED:,} worlds, processes: {count}"
        yield times.result("founding", "analyse", name, "< 0.05", "by the wall clock")


@case("founding", "analyse", is_quick=False, is_spread=True)
def analyses(_effort: Effort) -> Iterator[Result]:
    """Each analysis of one decision, the game compiled before, by the wall clock."""
    study, few = (Study(load(FOUNDING), worlds=worlds) for worlds in (MANY, FEW))
    for one in (study, few):
        assert one.game.num_nodes
    targets = {flips: "< 5"}
    note = f"by the wall clock, {most_processes()} processes"
    for analysis in (flips, options, learn, sensitivity, discover):
        times = wall_seconds(lambda analysis=analysis: analysis(study, DECISION), ONCE, warm=False)
        name = f"{analysis.__name__}, {MANY:,} worlds"
        yield times.result("founding", "analyse", name, targets.get(analysis, ""), note)
    times = wall_seconds(lambda: shift(few, EVENT, DECISION), ONCE, warm=False)
    yield times.result("founding", "analyse", f"shift, {FEW:,} worlds, each link off", "", note)


@case("founding", "analyse", is_quick=False, is_spread=True)
def report(_effort: Effort) -> Iterator[Result]:
    """A whole report, from the command on."""
    try:
        check_packages()
    except StratagemError:
        return
    with TemporaryDirectory() as folder:
        command = ("-m", "stratagem.cli", "report", FOUNDING, "-o", f"{folder}/report.html")
        ended = [run_afresh(command) for _ in range(3)]
    note = f"by the wall clock; {median(one.cpu for one in ended):.1f} s CPU"
    yield Times(tuple(one.wall for one in ended)).result(
        "founding", "analyse", f"report, {MANY:,} worlds", "< 30", note
    )
