"""Published games and closed forms, reproduced through the whole chain from text to answer.

Numbers are retyped from the works cited at each test, or follow from the closed form stated there.
"""

from __future__ import annotations

from typing import Any

import pytest

from stratagem.api import solve
from stratagem.catalogue import Case
from stratagem.show.notebook import Answer

EXACT = 1e-9  # in payoff or probability


def near(expected: Any) -> Any:
    return pytest.approx(expected, rel=0, abs=EXACT)


def answer_to(text: str, **options: Any) -> Answer:
    return solve(Case("case", "case.yaml", text), **{"worlds": 1, **options})


def set_to(**quantities: float) -> list[str]:
    return [f"{name}={value!r}" for name, value in quantities.items()]


def chances(answer: Answer) -> dict[str, float]:
    return {one.name: one.value.mean for one in answer.outcomes}


def asked(answer: Answer, question: str) -> float:
    value = next(one for one in answer.questions if one.name == question).probability
    assert value is not None
    return value.mean


def chosen(answer: Answer, move: str) -> dict[str, float]:
    decision = next(one for one in answer.choices if one.step == move)
    return {one.name: one.probability.mean for one in decision.actions if one.probability}


def payoff(answer: Answer, player: str) -> float:
    return next(true.mean for name, _, _, true, _ in answer.players if name == player)


# --- Signorino (1999), American Political Science Review 93:279-297; McKelvey & Palfrey (1998) -------------------


def test_the_logit_equilibrium_of_the_deterrence_game() -> None:
    """P(resist) = logistic(1.5 (-0.4 + 1)); P(attack) = logistic(1.5 EU(attack))."""
    answer = solve("signorino-deterrence", worlds=1)
    assert chosen(answer, "reply")["resist"] == near(0.7109495026250039)
    assert chosen(answer, "challenge")["attack"] == near(0.4751114912334232)
    assert chances(answer) == near(
        {"status_quo": 0.5248885087665768, "capitulation": 0.1373312128495971, "war": 0.3377802783838261}
    )
    assert asked(answer, "war") == near(0.3377802783838261)
    assert payoff(answer, "attacker") / asked(answer, "attack") == near(-0.06642425393750584)


def test_without_errors_the_deterrence_game_keeps_the_status_quo() -> None:
    """The defender would resist, since -0.4 > -1; the attacker compares -0.5 with 0."""
    answer = solve("signorino-deterrence", worlds=1, precision="best")
    assert chances(answer) == near({"status_quo": 1, "capitulation": 0, "war": 0})


# --- Bueno de Mesquita & Lalman (1992), War and Reason; Bennett & Stam (2000), ISQ 44:451-480 --------------------

