"""Numbers that not all know and that are correlated, against the closed forms of the normal distribution (M6, L8)."""

from __future__ import annotations

import numpy as np
import pytest
from crises import answer, behaviour_at, game, solved
from scipy import integrate, special, stats

from stratagem.analyse.beliefs import beliefs
from stratagem.errors import NotSolvedError

TALK = """
    players: {p: {name: P, precision: 2}, o: {name: O, precision: 3}}
    quantities:
      known to all: {a: normal -1 to 1, b: 2 to 4}
      known to p: {q: {is: normal -1 to 1, types: TYPES}}
      known to o: {r: {is: normal -1 to 1, types: TYPES}}
    correlations: [RANKS]
    timeline:
      - {move: say, player: p, actions: {low: , high: {payoffs: {p: q}}}}
      - {move: reply, player: o, actions: {stay: , go: {payoffs: {o: q + r}}}}
    questions:
      q: {title: q, event: q > 0}
      both: {title: Both?, event: q > 0 and r > 0}
"""


def talk(types: int, ranks: str) -> str:
    return TALK.replace("TYPES", str(types)).replace("RANKS", ranks)


def pearson(rank: float) -> float:
    return float(2 * np.sin(np.pi * rank / 6))


def normals(solution_of_a: np.ndarray) -> np.ndarray:
    """The public number, which has the 90 % interval -1 to 1, as a standard normal."""
    return solution_of_a * special.ndtri(0.95)


@pytest.mark.parametrize("types", [2, 4])
def test_types_go_by_the_public_number_of_the_world(types: int) -> None:
    solution = solved(talk(types, "{between: [a, q], rank: 0.6}"), worlds=50)
    rho, z = pearson(0.6), normals(solution.quantities["a"])
    assert answer(solution, "q") == pytest.approx(special.ndtr(rho * z / np.sqrt(1 - rho**2)), abs=1e-12)
    assert not any(name.startswith("odds") for name in solution.quantities)


def test_over_all_worlds_types_are_as_likely_as_they_are_stated() -> None:
    text = talk(4, "{between: [a, q], rank: 0.9}, {between: [q, b], rank: -0.2}").replace(
        "is: normal -1 to 1, types: 4", "is: {choice: {3: 0.2, -1: 0.7, -2: 0.1}}", 1
    )
    assert answer(solved(text, worlds=4096), "q").mean() == pytest.approx(0.2, abs=1e-3)


def test_a_number_correlated_with_a_hidden_one_is_drawn_as_before() -> None:
    with_it = solved(talk(2, "{between: [a, b], rank: 0.5}, {between: [q, a], rank: 0.4}"), worlds=20)
    without = solved(talk(2, "{between: [a, b], rank: 0.5}"), worlds=20)
    for name in ("a", "b"):
        assert with_it.quantities[name] == pytest.approx(without.quantities[name], abs=1e-12)


@pytest.mark.parametrize("types", [2, 4, 6])
def test_two_hidden_numbers_hang_together(types: int) -> None:
    """The chance that both normals are positive is 1/4 + arcsin(rho) / (2 pi) (Sheppard 1899)."""
    rho = pearson(-0.7)
    solution = solved(talk(types, "{between: [q, r], rank: -0.7}"), worlds=1)
    assert answer(solution, "q") == pytest.approx(0.5, abs=1e-12)
    assert answer(solution, "both") == pytest.approx(0.25 + np.arcsin(rho) / (2 * np.pi), abs=1e-12)


def test_two_hidden_numbers_and_a_public_one() -> None:
    """Given the public number, the chance that both are positive is one of the bivariate normal."""
    ranks = {"q": 0.6, "r": 0.5}
    text = talk(2, "{between: [a, q], rank: 0.6}, {between: [a, r], rank: 0.5}, {between: [q, r], rank: 0.7}")
    solution = solved(text, worlds=4)
    pulls = np.array([pearson(one) for one in ranks.values()])
    covariance = np.array([[1, pearson(0.7)], [pearson(0.7), 1]]) - np.outer(pulls, pulls)
    for world, z in enumerate(normals(solution.quantities["a"])):
        expected = stats.multivariate_normal(-pulls * z, covariance).cdf(np.zeros(2))
        assert answer(solution, "both")[world] == pytest.approx(expected, abs=1e-6)


