"""Players who discount where something is hidden, against the public sweep, closed forms and finite differences (M5, M7)."""

from __future__ import annotations

import numpy as np
import pytest
from crises import answer, behaviour_at, play, solved

from stratagem.solve import equilibrium as put
from stratagem.solve.hidden.equilibrium import Equilibrium
from stratagem.solve.hidden.paths import Numbers, Paths
from stratagem.solve.hidden.solve import pieces
from stratagem.solve.hidden.system import jacobian, point
from stratagem.solve.infosets import is_hidden

EXACT = 1e-10

LATE = """
    as of: 2020-01-01
    players:
      p: {name: P, precision: 4, discount: 0.7, ATTITUDE}
      o: {name: O, precision: 2, discount: 0.9}
    state: {built: false}
    timeline:
      COIN
      - {move: build, date: 2020-03-01, player: p, actions: {no: , yes: {payoffs: {p: -0.2}, set: {built: true}}}}
      - {chance: luck, date: 2020-09-01, outcomes: {good: {probability: if built then 0.7 else 0.4, payoffs: {p: 0.4, o: -0.1}}, bad: rest}}
      - {move: reply, date: 2021-06-01, player: o, actions: {
          accept: {payoffs: {p: 1, o: if luck == good then -0.3 else 0.1}}, fight: {payoffs: {o: -0.2}}}}
      - {move: again, date: 2023-01-01, player: p, if: reply == fight, actions: {stop: {payoffs: {p: 0.2}}, on: }}
      - {chance: war, date: 2024-01-01, if: reply == fight and again == on, outcomes: {
          won: {probability: if built then 0.6 else 0.3, payoffs: {p: 2, o: -1}}, lost: {probability: rest, payoffs: {p: -1.5, o: 0.5}}}}
    questions:
      q: {title: q, event: again == on}
      QUESTION
"""
COIN = "- {chance: coin, seen by: nobody, date: 2020-03-01, outcomes: {heads: 0.3, tails: rest}}"


@pytest.mark.parametrize(
    "attitude", ["role: A neutral one", "risk aversion: 0.8", "risk aversion: 0.01", "risk aversion: -3"]
)
@pytest.mark.parametrize("precision", ["4", "best"])
def test_a_hidden_coin_that_no_payoff_hangs_on_changes_nothing(attitude: str, precision: str) -> None:
    text = LATE.replace("ATTITUDE", attitude)
    if precision == "best":
        text = text.replace("precision: 4, ", "").replace("precision: 2, ", "")
    public = solved(text.replace("COIN", "").replace("QUESTION", ""), worlds=1)
    hidden = solved(
        text.replace("COIN", COIN).replace("QUESTION", "r: {title: r, event: again == on and coin == heads}"), worlds=1
    )
    assert is_hidden(hidden.game)
    assert not is_hidden(public.game)
    for move, action in (("build", "yes"), ("reply", "accept"), ("again", "on")):
        assert play(hidden, move, action) == pytest.approx(play(public, move, action), abs=EXACT)
    assert answer(hidden, "q") == pytest.approx(answer(public, "q"), abs=EXACT)
    assert hidden.believed == pytest.approx(public.believed, abs=EXACT)


SAIL = """
    as of: 2020-01-01
    players: {p: {name: P, precision: 3, discount: 0.5, risk aversion: 0.7}, o: {name: Other, precision: 1}}
    timeline:
      - {chance: weather, date: 2020-01-01, seen by: nobody, outcomes: {fair: 0.6, foul: rest}}
      - {move: sail, date: 2020-01-01, player: p, actions: {stay: , go: {payoffs: {p: if weather == fair then 1 else -1}}}}
      - {move: again, date: 2021-01-01, player: p, actions: {stay: , go: {payoffs: {p: if weather == fair then 1 else -1}}}}
      - {chance: home, date: 2023-01-01, if: again == go, outcomes: {
          rich: {probability: if weather == fair then 0.8 else 0.3, payoffs: {p: 2}}, poor: rest}}
    questions: {q: {title: q, event: home == rich}}
"""


