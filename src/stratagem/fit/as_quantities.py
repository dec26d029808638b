"""A fitted model's coefficients as quantities of a scenario: normal, with the rank correlations of their joint law."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING

import numpy as np

from stratagem.errors import UsageError

if TYPE_CHECKING:
    from stratagem.fit.estimate import Fitted
    from stratagem.fit.posterior import Posterior

LEAST = 0.005  # rank correlations below it are left out


def quantities_text(fitted: Fitted | Posterior) -> str:
    """YAML: a source, a quantity for each coefficient, and their correlations, to be put into a scenario.

    The ranks of two normals that correlate at r correlate at 6 / pi times arcsin(r / 2). Raises `UsageError` where a
    coefficient has no standard error.
    """
    hidden = [one.name for one in fitted.estimates if not one.error]
    if hidden:
        raise UsageError(
            f"`{hidden[0]}` has no standard error, so it is no quantity with a spread; see the caveats of the fit"
        )
    names = [_identifier(one.name) for one in fitted.estimates]
    model = fitted.problem.model
    title = f"Fit of {model.title} to {fitted.problem.table.file}, {fitted.problem.num_rows} rows"
    lines = [
        "sources:",
        f"  fitted: {{title: {json.dumps(title, ensure_ascii=False)}, kind: statement}}",
        "quantities:",
        "  known to all:",
    ]
    for name, one in zip(names, fitted.estimates, strict=True):
        lines.append(
            f'    {name}: {{is: "normal({one.value:.6g}, {one.error:.6g})", source: fitted, title: {json.dumps(one.name, ensure_ascii=False)}}}'
        )
    return "\n".join([*lines, *_correlations(fitted, names)]) + "\n"


def _correlations(fitted: Fitted | Posterior, names: list[str]) -> list[str]:
    spread = np.sqrt(np.diag(fitted.covariance))
    correlation = fitted.covariance / np.outer(spread, spread)
    lines = []
    for at, name in enumerate(names):
        for before in range(at):
            rank = 6 / math.pi * math.asin(max(-1.0, min(1.0, float(correlation[at, before]))) / 2)
            if abs(rank) >= LEAST:
                lines.append(f"  - {{between: [{names[before]}, {name}], rank: {rank:.6f}, source: fitted}}")
    return ["correlations:", *lines] if lines else []


def _identifier(name: str) -> str:
    word = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")
    return word if word[:1].isalpha() else f"b_{word}"
