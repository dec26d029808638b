"""Precision and attitudes that turn on what only their player knows: types of him that differ in them (M5, M6, M9)."""

from __future__ import annotations

import numpy as np
import pytest
from crises import answer, behaviour_at, filled, game, play, solved
from scipy import optimize, special

from stratagem.errors import NotSolvedError, UsageError, WorldsError

ALONE = """
    players: {p: {name: P, PLAYER}, o: {name: O, precision: 2}}
    quantities: {known to p: {q: {choice: {1: 0.3, 4: 0.7}}}}
    timeline:
      - {move: m, player: p, actions: {safe: {payoffs: {p: 0.1}}, risk: }}
      - {chance: luck, if: m == risk, outcomes: {good: {probability: 0.5, payoffs: {p: 1}}, bad: {probability: rest, payoffs: {p: -0.7}}}}
    questions: {risk: {title: Risk?, event: m == risk}}
"""


def alone(player: str) -> str:
    return ALONE.replace("PLAYER", player)


def equivalent(alpha: float) -> float:
    return float(-np.log((np.exp(-alpha) + np.exp(0.7 * alpha)) / 2) / alpha)


def certain(alpha: float, odds: np.ndarray, values: np.ndarray) -> float:
    return float(np.log(np.dot(odds, np.exp(-alpha * values))) / -alpha)


def test_each_type_chooses_by_his_own_precision() -> None:
    solution = solved(alone("precision: q / 2"), worlds=1)
    low, high = (special.expit(precision * (0.15 - 0.1)) for precision in (0.5, 2.0))
    assert answer(solution, "risk") == pytest.approx(0.3 * low + 0.7 * high, abs=1e-12)


def test_precision_may_be_stated_as_errors() -> None:
    solution = solved(alone("range: 2, errors: 0.1 / q"), worlds=1)
    low, high = (np.log((1 - error) / error) / 0.2 for error in (0.1, 0.025))
    expected = 0.3 * special.expit(low * 0.05) + 0.7 * special.expit(high * 0.05)
    assert answer(solution, "risk") == pytest.approx(expected, abs=1e-12)


def test_each_type_has_his_own_aversion_to_risk() -> None:
    solution = solved(alone("precision: 3, risk aversion: q / 2"), worlds=1)
    low, high = (special.expit(3 * (equivalent(alpha) - 0.1)) for alpha in (0.5, 2.0))
    assert answer(solution, "risk") == pytest.approx(0.3 * low + 0.7 * high, abs=1e-12)
    low_worth, high_worth = (
        certain(alpha, np.array([share, 1 - share]), np.array([equivalent(alpha), 0.1]))
        for alpha, share in ((0.5, low), (2.0, high))
    )
    assert solution.believed[0] == pytest.approx(0.3 * low_worth + 0.7 * high_worth, abs=1e-12)


def test_what_a_game_is_worth_before_a_type_is_decided_is_the_mean_over_types() -> None:
    """At best reply: the bold type risks, the cautious one does not."""
    solution = solved(alone("risk aversion: (q - 1) / 2").replace("precision: 2", ""), worlds=1)
    assert answer(solution, "risk") == pytest.approx(0.3, abs=1e-12)
    assert solution.believed[0] == pytest.approx(0.3 * 0.15 + 0.7 * 0.1, abs=1e-12)


def test_numbers_of_the_world_may_go_in_too() -> None:
    text = alone("precision: q * a").replace("quantities: {", "quantities: {known to all: {a: 0.2 to 0.8}, ")
    solution = solved(text, worlds=20)
    a = solution.quantities["a"]
    expected = 0.3 * special.expit(a * 0.05) + 0.7 * special.expit(4 * a * 0.05)
    assert answer(solution, "risk") == pytest.approx(expected, abs=1e-12)


def test_a_precision_for_all_overrides_that_of_types() -> None:
    solution = solved(alone("precision: q / 2"), worlds=1, precision=7.0)
    assert answer(solution, "risk") == pytest.approx(special.expit(7 * 0.05), abs=1e-12)


def test_each_type_discounts_in_his_own_way() -> None:
    text = alone("precision: 3, discount: 1 / (1 + q)").replace(
        "m == risk, outcomes", "m == risk, after: 1 year, outcomes"
    )
    solution = solved(text.replace("player: p,", "player: p, after: 2 years,"), worlds=1)
    low, high = (special.expit(3 * (0.15 * factor - 0.1)) for factor in (0.5, 0.2))
    assert answer(solution, "risk") == pytest.approx(0.3 * low + 0.7 * high, abs=1e-12)
    value = 0.3 * (low * 0.075 + (1 - low) * 0.1) + 0.7 * (high * 0.03 + (1 - high) * 0.1)
    assert solution.believed[0] == pytest.approx(value, abs=1e-12)