def test_what_one_knows_tells_of_what_the_other_knows() -> None:
    """O's own number speaks of P's: with what P says, by Bayes' rule."""
    solution = solved(talk(2, "{between: [q, r], rank: 0.8}"), worlds=1)
    rho = pearson(0.8)
    same = 2 * (0.25 + np.arcsin(rho) / (2 * np.pi))
    told = {(one.value, one.look): one for one in beliefs(solution) if one.hidden == "q" and one.player == "o"}
    own = told["high", "high"]
    assert own.before.mean == pytest.approx(0.5, abs=1e-9)
    value = float(stats.norm.ppf(0.75) / stats.norm.ppf(0.95))
    says = {name: 1 / (1 + np.exp(-2 * sign * value)) for name, sign in (("low", -1), ("high", 1))}
    found = {name: behaviour_at(solution, "say", q=name)["high"] for name in says}
    assert found["high"] == pytest.approx(says["high"], abs=1e-6)
    reply = behaviour_at(solution, "reply", q="high", r="high", seen="say = high")["go"]
    weight = same * says["high"], (1 - same) * says["low"]
    mean = value * (weight[0] - weight[1]) / sum(weight)
    assert reply == pytest.approx(1 / (1 + np.exp(-3 * (mean + value))), abs=1e-6)


CLUSTER = """
    quantities:
      known to all: {a: normal -1 to 1}
      known to p: {q: {is: normal -1 to 1, types: TYPES}, s: {is: 2 to 4, types: TYPES}}
      known to nobody: {r: {is: normal -1 to 1, types: TYPES}, t: {is: uniform 0 to 2, types: TYPES}}
    correlations: [RANKS]
    timeline:
      - {move: say, player: p, actions: {low: , high: {payoffs: {p: q + r + s + t}}}}
    questions:
      three: {title: q, event: q > 0 and r > 0 and s > 2.83}
      four: {title: Both?, event: q > 0 and r > 0 and s > 2.83 and t > 1}
      of: {title: of, event: s > 2.83, given: q > 0 and r < 0}
"""


def cluster(types: int, **ranks: float) -> str:
    pairs = ", ".join(f"{{between: [{pair[0]}, {pair[1]}], rank: {rank}}}" for pair, rank in ranks.items())
    return CLUSTER.replace("TYPES", str(types)).replace("RANKS", pairs)


def orthant(*correlations: float) -> float:
    """The chance that three standard normals are positive (David 1953, Biometrika 40:458)."""
    return float(1 / 8 + np.arcsin(correlations).sum() / (4 * np.pi))


@pytest.mark.parametrize("types", [2, 4])
@pytest.mark.parametrize("ranks", [(0.5, 0.3, -0.4), (0.93, 0.9, 0.95), (0.6, 0.0, 0.6)])
def test_three_hidden_numbers_hang_together(types: int, ranks: tuple[float, float, float]) -> None:
    solution = solved(cluster(types, qr=ranks[0], qs=ranks[1], rs=ranks[2]), worlds=1)
    qr, qs, rs = map(pearson, ranks)
    assert answer(solution, "three") == pytest.approx(orthant(qr, qs, rs), abs=1e-10)
    none_of_r = 0.25 - np.arcsin(qr) / (2 * np.pi)  # q > 0 and r < 0
    both_less_three = 0.25 + np.arcsin(qs) / (2 * np.pi) - orthant(qr, qs, rs)
    assert answer(solution, "of") == pytest.approx(both_less_three / none_of_r, abs=1e-10)


