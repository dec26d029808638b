"""The way from a scenario to its answer in Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from crises import text_of

import stratagem
from stratagem.api import solve
from stratagem.catalogue import Case, load, names
from stratagem.errors import ScenarioError, StratagemError, UsageError

CRISIS = """
quantities: {known to all: {a: 0.2 to 0.6}}
players: {p: {name: P, precision: 1}, o: {name: O, precision: 1}}
theatres: {west: W, east: E}
links: {spill: {title: Spill, from: west, to: east}}
timeline:
  - {move: m, player: p, actions: {hold: , go: {payoffs: {p: a + 3 * spill}}}}
  - {move: n, player: o, actions: {hold: , go: }}
questions: {go: {title: Go, event: m == go}}
"""
CASE = Case("crisis", "crisis.yaml", text_of(CRISIS))


def mean(**options: object) -> float:
    return solve(CASE, **{"worlds": 16, **options}).questions[0].probability.mean


def test_a_scenario_is_given_by_name_by_path_or_as_a_case(tmp_path: Path) -> None:
    file = tmp_path / "crisis.yaml"
    file.write_text(text_of(CRISIS))
    assert solve(CASE, worlds=16).questions == solve(file, worlds=16).questions == solve(str(file), worlds=16).questions


def test_a_name_of_the_catalogue_comes_before_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "signorino-deterrence").write_text(text_of(CRISIS))
    assert load("signorino-deterrence").text != text_of(CRISIS)


@pytest.mark.parametrize("name", names())
def test_every_scenario_of_the_catalogue_is_solved(name: str) -> None:
    found = solve(name, worlds=8, decisions=5)
    assert found.num_failed == 0
    assert found.questions


def test_one_text_is_as_good_as_a_list_of_one() -> None:
    assert mean(do="m=go") == mean(do=["m=go"]) == 1
    assert mean(history="n=go") == mean(history=["n=go"])
    assert mean(without="spill") == mean(without=["spill"]) < mean()


def test_texts_may_come_from_a_generator() -> None:
    found = solve(CASE, worlds=16, do=(one for one in ["m=go"]), history=(one for one in ["n=go"]))
    assert found.manifest["do"] == ["m=go"]
    assert found.manifest["history"] == ["n=go"]


def test_an_empty_history_replaces_the_one_of_the_file() -> None:
    case = Case("crisis", "crisis.yaml", text_of(CRISIS + "history: [m = go]\n"))
    assert solve(case, worlds=16).manifest["history"] == ["m = go"]
    assert solve(case, worlds=16, history=()).manifest["history"] == []


@pytest.mark.parametrize(("precision", "expected"), [("best", 1.0), (0, 0.5), ("0", 0.5), (float("1e6"), 1.0)])
def test_a_precision_is_a_number_or_best(precision: object, expected: float) -> None:
    assert mean(precision=precision) == expected


@pytest.mark.parametrize("precision", ["high", -1, float("nan"), float("inf"), "", "1e400"])
def test_another_precision_is_refused(precision: object) -> None:
    with pytest.raises(UsageError, match=r"the precision `.*`; a number from 0 to 1,000,000, or `best` \[M9\]"):
        mean(precision=precision)


@pytest.mark.parametrize("worlds", [0, -5, 10**9])
def test_worlds_are_from_one_to_ten_million(worlds: int) -> None:
    with pytest.raises(StratagemError, match="worlds"):
        mean(worlds=worlds)


def test_an_unknown_link_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"the unknown link `spil` \(did you mean `spill`\?\); one of spill \[L9\]"):
        mean(without=["spil"])


def test_an_unknown_scenario_is_answered_with_the_nearest() -> None:
    with pytest.raises(StratagemError, match=r"did you mean `signorino-deterrence`\?"):
        solve("signorino-deterence")


def test_a_faulty_scenario_raises_all_its_faults() -> None:
    with pytest.raises(ScenarioError) as error:
        solve(Case("x", "x.yaml", text_of(CRISIS.replace("player: p", "player: pp").replace("a + 3", "aa + 3"))))
    assert len(error.value.faults) == 2


def test_progress_is_told_world_by_world() -> None:
    told: list[tuple[int, int]] = []
    solve(CASE, worlds=3000, progress=lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1] == (3000, 3000)


def test_the_digest_is_of_the_text() -> None:
    assert solve(CASE, worlds=1).manifest["sha256"] == CASE.digest
    assert Case("x", "x", "a").digest != Case("x", "x", "b").digest


def test_public_names_are_imported_when_asked_for() -> None:
    assert stratagem.solve is solve
    assert stratagem.load is load
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = stratagem.nothing


def test_importing_the_package_loads_no_array_library() -> None:
    code = "import sys, stratagem; print({'numpy', 'scipy', 'pydantic', 'rich'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "set()\n"
