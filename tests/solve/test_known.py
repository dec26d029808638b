"""Who knows a number (M6): means where they are exact, and every reason why they are not."""

from __future__ import annotations

import numpy as np
import pytest
from crises import ROUNDING, answer, answered, game, play, solved
from scipy import integrate, special, stats

from stratagem.errors import NotSolvedError, UsageError
from stratagem.graph.game import CHANCE
from stratagem.graph.means import mean
from stratagem.scenario.estimate import Estimate

QUADRATURE = 1e-9  # of a mean

NOTES = "an attack pays 1 or -1 at even odds, holding 0.2"


def crisis(known: str = "known to nobody", **parts: str) -> str:
    """The worked example of M6, with parts of it replaced."""
    part = {
        "player": "name: P", "q": "{choice: {1: 0.5, -1: 0.5}}", "hold": "payoffs: {p: 0.2}", "attack": "payoffs: {p: q}",
        "then": "", "rest": "", "event": "m == attack", **parts,
    }  # fmt: skip
    return (
        f"players: {{p: {{{part['player']}}}, o: Other}}\n"
        f"quantities: {{{known}: {{q: {part['q']}}}, known to all: {{a: 0.2 to 0.6}}}}\n{part['rest']}\n"
        f"timeline:\n  - {{move: m, player: p, actions: {{hold: {{{part['hold']}}}, attack: {{{part['attack']}}}}}}}\n{part['then']}\n"
        f"questions: {{attack: {{title: Attack, event: {part['event']}}}}}\n"
    )


def test_a_leader_who_knows_the_number_attacks_in_half_of_the_worlds() -> None:
    assert (
        answer(
            solved(
                crisis().replace(
                    "known to nobody: {q: {choice: {1: 0.5, -1: 0.5}}}, known to all: {",
                    "known to all: {q: {choice: {1: 0.5, -1: 0.5}}, ",
                )
            ),
            "attack",
        ).mean()
        == 0.5
    )


def test_a_leader_who_does_not_know_it_never_attacks() -> None:
    assert (answer(solved(crisis()), "attack") == 0).all()


def test_an_attack_that_pays_on_average_is_made_in_every_world() -> None:
    assert (answer(solved(crisis(hold="payoffs: {p: -0.01}")), "attack") == 1).all()


def test_what_is_expected_is_the_mean_and_what_comes_is_the_number_itself() -> None:
    solution = solved(crisis(hold="payoffs: {p: -9}"))
    assert solution.believed[0] == pytest.approx(np.zeros(64), abs=ROUNDING)
    assert solution.true[0] == pytest.approx(solution.quantities["q"], abs=ROUNDING)


def test_a_number_taken_as_known_is_listed_as_a_warning() -> None:
    found = answered(crisis(rest="taken as known: [q]"))
    assert found.questions[0].probability.mean == 0.5
    assert "taken as known to all, though they are not (M6): q" in found.warnings


def test_an_option_takes_everything_as_known() -> None:
    found = answered(crisis(), taken_as_known=True)
    assert found.questions[0].probability.mean == 0.5
    assert "taken as known to all, though they are not (M6): q" in found.warnings


def test_what_all_know_needs_no_warning() -> None:
    assert not [one for one in answered(crisis()).warnings if "taken as known" in one]


def test_an_exact_number_is_no_secret() -> None:
    assert (answer(solved(crisis(q="0.5", attack="payoffs: {p: q * q}")), "attack") == 1).all()


ODDS = "  - {chance: c, outcomes: {x: {probability: 0.5 + q / 4, payoffs: {p: 1}}, y: rest}}"
AGAIN = "  - {move: n, player: p, actions: {stay: , go: {payoffs: {p: q}}}}"
STAKE = "stakes: {s: S, t: T}"
ARMY = "theatres: {w: W}\nforces: {army: {title: Army, stock: {w: 2 + q}}}"

