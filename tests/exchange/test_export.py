"""Scenarios written as game files: the same game to our own solver of files, to Gambit and to OpenSpiel."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from click.testing import CliRunner
from crises import scenario

from stratagem.api import solve_game_file
from stratagem.catalogue import load
from stratagem.cli import main
from stratagem.exchange.answer import answer
from stratagem.exchange.efg_write import write_efg
from stratagem.exchange.scenario_tree import export_world
from stratagem.graph.compile import compile_scenario
from stratagem.scenario.model import Scenario
from stratagem.solve.solve import Request, solve

EXACT = 1e-9  # in payoff

SEEN_LATE = """
    players: {p: {name: P, precision: 2}, o: {name: O, precision: 2}}
    quantities:
      known to p: {resolve: {is: -1 to 1, types: 3}}
      known to all: {harm: 0.2 to 0.6}
    as of: 2022-01-01
    timeline:
      - {move: show, player: p, date: 2022-01-02, seen as: {moved: [two, ten]}, seen after: 9 days, actions: {
          nothing: , two: {payoffs: {p: -0.1}}, ten: {payoffs: {p: -0.3}}}}
      - {move: early, player: o, date: 2022-01-05, actions: {wait: , warn: {payoffs: {o: -0.1, p: -0.2}}}}
      - {move: late, player: o, date: 2022-01-20, actions: {
          resist: {payoffs: {p: resolve, o: -resolve}}, yield: {payoffs: {p: 1, o: -harm}}}}
      - simultaneous:
          - {move: left, player: p, if: late == resist, actions: {stay: , go: {payoffs: {p: 0.2, o: -0.3}}}}
          - {move: right, player: o, if: late == resist, actions: {stay: , go: {payoffs: {o: if left == go then 0.4 else -0.2}}}}
"""


def cases() -> list[tuple[str, Scenario, float]]:
    found = [
        (name, load(name).scenario, 3.0) for name in ("private-resolve", "crisis-signalling", "chain-store-reputation")
    ]
    found += [(name, load(name).scenario, 1.5) for name in ("signorino-deterrence", "cuban-missile-crisis")]
    return [*found, ("seen late", scenario(SEEN_LATE), 2.0)]


@pytest.mark.parametrize(("name", "model", "precision"), cases())
def test_a_world_is_worth_the_same_in_the_file_and_in_the_scenario(
    tmp_path: Path, name: str, model: Scenario, precision: float
) -> None:
    file = tmp_path / f"{name.replace(' ', '-')}.efg"
    file.write_text(write_efg(export_world(model, "0").tree), "utf-8")
    found = solve_game_file(file, precision)
    expected = solve(compile_scenario(model), model, Request(worlds=1, precision=precision))
    assert found.is_found
    assert list(found.profile.payoffs.values()) == pytest.approx(expected.true[:, 0].tolist(), abs=EXACT)


@pytest.mark.parametrize("model", [case[1] for case in cases()])
def test_gambit_reads_what_is_written(model: Scenario) -> None:
    gambit = pytest.importorskip("pygambit")
    tree = export_world(model, "0").tree
    game = gambit.read_efg(io.StringIO(write_efg(tree)))
    assert [str(player) for player in game.players] == list(tree.players)
    infosets = [one for one in tree.infosets if not one.is_chance]
    assert sum(len(list(gambit.qre.logit_solve_lambda(game, [0.5])[0].profile[str(p)])) for p in game.players) == len(
        infosets
    )


def test_openspiel_reads_what_is_written(tmp_path: Path) -> None:
    pyspiel = pytest.importorskip("pyspiel")
    file = tmp_path / "game.efg"
    file.write_text(write_efg(export_world(load("private-resolve").scenario).tree), "utf-8")
    assert pyspiel.load_game(f"efg_game(filename={file})").num_players() == 2


def test_the_verb_writes_a_file_and_says_what_is_not_in_it(tmp_path: Path) -> None:
    file = tmp_path / "game.efg"
    found = CliRunner().invoke(main, ["export", "signorino-deterrence", "-o", str(file), "--world", "3"])
    assert found.exit_code == 0, found.output
    assert "5 nodes" in found.output
    assert file.read_text("utf-8").startswith("EFG 2 R")


def test_a_world_that_is_none_is_a_message(tmp_path: Path) -> None:
    found = CliRunner().invoke(main, ["export", "signorino-deterrence", "-o", str(tmp_path / "g.efg"), "--world", "x"])
    assert found.exit_code == 2
    assert "the world `x`; `central`, or a number" in found.output
    assert not (tmp_path / "g.efg").exists()


@pytest.mark.parametrize("world", [0, 4])
def test_what_nobody_knows_stands_at_its_mean(world: int) -> None:
    """Players who read the file know no more than those of the scenario: they act alike, and are worth what those believe."""
    text = SEEN_LATE.replace("harm: 0.2 to 0.6}", "harm: 0.2 to 0.6}\n      known to nobody: {luck: normal 0 to 3}")
    model = scenario(
        text.replace("{wait: ,", "{wait: {payoffs: {p: luck}},").replace("wait: ,", "wait: {payoffs: {p: luck}},")
    )
    exported = export_world(model, str(world))
    assert exported.warnings == ()
    found = answer(exported.tree, 2.0, "logit")
    expected = solve(compile_scenario(model), model, Request(worlds=5, precision=2.0))
    assert abs(expected.true[0, world] - expected.believed[0, world]) > 0.01
    assert list(found.profile.payoffs.values()) == pytest.approx(expected.believed[:, world].tolist(), abs=EXACT)