def one_factor(z: float, loads: tuple[float, ...], pull: float = 0.0) -> float:
    """The chance that normals that hang together by one factor are positive, whose factor has a known part too."""

    def density(y: float) -> float:
        shares = [special.ndtr((load * y + pull * z) / np.sqrt(1 - load**2 - pull**2)) for load in loads]
        return float(np.prod(shares) * np.exp(-(y**2) / 2) / np.sqrt(2 * np.pi))

    return float(integrate.quad(density, -9, 9, epsabs=1e-13)[0])


def test_four_hidden_numbers_hang_together() -> None:
    loads = (0.9, 0.6, 0.7, 0.5)
    pairs = {a + b: loads[n] * loads[m] for n, a in enumerate("qrst") for m, b in enumerate("qrst") if n < m}
    solution = solved(cluster(2, **{pair: rank_of(rho) for pair, rho in pairs.items()}), worlds=1)
    assert answer(solution, "four") == pytest.approx(one_factor(0.0, loads), abs=1e-10)


def rank_of(rho: float) -> float:
    return float(6 / np.pi * np.arcsin(rho / 2))


def test_three_hidden_numbers_and_a_public_one() -> None:
    loads, pull = (0.8, 0.6, -0.7), 0.4
    pairs = {a + b: loads[n] * loads[m] + pull**2 for n, a in enumerate("qrs") for m, b in enumerate("qrs") if n < m}
    pairs |= {"a" + one: pull for one in "qrs"}
    solution = solved(cluster(2, **{pair: rank_of(rho) for pair, rho in pairs.items()}), worlds=4)
    for world, z in enumerate(normals(solution.quantities["a"])):
        assert answer(solution, "three")[world] == pytest.approx(one_factor(z, loads, pull), abs=1e-10)


def test_what_two_numbers_tell_of_a_third() -> None:
    """P acts by his own numbers and by what they tell of the one that nobody knows."""
    solution = solved(cluster(2, qr=0.5, rs=-0.4, qs=0.3), worlds=1, precision=2.0)
    qr, rs, qs = map(pearson, (0.5, -0.4, 0.3))
    high = {"s": float(np.exp(stats.norm.ppf(0.75) * np.log(2) / 2 / stats.norm.ppf(0.95)) * np.sqrt(8))}
    q = float(stats.norm.ppf(0.75) / stats.norm.ppf(0.95))
    r_high = orthant(qr, rs, qs) / (0.25 + np.arcsin(qs) / (2 * np.pi))
    expected = special.expit(2 * (q + high["s"] + q * (2 * r_high - 1) + 1.0))
    assert behaviour_at(solution, "say", q="high", s="high")["high"] == pytest.approx(expected, abs=1e-9)


def test_clusters_of_too_many_types_are_refused_at_their_place() -> None:
    text = cluster(9, qr=0.5, rs=0.5, st=0.5)
    with pytest.raises(
        NotSolvedError, match=r"scenario:8:\d+: `q`, `r`, `s`, `t`.* have too many types .*`taken as known: \[t\]`"
    ):
        game(text)
    solved(text, worlds=2, taken_as_known=True)


@pytest.mark.parametrize("is_patient", [True, False])
def test_a_perception_of_a_correlated_number_that_is_the_truth_changes_nothing(is_patient: bool) -> None:
    """O, as P has him, infers as much from what he knows as O does who knows it in truth."""
    text = talk(2, "{between: [q, r], rank: 0.6}").replace("{o: q + r}", "{o: q + r, p: 1}")
    if not is_patient:
        text = (
            ("    as of: 2020-01-01\n" + text.lstrip("\n"))
            .replace("precision: 2}", "precision: 2, discount: 0.7}").replace("precision: 3}", "precision: 3, discount: 0.8}")
            .replace("move: say,", "move: say, date: 2020-02-01,").replace("move: reply,", "move: reply, date: 2021-08-01,")
        )  # fmt: skip
    told = text.replace("    timeline:", "    perceptions: {p: {r: r}}\n    timeline:")
    none, right = solved(text, worlds=4), solved(told, worlds=4)
    assert answer(right, "both") == pytest.approx(answer(none, "both"), abs=1e-9)
    assert right.believed == pytest.approx(none.believed, abs=1e-9)
