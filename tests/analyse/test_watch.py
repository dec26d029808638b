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
    return watch(Study(Case("crisis", "crisis.yaml", text_of(text)), **{"worlds": 512, **options}))  # type: ignore[arg-type]


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


def test_the_most_telling_comes_first() -> None:
    bits = [row["bits"] for row in rows(found(), "question_attack_comes").values()]
    assert bits == sorted(bits, reverse=True)  # type: ignore[type-var]


def test_the_command_lists_what_to_watch() -> None:
    ran = CliRunner().invoke(main, ["watch", "kazakhstan-ukraine-2022", "--worlds", "100", "--json"])
    assert ran.exit_code == 0, ran.output
    data = json.loads(ran.output)
    assert data["schema"] == "stratagem/watch/1"
    assert "question_invasion" in data["tables"] or "invasion" in " ".join(data["judgements"])
