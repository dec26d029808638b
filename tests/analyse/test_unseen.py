"""What learning a hidden fact tells of a question, in closed form."""

from __future__ import annotations

from math import log2

import numpy as np
import pytest
from crises import text_of

from stratagem.analyse.learn import learn
from stratagem.analyse.study import Study
from stratagem.analyse.unseen import told_by_fact
from stratagem.analyse.watch import watch
from stratagem.catalogue import Case

EXACT = 1e-9

# The attacker alone knows whether an attack is worth 1 or -1 to him, and whether the night is clear, which is worth 0.5 more.
ATTACK = """
players: {p: {name: P, precision: 1}, o: {name: O, precision: 1}}
quantities: {known to p: {gain: {is: {choice: {1: 0.25, -1: 0.75}}, title: The gain}}, known to all: {cost: 0.1 to 0.3}}
timeline:
  - {chance: night, title: The night, seen by: p, outcomes: {clear: 0.4, dark: rest}}
  - {move: act, player: p, actions: {hold: , attack: {payoffs: {p: gain + (if night == clear then 0.5 else 0) - COST}}}}
  - {move: reply, player: o, actions: {a: , b: }}
questions:
  attack: {title: Attack, event: act == attack}
  clear: {title: Clear when it attacks, event: night == clear, given: act == attack}
"""


def logit(value: float) -> float:
    return float(1 / (1 + np.exp(-value)))


def entropy(p: float) -> float:
    return -p * log2(p) - (1 - p) * log2(1 - p)


def rows(
    text: str, name: str, history: tuple[str, ...] | None = None, worlds: int = 64
) -> dict[str, dict[str, object]]:
    study = Study(Case("crisis", "crisis.yaml", text_of(text)), worlds=worlds, history=history)
    (table,) = (one for one in learn(study, "act").tables if one.name == f"sharpens_{name}")
    return {str(row[0]): dict(zip((one.name for one in table.columns), row, strict=True)) for row in table.rows}


def test_a_hidden_number_and_a_hidden_event_tell_of_a_move() -> None:
    """With the cost certain every world is alike: the variance and the information are those of the four cases."""
    chance = {(gain, night): logit(gain + 0.5 * night - 0.2) for gain in (1, -1) for night in (0, 1)}
    share = {1: 0.25, -1: 0.75}, {1: 0.4, 0: 0.6}
    given = (
        {gain: sum(share[1][night] * chance[gain, night] for night in (0, 1)) for gain in (1, -1)},
        {night: sum(share[0][gain] * chance[gain, night] for gain in (1, -1)) for night in (0, 1)},
    )
    mean = sum(share[0][gain] * given[0][gain] for gain in (1, -1))
    found = rows(ATTACK.replace("COST", "0.2"), "attack")
    for name, of, by in (("gain", share[0], given[0]), ("night", share[1], given[1])):
        row = found[name]
        assert row["variance"] == pytest.approx(sum(of[one] * (by[one] - mean) ** 2 for one in of), abs=EXACT)
        assert row["bits"] == pytest.approx(entropy(mean) - sum(of[one] * entropy(by[one]) for one in of), abs=EXACT)
        assert (row["share"], row["bits_error"]) == (None, pytest.approx(0, abs=EXACT))


def test_a_question_of_the_fact_itself_is_settled_by_it() -> None:
    text = ATTACK.replace("COST", "0.2")
    chance = {night: 0.25 * logit(0.8 + 0.5 * night) + 0.75 * logit(-1.2 + 0.5 * night) for night in (0, 1)}
    clear = 0.4 * chance[1] / (0.4 * chance[1] + 0.6 * chance[0])
    assert rows(text, "clear")["night"]["bits"] == pytest.approx(entropy(clear), abs=EXACT)


def test_what_the_history_has_seen_is_learnt_already() -> None:
    assert "gain" not in rows(ATTACK.replace("COST", "cost"), "attack", ("gain=high",))


def test_it_tells_as_much_of_the_question_as_the_question_of_it() -> None:
    """Information is symmetric: an indicator that is the question's event tells as much of a fact of two values."""
    text = ATTACK.replace("COST", "cost")
    study = Study(Case("crisis", "crisis.yaml", text_of(text)), worlds=64)
    (table,) = (one for one in watch(study).tables if one.name == "fact_gain")
    bits = {row[0]: dict(zip((one.name for one in table.columns), row, strict=True))["bits"] for row in table.rows}
    assert rows(text, "attack")["gain"]["bits"] == pytest.approx(bits["act=attack"], abs=EXACT)


def test_errors_are_those_of_repeated_draws() -> None:
    """Over 400 samples of 200 worlds the spread of both estimates is what they say of themselves."""
    generator, found = np.random.default_rng(5), []
    for _ in range(400):
        by_value = 1 / (1 + np.exp(-generator.normal([[0.8], [-0.6]], [[0.5], [1.0]], (2, 200))))
        weight = generator.uniform(0.2, 1.0, 200) * np.array([[0.3], [0.7]])
        found.append([(gain.value, gain.error) for gain in told_by_fact(weight * by_value, weight)])
    values, errors = np.moveaxis(np.array(found), -1, 0)
    assert values.std(axis=0, ddof=1) == pytest.approx(errors.mean(axis=0), rel=0.12)