ALLOWED = {
    "gains in a row": crisis(then=AGAIN),
    "the odds of one move": crisis(attack="payoffs: {p: 0}", then=ODDS),
    "a product with a number all know": crisis(attack="payoffs: {p: a * q}"),
    "a product of two that nobody knows": crisis(attack="payoffs: {p: q * r}").replace(
        "known to nobody: {", "known to nobody: {r: 1 to 2, "
    ),
    "no risk aversion, said": crisis(player="name: P, risk aversion: 0"),
    "an event of a question": crisis(event="q > 0 and m == attack"),
    "the view that one holds": crisis(rest="perceptions: {p: {q: 0.9}}"),
}

HIDDEN = {
    "a square": crisis(attack="payoffs: {p: q * q}"),
    "a power": crisis(attack="payoffs: {p: q ^ 2}"),
    "a maximum": crisis(attack='payoffs: {p: "max(q, 0)"}'),
    "a condition": crisis(attack="payoffs: {p: if q > 0 then 1 else 0}"),
    "a divisor": crisis(attack="payoffs: {p: 1 / (3 + q)}"),
    "a contest": crisis(attack='payoffs: {p: "contest(2 + q, 1, 1)"}'),
    "odds that are not linear": crisis(attack="payoffs: {p: 0}", then=ODDS.replace("0.5 + q / 4", "logistic(q)")),
    "a guard of a move": crisis(then=AGAIN.replace("player: p,", "player: p, if: q > 0,")),
    "a reference": crisis(player="name: P, payoffs: {s: 1}", hold="", attack="gains: {s: q}", rest="stakes: {s: {title: S, reference: 0}}"),
    "risk aversion": crisis(player="name: P, risk aversion: 0.5"),
    "risk seeking of another": crisis().replace("o: Other", "o: {name: O, risk aversion: -0.5}"),
    "risk aversion by a formula": crisis(player="name: P, risk aversion: a"),
    "odds and gains": crisis(then=ODDS.replace("{p: 1}", "{p: q}")),
    "odds and later gains": crisis(attack="payoffs: {p: 0}", then=ODDS + "\n" + AGAIN),
    "odds twice": crisis(attack="payoffs: {p: 0}", then=ODDS + "\n" + ODDS.replace("chance: c", "chance: d")),
    "a weight": crisis(player="name: P, weights: {s: q, t: 1 - q}", hold="gains: {t: 0.2}", attack="gains: {s: 1}", rest=STAKE),
    "a payoff of a stake": crisis(player="name: P, payoffs: {s: q}", hold="", attack="gains: {s: 1}", rest="stakes: {s: S}"),
    "a stock": crisis(attack="shift: {army: 1 from w to lost}, payoffs: {p: q}", rest=ARMY),
    "a view of itself": crisis(rest="perceptions: {p: {q: q + 0.1}}"),
    "known to one": crisis("known to p"),
    "known to both": crisis("'known to p, o'"),
}  # fmt: skip

TOLD = {
    "a guard of an action": crisis(attack="if: q > 0, payoffs: {p: q}"),
    "a base share": crisis(attack="share: 0.5 + q / 10, payoffs: {p: q}"),
    "a stock of which too little may be there": crisis(attack="shift: {army: 2 from w to lost}, payoffs: {p: q}", rest=ARMY),
    "an amount": crisis(attack="shift: {army: 0.1 * q from w to lost}", rest=ARMY.replace("2 + q", "2")),
}  # fmt: skip

REFUSED = {
    "a precision": (crisis(player="name: P, precision: 2 + q").replace("o: Other", "o: {name: O, precision: 1}"), "which `p` does not know, is read by his own precision"),
    "a discount": (crisis(player="name: P, discount: 0.5 + q / 10"), "which `p` does not know, is read by his own discount"),
    "a view of another number": (crisis(attack="payoffs: {p: a}", rest="perceptions: {p: {a: q}}"), "which `p` does not know, is read by a perception of his"),
}  # fmt: skip


@pytest.mark.parametrize("name", ALLOWED)
def test_a_mean_does_where_it_is_exact(name: str) -> None:
    assert solved(ALLOWED[name], worlds=16).is_solved.all()