INTERACTION = [
    # p_a, status quo, (phi, alpha, tau, gamma) of A and of B, the outcome, its payoffs
    (0.25, (0.7, 0.2), (0.37, 0.01, 1.25, 0.15), (0.27, 0.88, 1.65, 0.85), "war_a", (0.15, 0.135)),
    (0.5, (0.5, 0.5), (0.2, 0.3, 0.5, 0.4), (0.2, 0.3, 0.5, 0.4), "nego", (0.5, 0.5)),
    (0.5, (0.9, 0.9), (0.2, 0.3, 0.5, 0.4), (0.2, 0.3, 0.5, 0.4), "sq", (0.9, 0.9)),
    (0.8, (0.3, 0.3), (0.1, 0.2, 0.4, 0.3), (0.1, 0.5, 0.9, 0.1), "acq_b", (1.0, 0.0)),
    (0.2, (0.6, 0.1), (0.9, 0.5, 1.5, 0.9), (0.1, 0.2, 0.3, 0.1), "acq_a", (0.0, 1.0)),
    (0.43, (0.59, 0.9), (0.22, 0.25, 1.23, 0.05), (0.3, 0.24, 0.63, 0.73), "war_a", (0.1929, 0.1281)),
    (0.64, (0.37, 0.49), (0.24, 0.81, 1.78, 0.06), (0.06, 0.06, 0.23, 0.78), "war_a", (0.1948, 0.1912)),
]
PAYOFFS = [
    # Negotiation, A capitulates, B capitulates, war begun by A, war begun by B
    ((0.25, 0.75), (-0.1125, 0.7975), (0.9075, -0.2125), (0.15, 0.135), (-0.78, 0.3275)),
    ((0.5, 0.5), (-0.2, 0.9), (0.9, -0.2), (0.25, 0.15), (0.15, 0.25)),
    ((0.5, 0.5), (-0.2, 0.9), (0.9, -0.2), (0.25, 0.15), (0.15, 0.25)),
    ((0.8, 0.2), (-0.06, 0.98), (0.92, -0.08), (0.68, -0.54), (0.64, -0.22)),
    ((0.2, 0.8), (-0.72, 0.92), (0.82, -0.02), (-0.38, 0.66), (-1.18, 0.68)),
    ((0.43, 0.57), (-0.0285, 0.829), (0.9054, -0.3139), (0.1929, 0.1281), (-0.3657, 0.2958)),
    ((0.64, 0.36), (-0.0216, 0.9784), (0.8464, -0.4992), (0.1948, 0.1912), (-0.1544, 0.3)),
]
PATHS = {
    "sq": ("a_demand=quiet", "b_demand=quiet"),
    "acq_a": ("a_demand=quiet", "b_demand=demand", "a_counter=give_in"),
    "acq_b": ("a_demand=demand", "b_counter=give_in"),
    "nego": ("a_demand=demand", "b_counter=demand", "a_strikes=talk", "b_second=talk"),
    "cap_a": ("a_demand=demand", "b_counter=demand", "a_strikes=talk", "b_second=force", "a_struck=capitulate"),
    "cap_b": ("a_demand=demand", "b_counter=demand", "a_strikes=force", "b_under_fire=capitulate"),
    "war_a": ("a_demand=demand", "b_counter=demand", "a_strikes=force", "b_under_fire=fight"),
    "war_b": ("a_demand=demand", "b_counter=demand", "a_strikes=talk", "b_second=force", "a_struck=fight"),
}
MIRRORED = {
    "nego": ("a_demand=quiet", "b_demand=demand", "a_counter=demand", "b_strikes=talk", "a_second=talk"),
    "cap_a": ("a_demand=quiet", "b_demand=demand", "a_counter=demand", "b_strikes=force", "a_under_fire=capitulate"),
    "cap_b": ("a_demand=quiet", "b_demand=demand", "a_counter=demand", "b_strikes=talk", "a_second=force", "b_struck=capitulate"),
    "war_a": ("a_demand=quiet", "b_demand=demand", "a_counter=demand", "b_strikes=talk", "a_second=force", "b_struck=fight"),
    "war_b": ("a_demand=quiet", "b_demand=demand", "a_counter=demand", "b_strikes=force", "a_under_fire=fight"),
}  # fmt: skip


def interaction(case: int, *forced: str, announced: bool = False) -> Answer:
    p_a, (sq_a, sq_b), of_a, of_b, _, _ = INTERACTION[case]
    names = ("phi", "alpha", "tau", "gamma")
    own = {f"{name}_a": value for name, value in zip(names, of_a, strict=True)}
    others = {f"{name}_b": value for name, value in zip(names, of_b, strict=True)}
    quantities = set_to(p_a=p_a, sq_a=sq_a, sq_b=sq_b, **own, **others)
    return solve("international-interaction-game", worlds=1, do=[*quantities, *forced], announced=announced)


@pytest.mark.parametrize("case", range(len(INTERACTION)))
def test_the_interaction_game_ends_where_its_subgame_perfect_equilibrium_does(case: int) -> None:
    outcome, payoffs = INTERACTION[case][-2:]
    answer = interaction(case)
    assert chances(answer) == near({name: float(name == outcome) for name in PATHS})
    assert (payoff(answer, "a"), payoff(answer, "b")) == near(payoffs)
    assert asked(answer, "war") == near(float(outcome.startswith("war")))


@pytest.mark.parametrize("case", range(len(INTERACTION)))
@pytest.mark.parametrize("paths", [PATHS, MIRRORED], ids=["after A's demand", "after B's demand"])
def test_every_end_of_the_interaction_game_pays_what_the_book_says(
    case: int, paths: dict[str, tuple[str, ...]]
) -> None:
    nego, cap_a, cap_b, war_a, war_b = PAYOFFS[case]
    expected = {"sq": INTERACTION[case][1], "acq_a": (0, 1), "acq_b": (1, 0)}
    expected |= {"nego": nego, "cap_a": cap_a, "cap_b": cap_b, "war_a": war_a, "war_b": war_b}
    for outcome, path in paths.items():
        answer = interaction(case, *path, announced=True)
        assert chances(answer)[outcome] == near(1)
        assert (payoff(answer, "a"), payoff(answer, "b")) == near(expected[outcome])


