"""Scores of forecasts: published definitions, exact parts, honest intervals, models fitted to other rows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from crises import answered

from stratagem.analyse.finding import Finding, Table
from stratagem.analyse.score import resolved, score
from stratagem.analyse.score_models import multinomial_logit, recalibrated, schemes
from stratagem.analyse.score_rules import brier, log_score, means, parts, ranked_probability
from stratagem.analyse.score_table import Forecasts, read_forecasts
from stratagem.cli import main
from stratagem.errors import UsageError

ROUNDING = 1e-12


def table(finding: Finding, name: str) -> Table:
    return next(one for one in finding.tables if one.name == name)


def rows(finding: Finding, name: str) -> list[dict[str, object]]:
    found = table(finding, name)
    return [dict(zip((column.name for column in found.columns), row, strict=True)) for row in found.rows]


def written(path: Path, text: str) -> Path:
    file = path / "forecasts.csv"
    file.write_text(text, "utf-8")
    return file


def made(yes: np.ndarray, came: np.ndarray, **more: object) -> Forecasts:
    size = len(yes)
    return Forecasts(
        ("no", "yes"), tuple(map(str, range(size))), np.column_stack([1 - yes, yes]), came.astype(np.intp),
        **{"cluster": np.arange(size), "clusters": "rows", "weight": np.ones(size), **more},  # type: ignore[arg-type]
    )  # fmt: skip


# --- the scores ------------------------------------------------------------------------------------------------------


def test_brier_and_log_score_of_a_hindcast_by_hand(tmp_path: Path) -> None:
    """Four forecasts: squares 0.01, 0.04, 0.25, 0.09; log score -(ln 0.9 + ln 0.8 + ln 0.5 + ln 0.7) / 4."""
    file = written(tmp_path, "question,probability,outcome\na,0.1,0\nb,0.8,1\nc,50%,yes\nd,0.3,No\n")
    found = rows(score("hindcast", read_forecasts(file)), "scores")[0]
    assert found["brier"] == pytest.approx(0.0975, abs=ROUNDING)
    assert found["log"] == pytest.approx(0.3445815478676784, abs=ROUNDING)
    assert found["rps"] == pytest.approx(found["brier"], abs=ROUNDING)


def test_the_ranked_score_counts_how_far_off_a_forecast_is() -> None:
    """Of three categories: all on the first; a near miss costs (1, 0) / 2, a far one (1, 1) / 2."""
    sure = np.array([[1.0, 0.0, 0.0]] * 3)
    assert ranked_probability(sure, np.array([0, 1, 2])).tolist() == [0.0, 0.5, 1.0]
    assert brier(sure, np.array([0, 1, 2])).tolist() == [0.0, 2.0, 2.0]


def test_a_sure_forecast_that_fails_scores_infinitely_and_is_said_so(tmp_path: Path) -> None:
    file = written(tmp_path, "id,probability,outcome\n" + "a,0,yes\nb,0.5,no\n")
    finding = score("sure", read_forecasts(file))
    assert rows(finding, "scores")[0]["log"] == "infinite"
    assert "infinite" in finding.judgements[0]


@pytest.mark.parametrize("rule", [brier, log_score, ranked_probability])
def test_scores_are_proper(rule: object) -> None:
    """Nothing but the true probabilities does best in expectation."""
    truth = np.array([0.2, 0.5, 0.3])
    others = np.random.default_rng(0).dirichlet(np.ones(3), 200)

    def expected(chance: np.ndarray) -> float:
        return float(sum(p * rule(chance[None], np.array([k]))[0] for k, p in enumerate(truth)))  # type: ignore[operator]

    assert all(expected(truth) < expected(one) for one in others)


# --- its parts -------------------------------------------------------------------------------------------------------


def test_the_parts_of_distinct_forecasts_are_exact() -> None:
    """Forecasts of 0.2 (1 of 4 came) and 0.8 (2 of 2): reliability (4 * 0.05^2 + 2 * 0.2^2) / 6."""
    forecast = np.array([0.2] * 4 + [0.8] * 2)
    came = np.array([True, False, False, False, True, True])
    found = parts(forecast, came, np.ones(6))
    assert found.is_exact
    assert found.reliability == pytest.approx((4 * 0.05**2 + 2 * 0.2**2) / 6, abs=ROUNDING)
    assert found.resolution == pytest.approx((4 * 0.25**2 + 2 * 0.5**2) / 6, abs=ROUNDING)
    assert found.uncertainty == pytest.approx(0.25, abs=ROUNDING)
    total = found.reliability - found.resolution + found.uncertainty
    assert total == pytest.approx(((forecast - came) ** 2).mean(), abs=ROUNDING)


def test_the_parts_of_many_forecasts_add_up_with_what_differs_within_bins() -> None:
    random = np.random.default_rng(1)
    forecast, weight = random.random(500), random.random(500)
    came = random.random(500) < forecast
    found = parts(forecast, came, weight)
    assert not found.is_exact
    assert len(found.bins) == 10
    total = found.reliability - found.resolution + found.uncertainty + found.within
    assert total == pytest.approx(weight @ (forecast - came) ** 2 / weight.sum(), abs=ROUNDING)
    assert abs(found.within) < 0.01


# --- intervals -------------------------------------------------------------------------------------------------------


def test_intervals_by_clusters_cover_where_those_by_rows_do_not() -> None:
    """Rows of a cluster share their value: by clusters 90 % of intervals hold the truth, by rows about half of them."""
    random = np.random.default_rng(2)
    held = {"clusters": 0, "rows": 0}
    for trial in range(200):
        values = np.repeat(random.normal(size=30), 10)[None]
        for name, cluster in (("clusters", np.repeat(np.arange(30), 10)), ("rows", np.arange(300))):
            found = means(values, np.ones(300), cluster, trial)[0]
            held[name] += found.low <= 0 <= found.high  # type: ignore[operator]
    assert 0.82 <= held["clusters"] / 200 <= 0.95
    assert held["rows"] / 200 < 0.6


def test_one_cluster_has_no_interval() -> None:
    found = means(np.arange(5.0)[None], np.ones(5), np.zeros(5, np.intp), 1)[0]
    assert (found.value, found.low, found.high) == (2.0, None, None)


# --- out of sample ---------------------------------------------------------------------------------------------------


def overconfident(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Forecasts whose log odds are twice what they should be, and what came."""
    random = np.random.default_rng(3)
    odds = random.normal(size=size)
    came = random.random(size) < 1 / (1 + np.exp(-odds))
    return 1 / (1 + np.exp(-2 * odds)), came


