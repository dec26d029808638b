"""The likelihood of a history where something is hidden: the solver's, and slopes against differences and against each other."""

from __future__ import annotations

import numpy as np
import pytest
from crises import game, scenario

from stratagem.graph.families import normal_quantile
from stratagem.graph.points import uniforms
from stratagem.graph.worlds import draw
from stratagem.solve.adjoint import Adjoint
from stratagem.solve.columns import prepare
from stratagem.solve.intervene import choice
from stratagem.solve.passage import restrict
from stratagem.solve.plan import plan
from stratagem.solve.solve import Request, solve

jax = pytest.importorskip("jax", reason="the likelihood is a function in JAX")

from stratagem.solve.likelihood_differences import Differenced  # noqa: E402 - needs JAX
from stratagem.solve.likelihood_hidden import Outside  # noqa: E402
from stratagem.solve.likelihood_jax import Likelihood, Setting  # noqa: E402

WORLDS, SEED, WIDTH = 5, 1, 1e-4
ROUNDING = 1e-9
DIFFERENCES = 1e-7  # of slopes: by the residual of an equilibrium over the width

# Moves that some do not see, a number that only one knows, shares, guards, perceptions, aversion to risk and to losses.
MIXED = """
stakes: {x: X, y: {title: Y, worst: 1, best: -1}, z: {title: Z, reference: 0.2, start: 0}}
players:
  p: {name: P, errors: 5% to 20%, weights: {swings: {x: 60 to 90, y: 20, z: 30 to 40}, known to: all}, risk aversion: uniform 0 to 2, loss aversion: 1.5 to 2.5}
  o: {name: O, precision: 1 + a, weights: {dirichlet: {x: 2, y: 0.7, z: 1}, known to: all}, risk aversion: 0.5}
  r: {name: R, precision: 2, payoffs: {x: -a + q, y: b}}
quantities:
  known to all: {a: uniform 0.1 to 0.9, b: 2 of 9, c: "triangular(0.1, 0.3, 0.8)", f: normal -0.3 to 0.4, g: 0.5 to 2, h: 20% to 50%}
  known to r: {q: {is: normal -0.5 to 0.5, types: 3}}
correlations: [{between: [a, f], rank: 0.5}, {between: [f, h], rank: -0.3}]
perceptions: {p: {h: "clip(h + 0.1, 0, 1)"}}
timeline:
  - {move: m, player: p, seen by: nobody, actions: {hold: , go: {gains: {x: 0.4 * b, y: -0.3 * c, z: f}}}}
  - {chance: k, seen by: p, outcomes: {good: {probability: h, gains: {x: 0.2, z: -0.3}}, bad: rest}}
  - {move: n, player: o, actions: {hold: {share: 30%}, go: {share: a, gains: {x: h ^ 2, y: "abs(f)", z: "sqrt(g)"}}}}
  - {move: s, player: r, actions: {hold: , go: {gains: {x: 0.1, y: 0.4}}}}
  - {move: e, player: p, actions: {hold: , go: {if: n == go, gains: {x: 0.1, z: -0.4}}}}
  - {chance: l, outcomes: {up: {probability: h, gains: {x: 0.3}}, down: {probability: rest, gains: {z: -0.3}}}}
  - {move: t, player: o, actions: {hold: , go: {gains: {x: 0.1 + a, z: -0.4}}}}
"""
# Types that hang together with a public number, and weights that only their owner knows.
LINKED = """
stakes: {x: X, y: Y}
players:
  p: {name: P, precision: 2, weights: {dirichlet: {x: 1, y: 1}, known to: p, types: 3}}
  o: {name: O, precision: 3}
quantities:
  known to all: {a: normal -1 to 1, b: 2 to 4}
  known to p: {q: {is: normal -1 to 1, types: 3}}
  known to o: {r: {is: normal -1 to 1, types: 2}}
correlations: [{between: [a, q], rank: 0.6}, {between: [q, r], rank: 0.4}, {between: [a, b], rank: 0.3}]
timeline:
  - {move: say, player: p, actions: {low: , high: {payoffs: {o: q}, gains: {x: 0.5, y: -0.4}}}}
  - {move: reply, player: o, actions: {stay: , go: {payoffs: {o: q + r + 0.1 * b}, gains: {x: -0.5}}}}
"""
# Three numbers of which each hangs together with the others, and with one that all know.
CLUSTER = """
players: {p: {name: P, precision: 2}, o: {name: O, precision: 3}}
quantities:
  known to all: {a: normal -1 to 1}
  known to p: {q: {is: normal -1 to 1, types: 2}, s: {is: normal -1 to 1, types: 2}}
  known to o: {r: {is: normal -1 to 1, types: 3}}
correlations: [{between: [a, q], rank: 0.6}, {between: [q, r], rank: 0.4}, {between: [a, s], rank: 0.3}, {between: [r, s], rank: 0.5}]
timeline:
  - {move: say, player: p, actions: {low: , high: {payoffs: {o: q, p: s}}}}
  - {move: reply, player: o, actions: {stay: , go: {payoffs: {o: q + r, p: -0.5}}}}
"""
# Players who discount: one does not know what the other knows, chance is uncertain and perceived otherwise, and a move is not seen.
DISCOUNTED = """
players: {p: {name: P, precision: 2, discount: 70% to 90%}, o: {name: O, precision: 3, discount: 60%}}
quantities: {known to all: {a: 0.2 to 0.8, h: 20% to 50%}, known to o: {q: {is: normal -1 to 1, types: 2}}}
perceptions: {p: {h: "clip(h + 0.1, 0, 1)"}}
timeline:
  - {move: say, player: p, date: 2022, seen by: nobody, actions: {low: , high: {payoffs: {p: a}}}}
  - {chance: k, date: 2023, outcomes: {good: {probability: h, payoffs: {p: 0.4, o: -a}}, bad: rest}}
  - {move: reply, player: o, date: 2024, actions: {stay: {share: 30%}, go: {share: a, payoffs: {o: q + 0.2, p: -1}}}}
  - {move: last, player: p, date: 2026, actions: {stay: , go: {payoffs: {p: a - 0.3 + q, o: 0.7}}}}
  - {move: end, player: o, date: 2027, actions: {stay: , go: {payoffs: {p: 0.5, o: a}}}}
"""
DISCOUNTED_AND_AVERSE = DISCOUNTED.replace("precision: 2,", "precision: 2, risk aversion: uniform 0.5 to 1,")
# Types of a player who differ in precision, and types that one who does not know them has odds of his own of.
BY_TYPE = """
players: {p: {name: P, precision: 1 + k}, o: {name: O, precision: 3}}
quantities: {known to all: {a: normal 0.2 to 0.8}, known to p: {k: {is: normal 1 to 3, types: 2}}}
correlations: [{between: [a, k], rank: 0.6}]
timeline:
  - {move: say, player: p, actions: {low: , high: {payoffs: {p: a, o: k - 2}}}}
  - {move: reply, player: o, actions: {stay: , go: {payoffs: {o: k - 2 + 0.1 * a, p: -0.5}}}}
"""
SEEN_OTHERWISE = BY_TYPE.replace("precision: 1 + k", "precision: 2") + "perceptions: {o: {k: normal 2 to 4}}\n"
# What losses mean to one whose weights are drawn turns on what he alone knows.
LOSSES = """
stakes: {x: X, z: {title: Z, reference: 0.2, start: 0}}
players:
  p: {name: P, precision: 2, weights: {dirichlet: {x: 2, z: 1}, known to: all}, loss aversion: 1 + k}
  o: {name: O, precision: 3}
quantities: {known to all: {a: 0.2 to 0.8}, known to p: {k: {is: uniform 0 to 2, types: 2}}}
timeline:
  - {move: say, player: p, actions: {low: {gains: {z: a}}, high: {payoffs: {o: k - 1}, gains: {x: 0.5, z: -0.4}}}}
  - {move: reply, player: o, actions: {stay: , go: {payoffs: {o: k - 1}, gains: {x: -0.5}}}}
"""
MISTAKEN = """
players: {p: {name: P, precision: 2}, o: {name: O, precision: 3}}
quantities: {known to all: {a: 0.2 to 0.8, b: normal -1 to 1}}
mistakes: {p: {b: b + 0.5}}
timeline:
  - {move: say, player: p, actions: {low: , high: {payoffs: {p: a}}}}
  - {move: reply, player: o, actions: {stay: , go: {payoffs: {o: b, p: -1}}}}
"""
CASES = {
    "mixed": (MIXED, ("m=go", "n=go", "s=hold", "e=go", "l=up", "t=go"), Outside),
    "linked": (LINKED, ("say=high", "reply=go"), Outside),
    "cluster": (CLUSTER, ("say=high", "reply=go"), Outside),
    "discounted": (DISCOUNTED, ("k=good", "reply=go", "last=go"), Outside),
    "discounted and averse": (DISCOUNTED_AND_AVERSE, ("k=good", "reply=go", "last=go"), Differenced),
    "by type": (BY_TYPE, ("say=high", "reply=go"), Differenced),
    "seen otherwise": (SEEN_OTHERWISE, ("say=high", "reply=go"), Differenced),
    "losses": (LOSSES, ("say=high", "reply=go"), Differenced),
    "mistaken": (MISTAKEN, ("say=high", "reply=stay"), Differenced),
}