@pytest.mark.parametrize("case", range(len(INTERACTION)))
def test_the_basic_war_theorem_holds(case: int) -> None:
    """War begun by A is the equilibrium if and only if four comparisons of payoffs hold (Bennett & Stam 2000, note 24)."""
    nego, cap_a, _, war_a, war_b = PAYOFFS[case]
    is_war = war_a[0] > 0 and cap_a[0] > war_b[0] and cap_a[1] > nego[1] and war_a[1] > 0
    assert chances(interaction(case))["war_a"] == near(float(is_war))


# --- Fearon (1995), International Organization 49:379-414 ---------------------------------------------------------


def test_a_fully_informed_asker_takes_all_that_the_other_would_not_fight_for() -> None:
    """x* = p + c_B = 0.7 for p = 0.6, c_A = 0.15, c_B = 0.1, and no war."""
    answer = solve("fearon-ultimatum", worlds=1)
    assert chosen(answer, "demand")["ask_70"] == near(1)
    assert payoff(answer, "asker") == near(0.7)
    assert payoff(answer, "target") == near(0.3)
    assert asked(answer, "war") == near(0)


@pytest.mark.parametrize(("demand", "is_war"), [(45, False), (60, False), (70, False), (75, True), (100, True)])
def test_the_bargaining_range_ends_at_the_odds_and_the_cost_of_the_target(demand: int, is_war: bool) -> None:
    """Both prefer a division in [p - c_A, p + c_B] = [0.45, 0.7] to war; beyond it the target fights."""
    answer = solve("fearon-ultimatum", worlds=1, do=[f"demand=ask_{demand}"], announced=True)
    assert asked(answer, "war") == near(float(is_war))
    assert payoff(answer, "asker") == near(0.45 if is_war else demand / 100)
    assert payoff(answer, "target") == near(0.3 if is_war else 1 - demand / 100)


# --- Contests: Tullock (1980); Nti (1999), Public Choice 98:415-430; Konrad (2009); Friedman (1958) ---------------

CONTEST = """
scenario: Two contestants who value the prize differently
players: {one: One, two: Two}
quantities:
  known to all: {v1: 3, v2: 1.5, r: 1, x1: 1, x2: 1}
state: {effort: [best, less, more]}
timeline:
  - move: spend
    player: one
    actions:
      best: {set: {effort: best}, payoffs: {one: -x1}}
      less: {set: {effort: less}, payoffs: {one: -0.99 * x1}}
      more: {set: {effort: more}, payoffs: {one: -1.01 * x1}}
  - chance: contest_won
    outcomes:
      by_one:
        probability: "contest((if effort == best then 1 else if effort == less then 0.99 else 1.01) * x1, x2, r)"
        payoffs: {one: v1, two: -x2}
      by_two: {probability: rest, payoffs: {two: v2 - x2}}
questions:
  one_wins: {title: Does One win?, event: contest_won == by_one}
"""
CONTESTS = [
    # r, x1, x2, p1, u1, u2 for v1 = 3, v2 = 1.5: x_i = r v_i (v1 v2)^r / (v1^r + v2^r)^2
    (0.5, 0.3639610306789277, 0.18198051533946386, 0.585786437626905, 1.3933982822017872, 0.43933982822017875),
    (1.0, 0.6666666666666666, 0.3333333333333333, 0.6666666666666666, 1.3333333333333335, 0.16666666666666669),
]


@pytest.mark.parametrize(("r", "x1", "x2", "p1", "u1", "u2"), CONTESTS)
def test_a_contest_at_its_equilibrium_efforts(r: float, x1: float, x2: float, p1: float, u1: float, u2: float) -> None:
    answer = answer_to(CONTEST, do=set_to(r=r, x1=x1, x2=x2))
    assert chosen(answer, "spend")["best"] == near(1)
    assert asked(answer, "one_wins") == near(p1)
    assert (payoff(answer, "one"), payoff(answer, "two")) == near((u1, u2))


