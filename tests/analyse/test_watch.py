"""What to watch: Bayes factors and expected information of moves ahead, in closed form."""

from __future__ import annotations

import json
from math import log2

import pytest
from click.testing import CliRunner
from crises import text_of

from stratagem.analyse.finding import Finding
from stratagem.analyse.study import Study
from stratagem.analyse.watch import watch
from stratagem.api import solve
from stratagem.catalogue import Case
from stratagem.cli import main
from stratagem.errors import UsageError

ROUNDING = 1e-9

# A signal comes with chance 0.9 before an attack and 0.2 otherwise; whether it comes to an attack is 0.3 (drawn first, unseen by a question).
SIGNAL = """
players: {p: P}
quantities: {known to nobody: {mood: uniform 0 to 1}}
taken as known: [all]
state: {plan: false}
timeline:
  - {chance: plan_made, outcomes: {yes: {probability: 0.3, set: {plan: true}}, no: rest}}
  - {chance: troops, date: 2022-01-10, outcomes: {seen: {probability: if plan then 0.9 else 0.2}, quiet: rest}}
  - {chance: attack, date: 2022-02-10, outcomes: {yes: {probability: if plan then 1 else 0}, no: rest}}
  - {chance: weather, date: 2022-03-10, outcomes: {fair: {probability: mood}, foul: rest}}
questions: {attack_comes: {title: Will it come to an attack?, event: attack == yes, by: 2022-02-20}}
"""


def found(text: str = SIGNAL, **options: object) -> Finding:
    return watch(Study(text_case(text), **{"worlds": 512, **options}))  # type: ignore[arg-type]


def text_case(text: str) -> Case:
    return Case("crisis", "crisis.yaml", text_of(text))


def rows(finding: Finding, name: str) -> dict[str, dict[str, object]]:
    table = next(one for one in finding.tables if one.name == name)
    return {str(row[0]): dict(zip((column.name for column in table.columns), row, strict=True)) for row in table.rows}


def test_a_signal_s_factor_chance_and_bits() -> None:
    """Bayes factor 0.9 / 0.2; seen with chance 0.41; then 0.27 / 0.41, else 0.03 / 0.59."""
    one = rows(found(), "question_attack_comes")["troops=seen"]
    assert one["bayes_factor"] == pytest.approx(4.5, abs=ROUNDING)
    assert one["chance"] == pytest.approx(0.41, abs=ROUNDING)
    assert one["now"] == pytest.approx(0.3, abs=ROUNDING)
    assert one["if_seen"] == pytest.approx(0.27 / 0.41, abs=ROUNDING)
    assert one["if_not"] == pytest.approx(0.03 / 0.59, abs=ROUNDING)
    cells = ((0.27, 0.3 * 0.41), (0.03, 0.3 * 0.59), (0.14, 0.7 * 0.41), (0.56, 0.7 * 0.59))
    assert one["bits"] == pytest.approx(sum(p * log2(p / q) for p, q in cells), abs=ROUNDING)
    assert one["level"] == "alert"


def test_an_outcome_that_is_the_answer_settles_it() -> None:
    one = rows(found(), "question_attack_comes")["attack=yes"]
    assert (one["level"], one["bayes_factor"]) == ("settles", "infinite")


def test_what_comes_after_a_question_is_read_is_no_indicator_of_it() -> None:
    assert not any(name.startswith("weather") for name in rows(found(), "question_attack_comes"))


def test_an_outcome_tells_of_the_number_behind_it() -> None:
    """Of a uniform chance, above against below its half: (3/4) / (1/4) = 3 for fair weather."""
    one = rows(found(), "fact_mood")["weather=fair"]
    assert one["bayes_factor"] == pytest.approx(3, abs=0.01)  # of evenly spread worlds
    assert one["if_seen"] == pytest.approx(0.75, abs=1e-3)


def test_indicators_start_after_the_history() -> None:
    finding = found(history=("plan_made=yes", "troops=seen"))
    assert all("troops" not in name for table in finding.tables for name in rows(finding, table.name))
    assert any("attack_comes: settled already" in text for text in finding.judgements)


def test_a_history_that_cannot_be_is_refused() -> None:
    with pytest.raises(UsageError, match="probability 0 in every world"):
        found(history=("plan_made=yes", "attack=no"))


