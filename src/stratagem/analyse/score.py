"""How good forecasts were: proper scores with intervals, beside the base rate, the crowd and a multinomial logit.

Takes `Forecasts`, or a scenario's answer; gives a finding. Lower is better in every score.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from stratagem.analyse.finding import Cell, Column, Finding, Kind, Table
from stratagem.analyse.forecast import Forecast, QuestionAnswer
from stratagem.analyse.score_models import Rows, Scheme, frequencies, out_of_sample, schemes
from stratagem.analyse.score_rules import Mean, Parts, brier, log_score, means, parts, ranked_probability
from stratagem.analyse.score_table import YES_NO, Forecasts
from stratagem.errors import UsageError, quote
from stratagem.graph.game import Floats

FEW_CLUSTERS, FEW_ROWS = 10, 50
RULES = {"brier": brier, "log": log_score, "rps": ranked_probability}
HEADERS = {"brier": "Brier", "log": "log", "rps": "ranked"}
HINDSIGHT = "base rate of these rows"


def score(title: str, forecasts: Forecasts, seed: int = 1, manifest: Mapping[str, object] | None = None) -> Finding:
    """The scores of forecasts, their parts, and how a model fitted to other rows would have done."""
    told = list(_told(forecasts))
    held = [(scheme, *out_of_sample(forecasts, scheme)) for scheme in schemes(forecasts)]
    own = {name: _scored(forecasts, rows, chance, seed) for name, rows, chance in told}
    split = _parts(forecasts)
    against = [_against(forecasts, told[0], other, seed) for other in told[1:]]
    return Finding(
        kind="score",
        title=title,
        judgements=tuple(_judgements(forecasts, own, against, split)),
        tables=(
            _score_table(own),
            _against_table(against),
            _parts_table(split),
            _reliability_table(split),
            *(_held_table(forecasts, *one, seed) for one in held),
            _rows_table(forecasts),
        ),
        caveats=tuple(_caveats(forecasts, held)),
        manifest={
            **(manifest or {}),
            "rows": len(forecasts),
            "clusters": len(np.unique(forecasts.cluster)),
            "clustered_by": forecasts.clusters,
            "categories": list(forecasts.categories),
            "features": list(forecasts.feature_names),
            "interval": 0.9,
            "seed": seed,
        },
    )


def resolved(answer: Forecast) -> Forecasts:
    """The forecasts of a scenario's questions that turned out yes or no, each a cluster of its own; the others are left out and said so."""
    kept = [one for one in answer.questions if one.resolved in YES_NO and one.probability is not None]
    if not kept:
        words = sorted({one.resolved for one in answer.questions}) or ["not asked"]
        raise UsageError(
            f"no question of {quote(answer.title)} has resolved yes or no (they are {', '.join(words)}); there is nothing to score yet [L21]"
        )
    yes = np.array([one.probability.mean for one in kept if one.probability is not None])
    others = {
        "base rate": [one.base_rate.mean if one.base_rate else np.nan for one in kept],
        "crowd": [one.crowd.mean if one.crowd else np.nan for one in kept],
    }
    return Forecasts(
        categories=YES_NO,
        names=tuple(one.name for one in kept),
        chance=np.column_stack([1 - yes, yes]),
        happened=np.array([YES_NO.index(one.resolved) for one in kept], np.intp),
        cluster=np.arange(len(kept)),
        clusters="questions",
        weight=np.ones(len(kept)),
        beside={name: np.array(values) for name, values in others.items() if not np.isnan(values).all()},
        notes=tuple(_left_out(answer.questions, answer.manifest.get("as_of"))),
    )


def _left_out(questions: tuple[QuestionAnswer, ...], as_of: object) -> Iterator[str]:
    for word in ("void", "open"):
        names = [one.name for one in questions if one.resolved == word]
        if names:
            yield f"left out because they are {word}: {', '.join(names)}"
    names = [one.name for one in questions if one.resolved in YES_NO and one.probability is None]
    if names:
        yield f"left out because the model holds that their condition never arises, or has no answer: {', '.join(names)}"
    told = [one.name for one in questions if one.resolved_on and as_of and one.resolved_on <= str(as_of)]
    if told:
        yield f"known by the scenario's own date ({as_of}), so that its history may tell the answer: {', '.join(told)}"
    after = [one.name for one in questions if one.resolved in YES_NO and one.is_after_the_fact]
    if after:
        yield f"chosen after the fact, so that their scores say little of foresight: {', '.join(after)}"


# --- scores ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scored:
    """The scores of one forecaster."""

    rows: int
    means: dict[str, Mean]


def _told(forecasts: Forecasts) -> Iterator[tuple[str, Rows, Floats]]:
    """Each forecaster with the rows he spoke of and his probabilities; the one under test first."""
    every = np.arange(len(forecasts))
    yield "forecast", every, forecasts.chance
    share = frequencies(forecasts.happened, forecasts.weight, len(forecasts.categories))
    yield HINDSIGHT, every, np.tile(share, (len(every), 1))
    for name, yes in forecasts.beside.items():
        rows = np.flatnonzero(~np.isnan(yes))
        yield name, rows, np.column_stack([1 - yes[rows], yes[rows]])