def test_recalibration_mends_overconfident_forecasts_out_of_sample() -> None:
    yes, came = overconfident(2000)
    found = {str(row["model"]): row for row in rows(score("s", made(yes, came, day=np.arange(2000))), "temporal")}
    assert found["recalibrated"]["log"] < found["as stated"]["log"]  # type: ignore[operator]
    assert found["recalibrated"]["log_gain_low"] > 0  # type: ignore[operator]


def test_recalibration_finds_the_stretch() -> None:
    """Where log odds are doubled, those of the recalibrated forecast are about half the stated ones."""
    yes, came = overconfident(5000)
    every = np.arange(5000)
    again = recalibrated(made(yes, came), every, every)[:, 1]
    slope = np.polyfit(np.log(yes / (1 - yes)), np.log(again / (1 - again)), 1)[0]
    assert slope == pytest.approx(0.5, abs=0.05)


def test_the_logit_of_a_group_is_its_frequency() -> None:
    """With one column of 0 and 1 the model has a coefficient for each group: fitted chances are frequencies (up to the weak prior)."""
    column = np.repeat([0.0, 1.0], 1000)
    came = np.concatenate([np.arange(1000) < 300, np.arange(1000) < 800])
    one = made(np.full(2000, 0.5), came, features=column[:, None], feature_names=("x",))
    every = np.arange(2000)
    chance = multinomial_logit(one, every, every)[:, 1]
    assert chance[0] == pytest.approx(0.3, abs=1e-3)
    assert chance[-1] == pytest.approx(0.8, abs=1e-3)