def likelihood(text: str, seen: tuple[str, ...]) -> Likelihood:
    compiled = game(text)
    return Likelihood(compiled, scenario(text), tuple(choice(compiled, one) for one in seen), Setting(seed=SEED))


def latent(one: Likelihood, worlds: int = WORLDS) -> np.ndarray:
    """[D, W] the standard normals of worlds as they are drawn by counter."""
    return np.array([normal_quantile(uniforms(SEED, name, np.arange(worlds))) for name in one.draws.names])


def slopes(one: Likelihood | Differenced, z: np.ndarray) -> np.ndarray:
    """[D, W], each world a call of its own under `vmap`."""
    return np.asarray(jax.jit(jax.vmap(jax.grad(lambda at: one(at[:, None])[0]), in_axes=1, out_axes=1))(z))


@pytest.mark.parametrize("name", CASES)
def test_the_likelihood_is_the_solver_s(name: str) -> None:
    text, seen, way = CASES[name]
    one = likelihood(text, seen)
    assert isinstance(one.way, way)
    request = Request(worlds=WORLDS, seed=SEED, history=tuple(choice(one.game, text) for text in seen))
    weight = solve(one.game, one.scenario, request).weight
    assert np.exp(np.asarray(jax.jit(one)(latent(one)))) == pytest.approx(weight, rel=ROUNDING)