def _values(forecasts: Forecasts, rows: Rows, chance: Floats) -> Floats:
    """[scores, rows]."""
    return np.array([rule(chance, forecasts.happened[rows]) for rule in RULES.values()])


def _scored(forecasts: Forecasts, rows: Rows, chance: Floats, seed: int) -> Scored:
    values = _values(forecasts, rows, chance)
    found = means(values, forecasts.weight[rows], forecasts.cluster[rows], seed)
    return Scored(len(rows), dict(zip(RULES, found, strict=True)))


@dataclass(frozen=True)
class Against:
    """By how much a forecast scores more (worse) than another on the rows of which both speak."""

    other: str
    rows: int
    differences: dict[str, Mean]


def _against(
    forecasts: Forecasts, own: tuple[str, Rows, Floats], other: tuple[str, Rows, Floats], seed: int
) -> Against:
    name, rows, chance = other
    _, mine, told = own
    values = _values(forecasts, rows, told[np.searchsorted(mine, rows)]) - _values(forecasts, rows, chance)
    found = means(values, forecasts.weight[rows], forecasts.cluster[rows], seed)
    return Against(name, len(rows), dict(zip(RULES, found, strict=True)))


def _parts(forecasts: Forecasts) -> dict[str, Parts]:
    """The parts of the Brier score by category; of a yes-or-no question those of yes."""
    categories = range(len(forecasts.categories))
    asked = [1] if forecasts.categories == YES_NO else categories
    return {
        forecasts.categories[k]: parts(forecasts.chance[:, k], forecasts.happened == k, forecasts.weight) for k in asked
    }


# --- tables ------------------------------------------------------------------------------------------------------


def _interval_columns(kind: Kind, rules: Iterable[str] = RULES) -> list[Column]:
    return [
        column
        for rule in rules
        for column in (
            Column(rule, HEADERS[rule], kind),
            Column(f"{rule}_low", "5 %", kind),
            Column(f"{rule}_high", "95 %", kind),
        )
    ]


def _cells(found: Mapping[str, Mean]) -> list[Cell]:
    return [
        cell if cell is None or np.isfinite(cell) else "infinite"
        for one in found.values()
        for cell in (one.value, one.low, one.high)
    ]


def _score_table(own: Mapping[str, Scored]) -> Table:
    columns = (Column("who", ""), Column("rows", "rows", "count"), *_interval_columns("size"))
    rows = tuple((name, one.rows, *_cells(one.means)) for name, one in own.items())
    note = "mean scores, lower is better, with 90 % intervals over clusters; the log score is in natural units; the base rate of these rows knows how often the event came"
    return Table("scores", "Scores", columns, rows, note)


def _against_table(against: list[Against]) -> Table:
    columns = (Column("other", "against"), Column("rows", "rows", "count"), *_interval_columns("amount"))
    rows = tuple((one.other, one.rows, *_cells(one.differences)) for one in against)
    return Table(
        "against",
        "The forecast's score less that of others on the same rows",
        columns,
        rows,
        "below 0 the forecast is better; 90 % intervals",
    )


def _parts_table(split: Mapping[str, Parts]) -> Table:
    columns = (
        Column("event", "event"), Column("reliability", "reliability", "size"), Column("resolution", "resolution", "size"),
        Column("uncertainty", "uncertainty", "size"), Column("within", "within bins", "amount"), Column("brier", "Brier", "size"),
    )  # fmt: skip
    rows = [(name, *_split(one)) for name, one in split.items()]
    if len(rows) > 1:
        total = np.sum([row[1:] for row in rows], axis=0).tolist()
        rows.append(("all together", *total))
    exact = all(one.is_exact for one in split.values())
    bins = (
        "by distinct forecasts, exact"
        if exact
        else "by ten bins of equal width; what differs within bins is the remainder"
    )
    note = f"Brier = reliability (lower is better) - resolution (higher is better) + uncertainty (of the event){'' if exact else ' + within bins'}; {bins} (Murphy 1973)"
    return Table("parts", "What the Brier score is made of", columns, tuple(rows), note)


def _split(one: Parts) -> tuple[float, float, float, float, float]:
    total = one.reliability - one.resolution + one.uncertainty + one.within
    return one.reliability, one.resolution, one.uncertainty, one.within, total


def _reliability_table(split: Mapping[str, Parts]) -> Table:
    columns = (
        Column("event", "event"), Column("forecast", "forecast", "chance"), Column("forecast_bar", "", "bar"),
        Column("frequency", "came", "chance"), Column("frequency_bar", "", "bar"), Column("count", "rows", "count"), Column("weight", "weight", "size"),
    )  # fmt: skip
    rows = tuple(
        (name, one.forecast, one.forecast, one.frequency, one.frequency, one.count, one.weight)
        for name, split_one in split.items()
        for one in split_one.bins
    )
    return Table(
        "reliability",
        "How often the event came, by what was forecast",
        columns,
        rows,
        "forecasts that are well calibrated come as often as they say",
    )