def test_outcomes_that_a_feature_separates_leave_the_logit_finite() -> None:
    column = np.linspace(-1, 1, 40)
    one = made(np.full(40, 0.5), column > 0, features=column[:, None], feature_names=("x",))
    chance = multinomial_logit(one, np.arange(40), np.arange(40))
    assert np.isfinite(chance).all()
    assert chance[-1, 1] > 0.95


def test_no_row_is_scored_by_a_model_that_saw_it_or_its_cluster_or_its_future() -> None:
    yes, came = overconfident(60)
    one = made(yes, came, cluster=np.arange(60) // 4, day=np.arange(60) // 3)
    found = {scheme.name: scheme for scheme in schemes(one)}
    for fitted, scored in found["grouped"].folds:
        assert not set(one.cluster[fitted]) & set(one.cluster[scored])
    for fitted, scored in found["temporal"].folds:
        assert one.day[fitted].max() < one.day[scored].min()  # type: ignore[index]
    assert sorted(np.concatenate([scored for _, scored in found["grouped"].folds])) == list(range(60))


# --- tables ----------------------------------------------------------------------------------------------------------

MARRED = {
    "a probability above one": ("id,probability,outcome\na,1.2,yes\n", ":2:2: the probability 1.2; expected one from 0 to 1"),
    "a word for a number": ("id,probability,outcome\na,0.5,no\nb,likely,no\n", ":3:2: `likely` as `probability`; expected a probability"),
    "a missing cell": ("id,probability,outcome\na,,yes\n", ":2:2: an empty cell of `probability`"),
    "an unknown outcome": ("id,probability,outcome\na,0.5,yess\n", "`yess` (did you mean `yes`?)"),
    "no outcome": ("id,probability,outcom\na,0.5,yes\n", "no column `outcome` (did you mean `outcom`?)"),
    "no probability": ("id,outcome\na,yes\n", ":1:1: no probabilities"),
    "a sum that is not 1": ("id,p_low,p_high,outcome\na,0.5,0.6,low\n", ":2:2: probabilities that sum to 1.1"),
    "a short row": ("id,probability,outcome\na,0.5\n", ":2:1: 2 cells; expected 3"),
    "a bad date": ("id,probability,outcome,date\na,0.5,yes,2022-13\n", ":2:4: the date `2022-13`"),
    "a weight of nothing": ("id,probability,outcome,weight\na,0.5,yes,0\n", ":2:4: a weight that is not above 0"),
    "only void rows": ("id,probability,outcome\na,0.5,void\n", "every row is void"),
    "nothing": ("", "no rows"),
    "a heading twice": ("id,id,probability,outcome\na,a,0.5,yes\n", "the heading `id` twice"),
}  # fmt: skip


@pytest.mark.parametrize("name", MARRED)
def test_a_marred_table_says_where_and_what(tmp_path: Path, name: str) -> None:
    text, message = MARRED[name]
    with pytest.raises(UsageError) as caught:
        read_forecasts(written(tmp_path, text))
    assert message in str(caught.value)


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read_forecasts(written(tmp_path, "id,probability,outcome\na,2,yes\nb,0.5,maybe\n"))
    assert len(str(caught.value).splitlines()) == 2


def test_a_feature_that_does_not_exist_or_never_varies_is_told(tmp_path: Path) -> None:
    file = written(tmp_path, "id,probability,outcome,gdp\na,0.5,yes,1\nb,0.4,no,1\n")
    with pytest.raises(UsageError, match="no column `gdpp` \\(did you mean `gdp`\\?\\)"):
        read_forecasts(file, ["gdpp"])
    with pytest.raises(UsageError, match="`gdp` is 1 in every row"):
        read_forecasts(file, ["gdp"])


def test_categories_keep_the_order_of_their_columns(tmp_path: Path) -> None:
    text = (
        "id,probability of peace,probability of crisis,probability of war,outcome\na,0.2,0.3,50%,War\nb,1,0,0,peace\n"
    )
    one = read_forecasts(written(tmp_path, text))
    assert one.categories == ("peace", "crisis", "war")
    assert one.chance.tolist() == [[0.2, 0.3, 0.5], [1, 0, 0]]
    finding = score("s", one)
    total = rows(finding, "parts")[-1]
    assert total["event"] == "all together"
    assert total["brier"] == pytest.approx(rows(finding, "scores")[0]["brier"], abs=ROUNDING)


def test_void_and_open_rows_are_left_out_and_said_so(tmp_path: Path) -> None:
    text = "id,probability,outcome\na,0.5,yes\nb,0.5,void\nc,0.5,open\nd,0.1,no\n"
    finding = score("s", read_forecasts(written(tmp_path, text)))
    assert finding.manifest["rows"] == 2
    assert {"1 of 4 rows are void and left out", "1 of 4 rows are open and left out"} <= set(finding.caveats)


# --- scenarios -------------------------------------------------------------------------------------------------------

ASKED = """
players: {p: {name: P, precision: 1}}
timeline:
  - {move: act, player: p, actions: {stay: , go: {payoffs: {p: 1}}}}
questions:
  goes: {title: Will P go?, event: act == go, resolved: yes, base rate: 40%, crowd: 60%}
  stays: {title: Will P stay?, event: act == stay, resolved: no}
  void_one: {title: Void?, event: act == stay, resolved: void}
  open_one: {title: Open?, event: act == stay}
"""


def test_a_scenario_is_scored_by_its_resolved_questions() -> None:
    finding = score("s", resolved(answered(ASKED)))
    chance = 1 / (1 + np.exp(-1))
    own = {row["who"]: row for row in rows(finding, "scores")}
    assert own["forecast"]["brier"] == pytest.approx((1 - chance) ** 2, abs=1e-9)
    assert (own["base rate"]["rows"], own["base rate"]["brier"]) == (1, pytest.approx(0.36, abs=1e-9))
    assert own["crowd"]["brier"] == pytest.approx(0.16, abs=1e-9)
    assert "left out because they are void: void_one" in finding.caveats
    assert "left out because they are open: open_one" in finding.caveats


def test_a_scenario_without_resolved_questions_has_nothing_to_score() -> None:
    text = ASKED.replace("resolved: yes, ", "").replace(", resolved: no", "")
    with pytest.raises(UsageError, match="nothing to score yet"):
        resolved(answered(text))


def test_the_command_scores_a_table_and_a_scenario(tmp_path: Path) -> None:
    file = written(
        tmp_path, "id,probability,outcome,x\n" + "".join(f"q{n},0.{n % 9 + 1},{n % 2},{n * n % 7}\n" for n in range(40))
    )
    found = json.loads(CliRunner().invoke(main, ["score", str(file), "--features", "x", "--json"]).output)
    assert found["schema"] == "stratagem/score/1"
    assert {row["model"] for row in found["tables"]["grouped"]} >= {"base rate", "multinomial logit", "recalibrated"}
    again = CliRunner().invoke(main, ["score", "kazakhstan-ukraine-2022", "--worlds", "50", "--json"])
    assert again.exit_code == 0
    assert json.loads(again.output)["manifest"]["rows"] > 5


def test_the_reliability_diagram_is_drawn(tmp_path: Path) -> None:
    pytest.importorskip("vl_convert")
    file = written(tmp_path, "id,probability,outcome\na,0.1,0\nb,0.8,1\n")
    drawn = tmp_path / "reliability.svg"
    assert CliRunner().invoke(main, ["score", str(file), "--svg", str(drawn)]).exit_code == 0
    text = drawn.read_text("utf-8")
    assert text.startswith("<svg xmlns=")
    assert "var(" not in text