def with_losses(player: str) -> str:
    """Payoffs as gains of a stake, above and below a reference."""
    text = alone(f"payoffs: {{s: 1}}, {player}").replace("payoffs: {p: ", "gains: {s: ")
    return text.replace("timeline:", "stakes: {s: {title: S, worst: -1, reference: 0}}\n    timeline:")


def test_losses_weigh_by_type() -> None:
    solution = solved(with_losses("loss aversion: q, precision: 3"), worlds=1)
    low, high = (special.expit(3 * (0.5 - 0.35 * loss - 0.1)) for loss in (1, 4))
    assert answer(solution, "risk") == pytest.approx(0.3 * low + 0.7 * high, abs=1e-12)


SIGNAL = """
    players: {p: {name: P, PLAYER}, o: {name: O, precision: 3}}
    quantities: {known to p: {q: {choice: {1: 0.4, 2: 0.6}}}}
    timeline:
      - {move: threat, player: p, actions: {quiet: , loud: {payoffs: {p: -0.2}}}}
      - {move: reply, player: o, actions: {yield: {payoffs: {p: 1}}, stand: }}
      - {move: act, player: p, if: reply == stand, actions: {back: {payoffs: {p: -0.3}}, fight: {payoffs: {o: -1}}}}
      - {chance: luck, if: act == fight, outcomes: {win: {probability: 0.5, payoffs: {p: 1}}, lose: {probability: rest, payoffs: {p: -1}}}}
    questions:
      war: {title: War?, event: act == fight}
      loud: {title: Loud?, event: threat == loud}
"""