def _held_table(forecasts: Forecasts, scheme: Scheme, rows: Rows, found: Mapping[str, Floats], seed: int) -> Table:
    kept = RULES if len(forecasts.categories) > 2 else ("brier", "log")
    columns = (
        Column("model", "model"), Column("rows", "rows", "count"), *_interval_columns("size", kept),
        Column("log_gain", "gain", "amount"), Column("log_gain_low", "5 %", "amount"), Column("log_gain_high", "95 %", "amount"),
    )  # fmt: skip
    base = _values(forecasts, rows, found["base rate"])[list(RULES).index("log")]
    lines: list[tuple[Cell, ...]] = []
    for name, chance in found.items():
        one = _scored(forecasts, rows, chance, seed)
        ahead = base - log_score(chance, forecasts.happened[rows])
        gain = means(ahead[None], forecasts.weight[rows], forecasts.cluster[rows], seed)
        lines.append((name, len(rows), *_cells({rule: one.means[rule] for rule in kept}), *_cells({"log": gain[0]})))
    note = f"{len(scheme.folds)} folds; `gain` is by how much the log score is below the base rate's; recalibration stretches and shifts log odds, the base rate counts half an occurrence more of each outcome, fits have a weak normal prior"
    return Table(scheme.name, f"Out of sample, {scheme.title}", columns, tuple(lines), note)


def _rows_table(forecasts: Forecasts) -> Table:
    columns = (Column("row", "forecast"), Column("probability", "chance of what came", "chance"), Column("outcome", "outcome"), Column("brier", "Brier", "size"), Column("log", "log", "size"))  # fmt: skip
    values = _values(forecasts, np.arange(len(forecasts)), forecasts.chance)
    rows: list[tuple[Cell, ...]] = []
    for place in np.argsort(-values[1], kind="stable"):
        came = int(forecasts.happened[place])
        log = float(values[1, place]) if np.isfinite(values[1, place]) else "infinite"
        rows.append(
            (
                forecasts.names[place],
                float(forecasts.chance[place, came]),
                forecasts.categories[came],
                float(values[0, place]),
                log,
            )
        )
    return Table("rows", "Forecast by forecast, the worst first", columns, tuple(rows))


# --- sentences ---------------------------------------------------------------------------------------------------


def _judgements(
    forecasts: Forecasts, own: Mapping[str, Scored], against: list[Against], split: Mapping[str, Parts]
) -> Iterator[str]:
    mine = own["forecast"].means
    clusters = len(np.unique(forecasts.cluster))
    counted = (
        f"{len(forecasts)} forecasts"
        if clusters == len(forecasts)
        else f"{len(forecasts)} forecasts in {clusters} clusters ({forecasts.clusters})"
    )
    yield f"{counted}: Brier score {_spoken(mine['brier'])}, log score {_spoken(mine['log'])}; lower is better."
    for one in against:
        yield _compared(one, len(forecasts))
    first = next(iter(split.values()))
    if len(split) == 1 and first.is_exact:
        yield f"Of the Brier score, {first.reliability:.3f} is lack of reliability; the forecasts resolve {first.resolution:.3f} of an uncertainty of {first.uncertainty:.3f}."


def _spoken(one: Mean) -> str:
    if not np.isfinite(one.value):
        return "infinite (something came that was given no chance)"
    return f"{one.value:.3f}" if one.low is None else f"{one.value:.3f} ({one.low:.3f} to {one.high:.3f})"


def _compared(one: Against, rows: int) -> str:
    gap = one.differences["brier"]
    where = "" if one.rows == rows else f" on the {one.rows} that it speaks of"
    if gap.low is None or gap.high is None:
        verdict = f"{abs(gap.value):.3f} {'below' if gap.value < 0 else 'above'}, with no interval to judge it by"
    elif gap.low <= 0 <= gap.high:
        verdict = f"not told apart ({gap.value:+.3f}, {gap.low:+.3f} to {gap.high:+.3f})"
    else:
        verdict = (
            f"{'better' if gap.value < 0 else 'worse'} by {abs(gap.value):.3f} ({gap.low:+.3f} to {gap.high:+.3f})"
        )
    return f"In Brier score against the {one.other}{where}: {verdict}."


def _caveats(forecasts: Forecasts, held: list[tuple[Scheme, Rows, dict[str, Floats]]]) -> Iterator[str]:
    yield from forecasts.notes
    clusters = len(np.unique(forecasts.cluster))
    if clusters == 1:
        yield "all forecasts stand in one cluster: there is no interval"
    elif clusters < FEW_CLUSTERS:
        yield f"intervals rest on {clusters} clusters only and are too narrow"
    if len(forecasts) < FEW_ROWS:
        yield f"{len(forecasts)} forecasts are few: parts and out-of-sample scores are rough"
    if not held:
        yield "too few rows or clusters to score anything out of sample"
    if forecasts.day is None:
        yield "there are no dates, so that no model is tried on the future"
    if not forecasts.feature_names:
        yield "no feature columns were named, so that there is no multinomial logit to compare with"