def test_what_is_gained_and_not_yet_known_counts_with_what_is_to_come() -> None:
    """Worked out by hand: a certainty equivalent over the weather, of the first trip at face value and of what follows."""
    a, odds = 0.7, {"fair": 0.6, "foul": 0.4}
    trip = {"fair": 1.0, "foul": -1.0}

    def equivalent(lottery: list[tuple[float, float]]) -> float:
        return float(-np.log(sum(p * np.exp(-a * x) for p, x in lottery)) / a)

    def home(weather: str) -> float:
        rich = {"fair": 0.8, "foul": 0.3}[weather]
        return 0.5 ** (730 / 365.25) * equivalent([(rich, 2.0), (1 - rich, 0.0)])

    solution = solved(SAIL, worlds=1)
    goes = {}
    for before in ("stay", "go"):
        past = {w: trip[w] if before == "go" else 0.0 for w in odds}
        go = equivalent([(odds[w], past[w] + trip[w] + home(w)) for w in odds])
        stay = equivalent([(odds[w], past[w]) for w in odds])
        goes[before] = float(1 / (1 + np.exp(-3 * (go - stay))))
        found = behaviour_at(solution, "again", seen=f"sail = {before}")["go"]
        assert found == pytest.approx(goes[before], abs=EXACT)

    def sailing(before: str) -> float:
        chance = goes[before]
        later = {w: equivalent([(chance, trip[w] + home(w)), (1 - chance, 0.0)]) for w in odds}
        years = 366 / 365.25
        return equivalent([(odds[w], (trip[w] if before == "go" else 0.0) + 0.5**years * later[w]) for w in odds])

    lead = sailing("go") - sailing("stay")
    assert behaviour_at(solution, "sail")["go"] == pytest.approx(1 / (1 + np.exp(-3 * lead)), abs=1e-9)


TWO_SIDED = """
    as of: 2020-01-01
    players:
      p: {name: P, precision: 2, discount: 0.6, risk aversion: 1.3}
      o: {name: O, precision: 3, discount: 0.8, risk aversion: -0.4}
    quantities: {known to p: {resolve: {is: {choice: {-1: 0.75, 1: 0.25}}}}, known to o: {grit: {is: -1 to 1, types: 3}}}
    timeline:
      - {move: threaten, date: 2020-02-01, player: p, actions: {quiet: , threat: {payoffs: {p: -0.2 + 0.1 * resolve}}, stare: }}
      - {move: reply, date: 2021-01-01, player: o, actions: {
          resist: {if: threaten != stare, payoffs: {p: resolve, o: -resolve}}, yield: {payoffs: {p: 1, o: -0.4}}}}
      - {chance: storm, date: 2021-05-01, outcomes: {a: {probability: 0.3, payoffs: {p: 1, o: resolve}}, b: rest}}
      - {move: act, date: 2022-01-01, player: p, actions: {go: {payoffs: {p: resolve, o: grit}}, stop: }}
      - {move: last, date: 2023-01-01, player: o, actions: {go: {payoffs: {p: grit, o: resolve - grit}}, stop: }}
"""


def test_derivatives_agree_with_finite_differences(monkeypatch: pytest.MonkeyPatch) -> None:
    caught = []
    whole = put.solve

    def catch(paths: Paths, numbers: Numbers, response: str) -> Equilibrium:
        caught.append((paths, numbers))
        return whole(paths, numbers, response)

    monkeypatch.setattr(put, "solve", catch)
    assert solved(TWO_SIDED, worlds=1).residual.max() < 1e-10
    (piece,) = pieces(*caught[-1], "logit")
    batch, place = piece.batch, np.ones(len(piece.batch))
    scores = np.random.default_rng(1).normal(0, 1, batch.offset.shape)
    exact = jacobian(point(batch, scores, place))
    for column, unknown in enumerate(batch.layout.unknown):
        shift = np.zeros_like(scores)
        shift[unknown] = 1e-5
        rise = point(batch, scores + shift, place).gap - point(batch, scores - shift, place).gap
        assert rise[:, 0] / 2e-5 == pytest.approx(exact[0, :, column], abs=1e-8)


def test_with_discounts_that_hardly_count_play_is_as_without() -> None:
    """The reckoning step by step against that by paths."""
    nearly = TWO_SIDED.replace("discount: 0.6", "discount: 0.999999999").replace(
        "discount: 0.8", "discount: 0.999999999"
    )
    without = TWO_SIDED.replace("discount: 0.6, ", "").replace("discount: 0.8, ", "")
    assert solved(nearly, worlds=1).behaviour == pytest.approx(solved(without, worlds=1).behaviour, abs=1e-7)


def test_one_who_does_not_care_for_later_looks_at_the_day_alone() -> None:
    text = (
        TWO_SIDED.replace("discount: 0.6", "discount: 0 * later")
        .replace("known to p: {", "known to all: {later: 1}, known to p: {")
        .replace("risk aversion: 1.3", "role: A myopic one")
    )
    solution = solved(text, worlds=1)
    assert behaviour_at(solution, "act", resolve="high")["go"] == pytest.approx(1 / (1 + np.exp(-2)), abs=EXACT)
    threat = behaviour_at(solution, "threaten", resolve="low")["threat"]
    assert threat == pytest.approx(np.exp(-0.6) / (2 + np.exp(-0.6)), abs=EXACT)
