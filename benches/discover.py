"""Boxes beside those of the EMA Workbench, in one run on the same worlds: seconds, and how good the boxes are.

Quality is mass times the rise of density over the base, the best that each passes on its way. Both peel slices of 5 % down to 5 % of
the worlds. Ours also drops needless limits, peels again and pastes, and its time counts all of that.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec

import numpy as np

from benches.measure import Times, cpu_seconds
from benches.registry import Effort, Result, case
from stratagem.analyse.box import Sample, sample_of
from stratagem.analyse.prim import cover, find_box
from stratagem.analyse.shapley import effects

WORLDS, QUANTITIES = 10_000, 20
SUBJECT = "discover"


def planted(seed: int = 1) -> Sample:
    """Worlds with a box on three of twenty quantities, in which nine of ten have the outcome, and one of ten elsewhere."""
    draws = np.random.default_rng(seed)
    numbers = draws.random((QUANTITIES, WORLDS))
    inside = (numbers[0] > 0.3) & (numbers[1] < 0.6) & (numbers[2] > 0.4)
    outcome = draws.random(WORLDS) < np.where(inside, 0.9, 0.1)
    return sample_of({f"x{place}": row for place, row in enumerate(numbers)}, outcome)


@case(SUBJECT, "peers")
def boxes(effort: Effort) -> Iterator[Result]:
    sample = planted()
    ours = cpu_seconds(lambda: find_box(sample), effort)
    yield ours.result(SUBJECT, "peers", "Stratagem, a box")
    yield cpu_seconds(lambda: cover(sample), effort).result(
        SUBJECT, "peers", "Stratagem, all boxes, each checked on 20 halves"
    )
    inputs = dict(zip(sample.names, sample.values, strict=True))
    yield cpu_seconds(lambda: effects(inputs, sample.outcome), effort).result(
        SUBJECT, "peers", "Stratagem, Shapley effects of 20 quantities", "< 10"
    )
    if find_spec("ema_workbench") is not None:
        yield from _against_ema(sample, ours, effort)


def _against_ema(sample: Sample, ours: Times, effort: Effort) -> Iterator[Result]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pandas as pd
        from ema_workbench.analysis.prim import Prim

        logging.getLogger("EMA").setLevel(logging.ERROR)
        table = pd.DataFrame(dict(zip(sample.names, sample.values, strict=True)))
        hits = sample.outcome > 0.5
        theirs = cpu_seconds(lambda: Prim(table, hits, threshold=0.5).find_box(), effort, warm=False)
        way = Prim(table, hits, threshold=0.5).find_box().peeling_trajectory
    name = f"EMA Workbench {version('ema_workbench')}"
    yield theirs.result(SUBJECT, "peers", f"{name}, a box")
    yield Result(SUBJECT, "peers", f"against {name}", theirs.middle / ours.middle, "times faster", target=">= 5")
    box = find_box(sample)
    mine = box.quality if box is not None else 0.0
    best = float((way["mass"] * (way["mean"] - sample.base)).max())
    yield Result(SUBJECT, "peers", f"quality of the box against {name}", mine / best, "of theirs", target=">= 1")