def signalled(precisions: tuple[float, float], alphas: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """The equilibrium of SIGNAL by its own equations: how loud each type is, and how often O yields after quiet and loud."""
    prior, fights, stands = np.array([0.4, 0.6]), [], []
    for rate, alpha in zip(precisions, alphas, strict=True):
        fight = certain(alpha, np.array([0.5, 0.5]), np.array([1.0, -1.0]))
        fights.append(special.expit(rate * (fight + 0.3)))
        odds = np.array([fights[-1] / 2, fights[-1] / 2, 1 - fights[-1]])
        stands.append((odds, np.array([1.0, -1.0, -0.3])))

    def loud(yields: np.ndarray) -> np.ndarray:
        found = []
        for rate, alpha, (odds, values) in zip(precisions, alphas, stands, strict=True):
            worth = [certain(alpha, np.append(y, (1 - y) * odds), np.append(1.0, values)) for y in yields]
            found.append(special.expit(rate * (worth[1] - 0.2 - worth[0])))
        return np.array(found)

    def answer_to(yields: np.ndarray) -> np.ndarray:
        speaks = loud(yields)
        both = np.array([prior * (1 - speaks), prior * speaks])
        believed = both / both.sum(axis=1, keepdims=True)
        return special.expit(3 * (believed @ np.array(fights)))

    found = optimize.root(lambda yields: answer_to(yields) - yields, [0.5, 0.5], tol=1e-14).x
    return loud(found), found


@pytest.mark.parametrize(
    ("player", "precisions", "alphas"),
    [
        ("precision: 2 * q", (2.0, 4.0), (1e-9, 1e-9)),
        ("precision: 3, risk aversion: 3 - 1.25 * q", (3.0, 3.0), (1.75, 0.5)),
        ("precision: 5 - q, risk aversion: q / 4", (4.0, 3.0), (0.25, 0.5)),
    ],
)
def test_moves_tell_of_types_that_differ_in_attitude(
    player: str, precisions: tuple[float, float], alphas: tuple[float, float]
) -> None:
    solution = solved(SIGNAL.replace("PLAYER", player), worlds=1)
    loud, yields = signalled(precisions, alphas)
    tolerance = 1e-6 if alphas[0] < 1e-6 else 1e-9
    for name, expected in zip(("low", "high"), loud, strict=True):
        assert behaviour_at(solution, "threat", q=name)["loud"] == pytest.approx(expected, abs=tolerance)
    for action, expected in zip(("quiet", "loud"), yields, strict=True):
        assert behaviour_at(solution, "reply", threat=action)["yield"] == pytest.approx(expected, abs=tolerance)


def test_a_type_is_a_chance_move_that_scales_payoffs() -> None:
    """Precision by type is precision 1 with payoffs scaled: the same game, its chance move written out."""
    typed = solved(SIGNAL.replace("PLAYER", "precision: 2 * q"), worlds=1)
    written = SIGNAL.replace("PLAYER", "precision: 1").replace(
        "quantities: {known to p: {q: {choice: {1: 0.4, 2: 0.6}}}}", ""
    )
    for payoff in ("-0.2", "1", "-0.3", "-1"):
        written = written.replace(f"{{p: {payoff}}}", f'{{p: "(if kind == b then 4 else 2) * ({payoff})"}}')
    written = written.replace("timeline:", "timeline:\n      - {chance: kind, outcomes: {a: 0.4, b: rest}, seen by: p}")
    explicit = solved(written, worlds=1)
    for question in ("war", "loud"):
        assert answer(typed, question) == pytest.approx(answer(explicit, question), abs=1e-10)


RAID = """
    players: {p: {name: P, precision: 2, OF_P}, r: {name: R, precision: 2, risk aversion: 1.5, discount: 0.3}, o: {name: O, precision: 3}}
    FACT
    timeline:
      CHANCE
      - simultaneous: [RAIDS, {move: guard, player: o, actions: {north: , south: {payoffs: {o: 0.1}}}}]
      - {chance: hold, outcomes: {yes: {probability: 1, payoffs: {o: if NORTH and guard == north then 1 else 0}}}}
      - {chance: luck, after: 1 year, outcomes: {good: {probability: 0.6, payoffs: {GOOD}}, bad: {probability: rest, payoffs: {BAD}}}}
    questions: {south: {title: South?, event: guard == south}, north: {title: North?, event: NORTH}}
"""


def raid(raiders: dict[str, tuple[str, str]], **parts: str) -> str:
    """Players who each raid under a condition, while O guards one of two places: move and condition by player."""
    moves = [
        f"{{move: {move}, player: {who}, {when}actions: {{north: , south: {{payoffs: {{{who}: 0.5}}}}}}}}"
        for who, (move, when) in raiders.items()
    ]
    loot = {luck: ", ".join(f"{who}: if {move} == north then (if guard == south then {won} else -1) else 0" for who, (move, _) in raiders.items())
            for luck, won in (("GOOD", 2), ("BAD", 0.5))}  # fmt: skip
    north = "(" + " or ".join(f"{move} == north" for move, _ in raiders.values()) + ")"
    return filled(RAID, RAIDS=", ".join(moves), **loot, **parts, NORTH=north)


def test_types_are_as_two_players_of_whom_chance_picks_one() -> None:
    """O does not see who raids: a type of P who is averse to risk and impatient is as another player, R, in his place."""
    one = raid(
        {"p": ("go", "")},
        OF_P="risk aversion: 0.25 + 1.25 * q, discount: 0.8 - 0.5 * q",
        FACT="quantities: {known to p: {q: {choice: {0: 0.3, 1: 0.7}}}}",
        CHANCE="",
    )
    two = raid(
        {"p": ("go", "if: kind == a, "), "r": ("run", "if: kind == b, ")},
        OF_P="risk aversion: 0.25, discount: 0.8",
        FACT="",
        CHANCE="- {chance: kind, outcomes: {a: 0.3, b: rest}, seen by: 'p, r'}",
    )
    first, second = solved(one, worlds=1), solved(two, worlds=1)
    for question in ("south", "north"):
        assert answer(first, question) == pytest.approx(answer(second, question), abs=1e-10)
    assert 0.05 < answer(first, "north")[0] < 0.95


def test_one_who_does_not_know_the_number_cannot_act_by_it() -> None:
    text = alone("precision: q / 2").replace("known to p", "known to o")
    with pytest.raises(
        NotSolvedError, match=r"scenario:3:24: `q`, which `p` does not know, is read by his own precision .*\[M6\]"
    ):
        game(text)
    solved(text, worlds=2, taken_as_known=True)


def test_an_attitude_out_of_range_for_a_type_is_refused() -> None:
    with pytest.raises(WorldsError, match=r"the precision of `p` is -2"):
        solved(alone("precision: 2 - q"), worlds=1)
    with pytest.raises(UsageError, match=r"the loss aversion of `p` is -2; it must be at least 0 \[L11\]"):
        game(with_losses("precision: 2, loss aversion: 2 - q"))


def test_a_move_after_which_types_no_longer_matter_merges_them() -> None:
    """Precision counts while its player moves: after his last move there is one state for each of his actions."""
    text = alone("precision: q / 2").replace(
        "questions:", "  - {move: end, player: o, actions: {x: {payoffs: {o: 1}}, y: }}\n    questions:"
    )
    assert (game(text).step_of_node == game(text).step_named("end")).sum() == 2
    assert play(solved(text, worlds=1), "end", "x") == pytest.approx(special.expit(2.0), abs=1e-12)