@pytest.mark.parametrize("red", [3.0, 10.0])
@pytest.mark.parametrize("blue", [2.0, 5.0])
def test_two_theatres_get_forces_in_proportion_to_their_worth(red: float, blue: float) -> None:
    """Friedman (1958): with equal valuations and a contest exponent of 1 both divide 2 to 1, whatever they have."""
    answer = solve("tullock-two-theatres", worlds=1, do=set_to(red_divisions=red, blue_divisions=blue))
    odds = red / (red + blue)
    assert chosen(answer, "red_deploys")["by_worth"] == near(1)
    assert chosen(answer, "blue_deploys")["by_worth"] == near(1)
    assert (asked(answer, "north"), asked(answer, "south")) == near((odds, odds))
    assert asked(answer, "both") == near(odds**2)
    assert (payoff(answer, "red"), payoff(answer, "blue")) == near((3 * odds, 3 * (1 - odds)))


# --- Selten (1978), Theory and Decision 9:127-159 -----------------------------------------------------------------


def test_the_chain_store_fights_nobody() -> None:
    """By backward induction all twenty enter and none is fought: each side earns 2 in each town."""
    answer = solve("chain-store", worlds=1)
    assert (asked(answer, "fought"), asked(answer, "entered")) == near((0, 1))
    assert (payoff(answer, "chain"), payoff(answer, "challengers")) == near((40, 40))


def test_a_price_war_announced_for_one_town_keeps_out_that_challenger_alone() -> None:
    """The chain earns 5 there and 2 in each of the nineteen other towns."""
    answer = solve("chain-store", worlds=1, do=["response[1]=fight"], announced=True)
    assert chosen(answer, "entry[1]")["stay_out"] == near(1)
    assert all(chosen(answer, f"entry[{number}]")["enter"] == near(1) for number in range(2, 21))
    assert payoff(answer, "chain") == near(43)


def test_a_price_war_out_of_the_blue_changes_nothing_later() -> None:
    answer = solve("chain-store", worlds=1, do=["response[1]=fight"])
    assert asked(answer, "fought") == near(1)
    assert all(chosen(answer, f"entry[{number}]")["enter"] == near(1) for number in range(2, 21))


# --- Zagare & Kilgour (2000), Perfect Deterrence, section 3.4 -----------------------------------------------------


@pytest.mark.parametrize(("hard", "outcome"), [(1, "status_quo"), (0, "concession_made")])
def test_a_known_hard_defender_deters_and_a_known_soft_one_does_not(hard: int, outcome: str) -> None:
    answer = solve("asymmetric-deterrence", worlds=1, do=set_to(hard=hard))
    assert chances(answer)[outcome] == near(1)


DETERRENCE = """
scenario: A challenger who does not know the defender
players: {a: A, b: B}
quantities:
  known to all: {p_hard: 0.5, a_dc: 0.8, a_dd: -1}
timeline:
  - move: demand
    player: a
    actions:
      accept: {end: sq, payoffs: {b: 1}}
      challenge: {}
  # B's kind falls once A has moved: for A's choice that is the same as not knowing it.
  - chance: kind
    outcomes: {hard: p_hard, soft: rest}
  - move: response
    player: b
    actions:
      concede: {end: dc, payoffs: {a: a_dc, b: -0.5}}
      deny: {end: dd, payoffs: {a: a_dd, b: "if kind == hard then -0.2 else -1"}}
"""


@pytest.mark.parametrize(
    ("p_hard", "attacks", "expected"),
    [(0.2, True, 0.44), (0.44, True, 0.008), (0.45, False, -0.01), (0.7, False, -0.46)],
)
def test_a_challenger_weighs_the_chance_that_the_defender_is_hard(
    p_hard: float, attacks: bool, expected: float
) -> None:
    free = answer_to(DETERRENCE, do=set_to(p_hard=p_hard))
    assert chosen(free, "demand")["challenge"] == near(float(attacks))
    forced = answer_to(DETERRENCE, do=[*set_to(p_hard=p_hard), "demand=challenge"], announced=True)
    assert payoff(forced, "a") == near(expected)
    assert chances(forced) == near({"sq": 0, "dc": 1 - p_hard, "dd": p_hard})


