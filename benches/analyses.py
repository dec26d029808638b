"""What an analyst waits for after a solve: one re-solve of other numbers, and each analysis of the founding case."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from benches.measure import cpu_seconds
from benches.registry import Effort, Result, case
from benches.subjects import FOUNDING
from stratagem.analyse.discover import discover
from stratagem.analyse.flips import flips
from stratagem.analyse.learn import learn
from stratagem.analyse.options import options
from stratagem.analyse.sensitivity import sensitivity
from stratagem.analyse.shift import shift
from stratagem.analyse.study import Study
from stratagem.catalogue import load

DECISION, EVENT = "west_course[1]", "unrest=revolt"
RESOLVED, FEW, MANY = 1_000, 1_000, 10_000
ONCE = Effort(repeats=3, seconds=0.0)


@case("founding", "analyse")
def again(effort: Effort) -> Iterator[Result]:
    """The founding case solved again in given worlds, the game compiled before."""
    for engine in ("numpy", "jax") if find_spec("jax") is not None else ("numpy",):
        study = Study(load(FOUNDING), worlds=RESOLVED, engine=engine)
        solver = study.solver(study.decision(DECISION))
        worlds = solver.sampled(RESOLVED)
        times = cpu_seconds(lambda solver=solver, worlds=worlds: sum(1 for _ in solver.of_worlds(worlds)), effort)
        yield times.result("founding", "analyse", f"re-solve of {RESOLVED:,} worlds, {engine}", "< 0.05")


@case("founding", "analyse", is_quick=False)
def analyses(_effort: Effort) -> Iterator[Result]:
    """Each analysis of one decision, the game compiled before."""
    study, few = (Study(load(FOUNDING), worlds=worlds) for worlds in (MANY, FEW))
    for one in (study, few):
        assert one.game.num_nodes
    targets = {flips: "< 5"}
    for analysis in (flips, options, learn, sensitivity, discover):
        times = cpu_seconds(lambda analysis=analysis: analysis(study, DECISION), ONCE, warm=False)
        name = f"{analysis.__name__}, {MANY:,} worlds"
        yield times.result("founding", "analyse", name, targets.get(analysis, ""))
    times = cpu_seconds(lambda: shift(few, EVENT, DECISION), ONCE, warm=False)
    yield times.result("founding", "analyse", f"shift, {FEW:,} worlds, each link off")