@pytest.mark.parametrize("name", HIDDEN)
def test_a_number_whose_mean_would_not_do_is_decided_by_chance_within_the_game(name: str) -> None:
    compiled = game(HIDDEN[name])
    assert compiled.facts == ("q",)
    number = compiled.step_named("q")
    assert compiled.player_of_node[compiled.step_of_node == number].tolist() in ([CHANCE], [CHANCE] * 2)


@pytest.mark.parametrize("name", HIDDEN)
def test_it_is_solved_as_stated_and_taken_as_known(name: str) -> None:
    assert solved(HIDDEN[name], worlds=4).is_solved.any()
    assert solved(HIDDEN[name], worlds=16, taken_as_known=True).is_solved.all()


@pytest.mark.parametrize("name", TOLD)
def test_a_number_that_what_can_be_done_would_tell_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"`p` cannot tell `q = low` from `q = high`, yet what can be done differs"):
        game(TOLD[name])
    solved(TOLD[name], worlds=16, taken_as_known=True)


@pytest.mark.parametrize("name", REFUSED)
def test_what_can_be_neither_a_mean_nor_a_move_is_refused_with_the_reason_and_the_remedy(name: str) -> None:
    text, reason = REFUSED[name]
    with pytest.raises(NotSolvedError, match=rf"`q`, {reason}.*\[M[68]\]; say `taken as known: \[q\]`") as refusal:
        solved(text, worlds=16)
    assert refusal.value.exit_code == 2
    solved(text, worlds=16, taken_as_known=True)


def test_one_who_does_not_know_his_own_weights_acts_by_their_mean() -> None:
    text = crisis(player="name: P, weights: {known to: nobody, dirichlet: {s: 3, t: 1}}", hold="gains: {t: 1}", attack="gains: {s: 1}", rest=STAKE)  # fmt: skip
    solution = solved(text.replace("{choice: {1: 0.5, -1: 0.5}}", "0.5"), worlds=16, precision=2.0)
    assert play(solution, "m", "attack") == pytest.approx(1 / (1 + np.exp(-2 * (0.75 - 0.25))), abs=1e-3)


def test_both_players_share_the_mean() -> None:
    """The other too answers by the mean: yielding costs 0.1, and being attacked -q, which is 0 on average."""
    solution = solved(
        crisis(
            then="  - {move: n, player: o, if: m == attack, actions: {stand: {payoffs: {o: q}}, yield: {payoffs: {o: -0.1}}}}"
        )
        .replace("{p: 0.2}", "{p: -5}")
        .replace("event: m == attack", "event: n == stand")
    )
    assert (answer(solution, "attack") == 1).all()


@pytest.mark.parametrize(
    ("family", "parameters", "expected"),
    [
        ("exact", (0.3,), 0.3),
        ("normal", (2.0, 3.0), 2.0),
        ("uniform", (1.0, 4.0), 2.5),
        ("lognormal", (3.0, 0.7), stats.lognorm(0.7, scale=3).mean()),
        ("beta", (6.5, 69.5), 6.5 / 76),
        ("triangular", (1.0, 2.0, 6.0), 3.0),
        ("pert", (1.0, 2.0, 6.0), 2.5),
        ("choice", (2.0, 4.0, 0.25, 0.75), 3.5),
    ],
)
def test_means_of_the_families(family: str, parameters: tuple[float, ...], expected: float) -> None:
    assert mean(Estimate(family, parameters, "")) == pytest.approx(expected, rel=QUADRATURE)


@pytest.mark.parametrize(("median", "sd"), [(0.3, 0.2), (0.5, 2.0), (0.01, 1.0)])
def test_the_mean_of_a_logit_normal_is_its_integral(median: float, sd: float) -> None:
    def density(z: float) -> float:
        return float(special.expit(special.logit(median) + sd * z) * stats.norm.pdf(z))

    expected = integrate.quad(density, -12, 12, epsabs=1e-13)[0]
    assert mean(Estimate("logitnormal", (median, sd), "")) == pytest.approx(expected, abs=1e-7)