@pytest.mark.parametrize(("above", "attacks"), [(-1e-6, 1.0), (1e-6, 0.0), (0.0, 0.5)])
def test_the_threshold_of_deterrence(above: float, attacks: float) -> None:
    """A challenges if and only if p < (a_DC - a_SQ) / (a_DC - a_DD) = 0.8 / 1.8; at the threshold it is indifferent."""
    answer = answer_to(DETERRENCE, do=set_to(p_hard=0.4444444444444445 + above))
    assert chosen(answer, "demand")["challenge"] == near(attacks)


# --- Kydd (2005), Trust and Mistrust in International Relations; Jervis (1978) ------------------------------------

ASSURANCE = """
scenario: Whether to trust
players: {i: I}
quantities:
  known to all: {trust: 0.5}
timeline:
  - move: choice
    player: i
    actions: {cooperate: {}, defect: {}}
  - chance: other
    outcomes:
      cooperates: {probability: trust, payoffs: {i: if choice == cooperate then 3 else 2.5}}
      defects: {probability: rest, payoffs: {i: if choice == cooperate then 0 else 1}}
"""


@pytest.mark.parametrize(("above", "cooperates"), [(-1e-6, 0.0), (1e-6, 1.0), (0.0, 0.5)])
def test_the_least_trust_to_cooperate(above: float, cooperates: float) -> None:
    """(P - S) / (R - T + P - S) = 2/3 for R = 3, T = 2.5, P = 1, S = 0."""
    answer = answer_to(ASSURANCE, do=set_to(trust=2 / 3 + above))
    assert chosen(answer, "choice")["cooperate"] == near(cooperates)


# --- Brams (1985), Superpower Games; Brams (1994), Theory of Moves ------------------------------------------------

FROM_MOSCOW = """
scenario: Moscow may turn first
players: {washington: Washington, moscow: Moscow}
timeline:
  - {move: first, player: moscow, actions: {stay: {end: compromise, payoffs: {washington: 3, moscow: 3}}, turn: {}}}
  - {move: second, player: washington, actions: {stay: {end: moscow_wins, payoffs: {washington: 2, moscow: 4}}, turn: {}}}
  - {move: third, player: moscow, actions: {stay: {end: war, payoffs: {washington: 1, moscow: 1}}, turn: {}}}
  - move: fourth
    player: washington
    actions:
      stay: {end: washington_wins, payoffs: {washington: 4, moscow: 2}}
      turn: {end: compromise, payoffs: {washington: 3, moscow: 3}}
"""
COMMITMENT = """
scenario: One side commits itself first
players: {washington: Washington, moscow: Moscow}
state: {line: [blockade, strike], missiles: [withdrawn, kept]}
timeline:
FIRST
SECOND
  - chance: end
    outcomes:
      reached:
        probability: 1
        payoffs:
          washington: if line == blockade then (if missiles == withdrawn then 3 else 2) else (if missiles == withdrawn then 4 else 1)
          moscow: if line == blockade then (if missiles == withdrawn then 3 else 4) else (if missiles == withdrawn then 2 else 1)
"""
WASHINGTON = (
    "  - {move: us, player: washington, actions: {blockade: {set: {line: blockade}}, strike: {set: {line: strike}}}}"
)
MOSCOW = (
    "  - {move: ussr, player: moscow, actions: {withdraw: {set: {missiles: withdrawn}}, keep: {set: {missiles: kept}}}}"
)
MIXED = """
scenario: A rival who swerves half of the time
players: {washington: Washington}
timeline:
  - {move: us, player: washington, actions: {blockade: {}, strike: {}}}
  - chance: ussr
    outcomes:
      withdraw: {probability: 0.5, payoffs: {washington: if us == blockade then 3 else 4}}
      keep: {probability: 0.5, payoffs: {washington: if us == blockade then 2 else 1}}
"""


def test_the_compromise_of_1962_holds_whoever_may_turn_first() -> None:
    assert chances(solve("cuban-missile-crisis", worlds=1))["compromise"] == near(1)
    assert chosen(answer_to(FROM_MOSCOW), "first")["stay"] == near(1)


def test_a_strike_would_end_in_a_victory_of_moscow() -> None:
    answer = solve("cuban-missile-crisis", worlds=1, do=["first=turn"])
    assert chances(answer)["missiles_stay"] == near(1)


