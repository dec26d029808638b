"""The disputes of 1816 to 1899 fitted by Bayes' rule: four chains of 1,000 draws after 1,000, compilation included.

The table is that of the R package `games`, in the folder `$STRATAGEM_DATA`; without it nothing is measured.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib.util import find_spec

from benches.fitting import MODEL, disputes
from benches.registry import Effort, Result, case


@case("war1800-bayes", "analyse")
def draw_disputes(_: Effort) -> Iterator[Result]:
    file = disputes()
    if file is None or find_spec("numpyro") is None:
        return
    from stratagem.fit.model_file import parse_model
    from stratagem.fit.posterior import sample
    from stratagem.fit.problem import problem
    from stratagem.fit.table import load_table

    for shape in ("probit", "logit"):
        fitting = problem(parse_model(MODEL.replace("probit", shape)), load_table(file))
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
