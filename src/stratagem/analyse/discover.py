"""Why these worlds: boxes of quantities in which a mover takes an option (scenario discovery; Bryant & Lempert 2010, TFSC 77:34)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from stratagem.analyse.box import Sample, sample_of
from stratagem.analyse.digits import chance
from stratagem.analyse.finding import Cell, Column, Finding, Table
from stratagem.analyse.forecast import percent
from stratagem.analyse.grounds import bases
from stratagem.analyse.halves import HALVES, Check
from stratagem.analyse.pooling import effective_size, quantiles
from stratagem.analyse.prim import Boxes, Trajectory, cover, peel, prim
from stratagem.analyse.study import Study
from stratagem.analyse.subject import Subject, subject
from stratagem.analyse.tree import Leaves, leaves, tree
from stratagem.graph.game import Floats

__all__ = ["discover", "prim", "tree"]

LEAST_SHARE = 0.01  # an outcome rarer than this, or this near to certain, is replaced by the option's probability
SAME = 1e-9  # probabilities no further apart than this do not vary
STANDS_IN = 0.3  # rank correlation from which a quantity may stand in for another
AGAIN = 0.5  # a limit found again in fewer halves than this is called doubtful
DENSITIES = 8


def discover(study: Study, decision: str, option: str | None = None) -> Finding:
    """In which worlds the mover takes an option; without `option`, the likeliest.

    The outcome is that the option is the best reply in more than half of the plays that come to the decision; where that is next to
    never or next to always so, that its probability is above its median. Raises `UsageError` for what the scenario does not have.
    """
    what = subject(study, decision, option)
    outcome, meaning = outcome_of(what)
    sample = sample_of(what.inputs, outcome, what.weight)
    boxes, leafs = cover(sample, seed=study.seed), leaves(sample, seed=study.seed)
    tables = [_boxes_table(boxes), _limits_table(boxes, sample), _tree_table(leafs)]
    if boxes.found:
        tables += [_trade_table(peel(sample), sample), _stand_ins(boxes, what)]
    return Finding(
        kind="discover",
        title=f"{study.scenario.scenario}: the worlds in which {what.mover} chooses “{what.titles[0]}” at {what.label}",
        judgements=tuple(_judgements(boxes, leafs, meaning, effective_size(sample.weight))),
        tables=tuple(tables),
        caveats=tuple(_caveats(study, sample, what, meaning)),
        rests_on=bases(study.scenario, (study.game.steps[what.step].move,), tables),
        manifest={
            "decision": what.label,
            "option": study.game.steps[what.step].options[what.options[0]],
            "outcome": meaning,
            "worlds": study.worlds,
            "counted": len(sample),
            "effective": effective_size(sample.weight),
            "halves": HALVES,
            "seed": study.seed,
        },
    )


def outcome_of(what: Subject) -> tuple[Floats, str]:
    """[W] 1 where the mover takes the option; and what that means, in words."""
    is_best = what.best > 0.5
    share = float(what.weight @ is_best) / float(what.weight.sum())
    title = what.titles[0]
    if LEAST_SHARE <= share <= 1 - LEAST_SHARE or np.ptp(what.chance) < SAME:
        return is_best.astype(np.float64), f"“{title}” is {what.mover}'s best reply"
    middle = quantiles(what.chance, what.weight, (0.5,))[0]
    is_above = (what.chance > middle).astype(np.float64)
    return is_above, f"the chance of “{title}” is above its median, {percent(middle)}"


# --- tables ------------------------------------------------------------------------------------------------------

_QUALITY = (
    Column("density", "density", "chance"),
    Column("coverage", "coverage", "chance"),
    Column("mass", "worlds", "chance"),
)


def _boxes_table(boxes: Boxes) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for number, one in enumerate(boxes.found, start=1):
        box, checked = one.box, one.check
        rows.append(
            (str(number), box.density, box.coverage, box.mass, box.base, checked.density, _p(checked), str(box))
        )
    columns = (
        Column("box", "box"), *_QUALITY, Column("base", "before", "chance"),
        Column("held_out", "other half", "chance"), Column("p_value", "p"), Column("limits", "where"),
    )  # fmt: skip
    note = "density: share with the outcome inside; coverage: share of those with it; before: the share among worlds not in an earlier box"
    return Table("boxes", "Boxes (PRIM)", columns, tuple(rows), note if rows else "no box stands")


def _limits_table(boxes: Boxes, sample: Sample) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for number, one in enumerate(boxes.found, start=1):
        for limit, quasi_p in zip(one.box.limits, one.quasi_p, strict=True):
            numbers = sample.values[sample.names.index(limit.name)]
            meets = float(sample.weight[limit.holds(numbers)].sum()) / sample.total
            rows.append((str(number), str(limit), meets, one.check.again[limit.name], _small(quasi_p)))
    columns = (
        Column("box", "box"), Column("limit", "limit"), Column("meets", "met in", "chance"),
        Column("again", "found again", "chance"), Column("quasi_p", "quasi-p"),
    )  # fmt: skip
    note = f"found again: in so many of {HALVES} half-samples the box limits this quantity too; quasi-p flatters, since the search chose the limit"
    return Table("limits", "What each box asks for", columns, tuple(rows), note)


def _tree_table(leafs: Leaves) -> Table:
    rows = tuple((str(box), box.density, box.coverage, box.mass) for box in leafs.boxes)
    if rows and leafs.check is not None:
        note = f"every world is in one leaf; the best leaf of one half has density {percent(leafs.check.density or 0.0)} in the other, p {_p(leafs.check)}"
    else:
        note = "no tree stands"
    return Table(
        "tree", "The same by a tree of at most three questions", (Column("leaf", "where"), *_QUALITY), rows, note
    )


def _trade_table(way: Trajectory, sample: Sample) -> Table:
    """What a smaller box would gain in density and lose in coverage, along the first peeling."""
    coverage = way.mass * way.density / sample.base
    goals = np.linspace(1, 0.1, DENSITIES)
    places = np.unique([0, *(int(np.flatnonzero(coverage >= goal - 1e-9)[-1]) for goal in goals)])
    rows = tuple(
        (float(way.density[p]), float(coverage[p]), float(way.mass[p]), len({s.row for s in way.steps[:p]}))
        for p in places
    )
    columns = (*_QUALITY, Column("limited", "quantities limited", "count"))
    note = "along the first peeling, before limits that add nothing are dropped; in the worlds searched, so it flatters"
    return Table("trade", "Smaller boxes are denser and cover less", columns, rows, note)


def _stand_ins(boxes: Boxes, what: Subject) -> Table:
    """Which other quantities go with those that are limited."""
    ranks = {name: _centred_ranks(values) for name, values in what.inputs.items()}
    rows: list[tuple[Cell, ...]] = []
    for name in dict.fromkeys(name for one in boxes.found for name in one.box.restricted):
        rows += [(name, twin, "the same order of worlds, or the opposite") for twin in what.twins.get(name, ())]
        for other, values in ranks.items():
            rank = float(ranks[name] @ values)
            if other != name and abs(rank) >= STANDS_IN:
                rows.append((name, other, f"{rank:+.2f}"))
    columns = (Column("limited", "limited"), Column("other", "goes with"), Column("rank", "rank correlation"))
    note = "a box on one may stand for the other" if rows else f"no rank correlation of {STANDS_IN:g} or more"
    return Table("stand_ins", "What may stand in for a limited quantity", columns, tuple(rows), note)


def _centred_ranks(values: Floats) -> Floats:
    ranks = np.unique(values, return_inverse=True)[1].astype(np.float64)
    ranks -= ranks.mean()
    return np.asarray(ranks / np.sqrt(ranks @ ranks))


# --- words -------------------------------------------------------------------------------------------------------


def _judgements(boxes: Boxes, leafs: Leaves, meaning: str, size: float) -> Iterator[str]:
    """`size` is the effective number of worlds."""
    for number, one in enumerate(boxes.found):
        where, of = ("Where", "of all") if number == 0 else ("Elsewhere, where", "of the rest")
        box, inside = one.box, size * one.box.mass
        yield (
            f"{where} {box}, {meaning} in {_share(box.density, inside)} of worlds, against {_share(box.base, size)} {of}; "
            f"that box holds {_share(box.mass, size)} of worlds and {_share(box.coverage, size * box.base)} of those "
            f"in which it is so. In halves that were not searched the share is {_share(one.check.density or 0.0, inside / 2)}."
        )
        doubtful = [name for name in one.box.restricted if one.check.again[name] < AGAIN]
        if doubtful:
            yield f"The limit on {' and '.join(doubtful)} is doubtful: most half-samples did without it."
    if boxes.found:
        return
    if boxes.base in (0.0, 1.0):
        yield f"There is nothing to explain: {meaning} in {'every' if boxes.base else 'no'} world, and its chance does not vary."
        return
    yield (
        f"No box of quantities marks out the worlds in which {meaning} ({_share(boxes.base, size)} of worlds): "
        + (
            f"what was found in one half of them did not hold in the other (p {_p(boxes.refused.check)})."
            if boxes.refused
            else "none is better than chance would make it."
        )
    )
    if leafs.boxes:
        yield "A tree finds some order in them, though no box does; see its table."


def _caveats(study: Study, sample: Sample, what: Subject, meaning: str) -> Iterator[str]:
    yield f"the outcome: {meaning}, in the states of {what.label} that are reached"
    yield (
        f"{len(sample):,} worlds come to the decision and count as {effective_size(sample.weight):,.0f} of equal weight; "
        "each weighs what the history and reaching the move are worth of probability in it"
    )
    tied = float(what.weight @ ((what.best > 0) & (what.best <= 0.5))) / float(what.weight.sum())
    if tied > 0:
        yield f"in {percent(tied)} of worlds it shares first place with others, or is best in the lesser part of the states reached; that does not count as its being the best reply"
    pairs = [one.between for one in study.scenario.correlations if set(one.between) <= set(what.inputs)]
    if pairs:
        yield (
            "boxes limit the quantities themselves and are not rotated onto their principal components: a limit on a mixture of quantities has no source that could be asked, "
            f"and density and coverage are counted over worlds, so that they hold with correlation ({'; '.join(f'{one} with {other}' for one, other in pairs[:4])}); "
            "what may stand in for a limited quantity is listed"
        )
    yield "a box says where the outcome is frequent, not that its quantities cause it"


def _share(share: float, size: float) -> str:
    """A share of so many effective worlds, with its binomial error; rounding may have left it a little outside 0 and 1."""
    share = min(max(share, 0.0), 1.0)
    return chance(share, float(np.sqrt(share * (1 - share) / max(size, 1.0))))


def _p(checked: Check) -> str:
    return _small(checked.p_value)


def _small(value: float) -> str:
    return "below 0.001" if value < 0.001 else f"{value:.3f}"