@pytest.mark.parametrize(
    ("first", "second", "us", "ussr"),
    [(WASHINGTON, MOSCOW, "strike", "withdraw"), (MOSCOW, WASHINGTON, "blockade", "keep")],
)
def test_in_chicken_who_commits_first_wins(first: str, second: str, us: str, ussr: str) -> None:
    """Each order of moves selects one of the two pure equilibria."""
    answer = answer_to(COMMITMENT.replace("FIRST", first).replace("SECOND", second))
    assert chosen(answer, "us")[us] == near(1)
    assert chosen(answer, "ussr")[ussr] == near(1)


def test_against_an_even_rival_both_choices_of_chicken_are_worth_the_same() -> None:
    """The mixed equilibrium of the ranks, read as if cardinal, is one half each."""
    answer = answer_to(MIXED)
    assert chosen(answer, "us") == near({"blockade": 0.5, "strike": 0.5})
    assert payoff(answer, "washington") == near(2.5)


# --- Pratt (1964), Econometrica 32:122-136 ------------------------------------------------------------------------

LOTTERY = """
scenario: A lottery
players: {owner: {name: The owner, risk aversion: aversion}}
quantities: {known to all: {aversion: 0.05, sure: -2.7}}
timeline:
  - move: decide
    player: owner
    actions:
      sell: {end: sold, payoffs: {owner: sure}}
      keep: {}
  - chance: draw
    outcomes:
      win: {probability: 0.5, payoffs: {owner: 10}}
      nothing: {probability: 0.3}
      loss: {probability: 0.2, payoffs: {owner: -20}}
questions:
  loss: {title: Is there a loss?, event: draw == loss, given: decide == keep}
"""


@pytest.mark.parametrize(("aversion", "worth"), [(0.05, -2.7416313379250346), (0.0, 1.0)])
def test_a_lottery_is_worth_its_certainty_equivalent(aversion: float, worth: float) -> None:
    """CE = -ln E exp(-a x) / a for a = 0.05; the mean where a is 0."""
    answer = answer_to(LOTTERY, do=[*set_to(aversion=aversion), "decide=keep"], announced=True)
    assert payoff(answer, "owner") == near(worth)
    assert asked(answer, "loss") == near(0.2)


@pytest.mark.parametrize(("above", "sells"), [(1e-6, 1.0), (-1e-6, 0.0)])
def test_the_owner_sells_for_more_than_the_certainty_equivalent(above: float, sells: float) -> None:
    answer = answer_to(LOTTERY, do=set_to(sure=-2.7416313379250346 + above))
    assert chosen(answer, "decide")["sell"] == near(sells)


# --- McFadden (1974), logit likelihoods; Bayes' rule --------------------------------------------------------------

REVEALED = """
scenario: What an intervention reveals
players:
  leader: {name: The leader, weights: {standing: w, accommodation: 1 - w}, precision: 2}
stakes:
  standing: {title: Standing in the theatre}
  accommodation: {title: Accommodation with the rival, worst: -1, best: 0}
quantities:
  known to all:
    w: {choice: {0.7: 0.5, 0.3: 0.5}}
timeline:
  - move: respond
    player: leader
    actions:
      intervene: {gains: {standing: 1, accommodation: -0.6}}
      abstain: {}
questions:
  cares: {title: Does the leader care most for standing?, event: w > 0.5}
"""


@pytest.mark.parametrize(("w", "likelihood"), [(0.7, 0.7388500060842489), (0.3, 0.44028635073280703)])
def test_the_likelihood_of_an_intervention_given_the_weights(w: float, likelihood: float) -> None:
    """logistic(2 (w - 0.6 (1 - w)))."""
    answer = answer_to(REVEALED, do=set_to(w=w), history=["respond=intervene"])
    assert answer.history[0].likelihood.mean == near(likelihood)


def test_an_intervention_moves_the_odds_of_the_weights_by_the_likelihood_ratio() -> None:
    """Bayes factor 1.678112448533815; from even odds that is a posterior of 0.6266026840854014."""
    before, after = (
        asked(answer_to(REVEALED, worlds=400, history=seen), "cares") for seen in ([], ["respond=intervene"])
    )
    factor = after / (1 - after) / (before / (1 - before))
    assert factor == near(1.678112448533815)
    assert factor / (1 + factor) == near(0.6266026840854014)