@pytest.mark.parametrize("name", CASES)
def test_slopes_are_those_of_differences(name: str) -> None:
    text, seen, _ = CASES[name]
    one = likelihood(text, seen)
    z = latent(one, 2)
    aside = np.eye(len(z))[:, None]
    chance = jax.jit(one)
    found = [
        [np.asarray(chance((z.T + way * width * aside).reshape(-1, len(z)).T)) for way in (1, -1)]
        for width in (WIDTH, 2 * WIDTH)
    ]
    near, far = (
        (up - down).reshape(len(z), -1) / width for (up, down), width in zip(found, (2 * WIDTH, 4 * WIDTH), strict=True)
    )
    assert slopes(one, z) == pytest.approx((4 * near - far) / 3, abs=DIFFERENCES)
    assert np.abs(near).max() > 0.02


@pytest.mark.parametrize("name", ["linked", "discounted"])
def test_both_ways_to_slopes_agree(name: str) -> None:
    """Implicit differentiation against differences over worlds that are drawn and solved anew."""
    text, seen, _ = CASES[name]
    one = likelihood(text, seen)
    history = tuple(choice(one.game, text) for text in seen)
    other = Differenced(one.game, one.scenario, Request(history=history), one.drawn)
    z = latent(one)
    assert slopes(one, z) == pytest.approx(slopes(other, z), abs=DIFFERENCES)


def test_a_world_without_value_is_counted_and_ruled_out() -> None:
    """A logarithm of what is below 0 in the second world."""
    text = """
    players: {p: {name: P, precision: 2}, o: {name: O, precision: 3}}
    quantities: {known to all: {a: "normal(6, 1)"}, known to o: {q: {is: normal -1 to 1, types: 2}}}
    timeline:
      - {move: say, player: p, actions: {low: , high: {payoffs: {p: log(a) + q}}}}
      - {move: reply, player: o, actions: {stay: , go: {payoffs: {o: q, p: -1}}}}
    """
    one = likelihood(text, ("say=high",))
    z = np.array([[0.0, -7.0]])
    assert np.isfinite(np.asarray(one(z))).tolist() == [True, False]
    assert (one.way.solved, one.way.failed) == (2, 1)


@pytest.mark.parametrize("name", ["by type", "discounted and averse"])
def test_the_adjoint_refuses_what_it_cannot_differentiate(name: str) -> None:
    text, seen, _ = CASES[name]
    compiled, stated = game(text), scenario(text)
    inputs = prepare(compiled, stated, draw(stated, WORLDS, SEED))
    restriction = restrict(compiled, [choice(compiled, one) for one in seen])
    assert restriction is not None
    with pytest.raises(ValueError, match="derivatives"):
        Adjoint(plan(compiled), restriction).told(inputs)
