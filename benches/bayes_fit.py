"""The disputes of 1816 to 1899 fitted by Bayes' rule: four chains of 1,000 draws after 1,000, compilation included.

The table is that of the R package `games`, in the folder `$STRATAGEM_DATA`; without it nothing is measured.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from benches.registry import Effort, Result, case

MODEL = """
fit: Who escalates
players: [initiator, target]
tree:
  challenge: {player: initiator, actions: {hold: status quo, escalate: reply}}
  reply: {player: target, actions: {yield: capitulation, resist: war}}
payoffs:
  initiator: {status quo: s_wt_re1 + revis1, war: C(regime1)}
  target: {war: balanc + C(regime2)}
errors: {on: actions, shape: SHAPE}
response: {moves: {challenge: esc, reply: war}}
"""


@case("war1800-bayes", "analyse")
def draw_disputes(_: Effort) -> Iterator[Result]:
    file = Path(os.environ.get("STRATAGEM_DATA", "")) / "war1800.csv"
    if not file.exists() or find_spec("numpyro") is None:
        return
    from stratagem.fit.model_file import parse_model
    from stratagem.fit.posterior import sample
    from stratagem.fit.problem import problem
    from stratagem.fit.table import load_table

    for shape in ("probit", "logit"):
        fitting = problem(parse_model(MODEL.replace("SHAPE", shape)), load_table(file))
        start = time.process_time()
        posterior = sample(fitting)
        spent = time.process_time() - start
        sizes = [size for one in posterior.agreements for size in (one.bulk, one.tail)]
        worst = max(one.hat for one in posterior.agreements)
        note = f"R-hat {worst:.3f}, {int(posterior.chains.diverged.sum())} divergences"
        yield Result("war1800-bayes", "analyse", f"NUTS, 4 x (1,000 + 1,000), {shape}", spent, "s", target="< 30")
        yield Result(
            "war1800-bayes", "analyse", f"least effective size, {shape}", min(sizes), "", target=">= 400", note=note
        )