# A build-up of two or of ten looks alike at first, and is counted a month later; resolve is known to its owner alone.
HIDDEN = """
as of: 2022-01-01
players: {p: {name: P, precision: 2}, o: {name: O, precision: 2}}
quantities:
  known to all: {cost: 0.2 to 0.4}
  known to p: {resolve: {is: {choice: {1: 0.6, -1: 0.4}}, title: Resolve}}
timeline:
  - {chance: mood, seen by: p, outcomes: {calm: 0.7, angry: rest}}
  - {move: build, player: p, date: 2022-02-01, seen as: {loud: [two, ten]}, seen after: 30 days, actions: {
      none_sent: , two: {payoffs: {p: -0.1}}, ten: {payoffs: {p: -0.2}}}}
  - {move: word, player: p, date: 2022-02-02, seen by: nobody, actions: {mild: , harsh: {payoffs: {p: 0.1}}}}
  - {move: reply, player: o, date: 2022-02-10, actions: {yield: {payoffs: {o: -cost, p: 0.5}}, stand: }}
  - {move: attack, player: p, date: 2022-04-01, actions: {
      go: {payoffs: {p: resolve * (if build == ten then 1 else 0.3) + (if mood == angry and build == ten then 2 else 0), o: -1}}, rest_now: }}
questions: {attack_comes: {title: Will it come to an attack?, event: attack == go}}
"""


def test_only_what_all_see_is_watched_as_it_looks_and_from_when() -> None:
    finding = found(HIDDEN, worlds=64)
    signs = rows(finding, "question_attack_comes")
    dates = {name: row["date"] for name, row in signs.items() if name.startswith("build")}
    assert dates == {
        "build=loud": "2022-02-01", "build=none_sent": "2022-02-01", "build=two": "2022-03-03", "build=ten": "2022-03-03",
    }  # fmt: skip
    every = {name for table in finding.tables for name in rows(finding, table.name)}
    assert not any(name.startswith(("resolve", "mood", "word")) for name in every)


def test_what_looks_alike_counts_together() -> None:
    answer, signs = solve(text_case(HIDDEN), worlds=64), rows(found(HIDDEN, worlds=64), "question_attack_comes")
    build = next(one for one in answer.choices if one.move == "build")
    chance = {one.name: one.probability.mean for one in build.actions if one.probability is not None}
    assert signs["build=loud"]["chance"] == pytest.approx(chance["two"] + chance["ten"], abs=ROUNDING)
    after = solve(text_case(HIDDEN), worlds=64, history=["build=none_sent"]).questions[0].probability
    assert after is not None
    assert signs["build=loud"]["if_not"] == pytest.approx(after.mean, abs=ROUNDING)


def test_a_late_sight_is_still_ahead_once_later_moves_were_seen() -> None:
    signs = rows(found(HIDDEN, worlds=64, history=("reply=stand",)), "question_attack_comes")
    assert {name for name in signs if name.startswith("build")} == {"build=two", "build=ten"}


def test_a_hidden_number_and_a_hidden_event_are_asked_about() -> None:
    """What beliefs say of them after the move that all see, by another way through the game."""
    finding = found(HIDDEN, worlds=64)
    titles = {table.name: table.title for table in finding.tables}
    assert titles["fact_resolve"] == "Resolve: is it 1 or more?"
    assert titles["fact_mood"] == "mood: is it “calm”?"
    answer = solve(text_case(HIDDEN), worlds=64)
    learnt = {(one.hidden, one.value, one.look): one for one in answer.beliefs if one.player == "o"}
    for name, hidden, value in (("fact_resolve", "resolve", "high"), ("fact_mood", "mood", "calm")):
        sign = rows(finding, name)["build=loud"]
        assert sign["now"] == pytest.approx({"resolve": 0.6, "mood": 0.7}[hidden], abs=ROUNDING)
        assert sign["if_seen"] == pytest.approx(learnt[hidden, value, "loud"].after.mean, abs=ROUNDING)
        assert sign["bayes_factor"] == pytest.approx(learnt[hidden, value, "loud"].bayes_factor, abs=1e-6)


def test_a_fact_that_the_history_settles_is_asked_no_more() -> None:
    assert "fact_resolve" not in {one.name for one in found(HIDDEN, worlds=64, history=("resolve=high",)).tables}


def test_the_most_telling_comes_first_and_of_two_that_tell_as_much_the_earlier() -> None:
    listed = rows(found(), "question_attack_comes")
    bits = [round(float(str(row["bits"])), 9) for row in listed.values()]
    assert bits == sorted(bits, reverse=True)
    assert len(set(bits)) < len(bits)
    moves = list(dict.fromkeys(name.partition("=")[0] for name in listed))
    assert [name for move in moves for name in listed if name.startswith(f"{move}=")] == list(listed)


def test_the_command_lists_what_to_watch() -> None:
    ran = CliRunner().invoke(main, ["watch", "kazakhstan-ukraine-2022", "--worlds", "100", "--json"])
    assert ran.exit_code == 0, ran.output
    data = json.loads(ran.output)
    assert data["schema"] == "stratagem/watch/1"
    assert "question_invasion" in data["tables"] or "invasion" in " ".join(data["judgements"])
