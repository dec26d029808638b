"""The sweep in JAX against the sweep in NumPy, and its derivatives against differences."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

from stratagem.catalogue import load, names
from stratagem.errors import UsageError
from stratagem.graph.compile import compile_scenario
from stratagem.graph.game import CHANCE, TERMINAL, Expression, Game, StepInfo
from stratagem.graph.worlds import draw
from stratagem.solve import engine
from stratagem.solve.columns import Columns, Inputs, prepare
from stratagem.solve.engine import LARGE_RUN, choose
from stratagem.solve.known import with_means
from stratagem.solve.padded import lay_out, rounded
from stratagem.solve.plan import plan
from stratagem.solve.solve import Request, solve
from stratagem.solve.sweep import backward, forward

has_jax = find_spec("jax") is not None
if has_jax:
    import jax
    import jax.numpy as jnp

    from stratagem.solve.nodes_jax import certainty_equivalent
    from stratagem.solve.passes_jax import refill
    from stratagem.solve.sweep_jax import Compiled, differentiable
needs_jax = pytest.mark.skipif(not has_jax, reason='JAX is missing: pip install "stratagem[jax]"')

TOLERANCE = 1e-12  # of payoffs and probabilities, relative to the largest payoff, at least 1
SLOPE_TOLERANCE = 1e-6  # relative
STEP = 1e-5  # of a difference

# The rows of the drawn games' expression table: 0, 1, shares, then the odds of chance moves with two and with three outcomes.
SHARES, PAIRS, TRIPLES, ROWS = 2, 12, 32, 62


def drawn_game(seed: int, num_nodes: int = 60, ties: tuple[str, ...] = ("equal", "concede", "resist", "b")) -> Game:
    """A layered game with all that a game may have: shared nodes, gains on the way, shares that may be 0, dated time."""
    rng = np.random.default_rng(seed)
    widths = [1, *([num_nodes // 6] * 6), 3]
    layer = np.repeat(np.arange(len(widths)), widths)
    player = rng.integers(CHANCE, 3, len(layer))
    player[0], player[layer == len(widths) - 1] = 0, TERMINAL
    branching = np.where(player == CHANCE, rng.integers(1, 4, len(layer)), rng.integers(1, 5, len(layer))) * (
        player != TERMINAL
    )
    first_edge = np.concatenate([[0], np.cumsum(branching)])
    parent = np.repeat(np.arange(len(layer)), branching)
    starts = np.concatenate([[0], np.cumsum(widths)])
    deepest = np.minimum(layer[parent] + 3, len(widths))
    count = len(parent)
    steps = tuple(
        StepInfo(f"s{n}", f"s{n}", None, 0, None, "", tuple("abcde"), tuple("abcde"), rule)
        for n, rule in enumerate(ties)
    )
    none = np.empty(0, np.int32)
    return Game(
        players=("one", "two", "three"),
        steps=steps,
        accounts=(),
        outcomes=("end",),
        questions=(),
        expressions=(
            Expression("constant", (0.0,)),
            Expression("constant", (1.0,)),
            *(Expression("quantity", (f"q{n}",)) for n in range(ROWS - 2)),
        ),
        checks=(),
        layer_of_node=layer.astype(np.int32),
        player_of_node=player.astype(np.int32),
        step_of_node=(layer % len(ties)).astype(np.int32),
        infoset_of_node=np.arange(len(layer), dtype=np.int32),
        outcome_of_node=np.where(player == TERMINAL, 0, -1).astype(np.int32),
        state_of_node=(),
        first_edge=first_edge.astype(np.int32),
        child_of_edge=rng.integers(starts[layer[parent] + 1], starts[deepest]).astype(np.int32),
        option_of_edge=(np.arange(count) - first_edge[parent]).astype(np.int32),
        share_of_edge=drawn_shares(rng, player, branching),
        gain_of_edge=(rng.integers(0, 30, count) * (rng.random(count) < 0.5)).astype(np.int32),
        duration_of_edge=rng.integers(0, 3, count).astype(np.int32),
        durations=np.array([0.0, 0.5, 1.25]),
        gain_row=none,
        gain_account=none,
        gain_value=none,
        num_gains=30,
        event_edge=none,
        event_question=none,
        event_value=none,
        is_conditional=(),
        guarded_rows=none,
        num_histories=0.0,
    )


def drawn_shares(rng: np.random.Generator, player: np.ndarray, branching: np.ndarray) -> np.ndarray:
    rows = []
    for mover, count in zip(player, branching, strict=True):
        if mover == CHANCE and count > 1:
            first = PAIRS if count == 2 else TRIPLES
            rows.append(first + count * rng.integers(10) + np.arange(count))
        elif mover >= 0 and rng.random() < 0.4:
            rows.append(rng.integers(0, PAIRS, count))
        else:
            rows.append(np.ones(count, int))
    return np.concatenate(rows).astype(np.int32)


def drawn_inputs(game: Game, seed: int, num_worlds: int, is_plain: bool = False, is_best: bool = False) -> Inputs:
    """Numbers for a drawn game; not plain: one player misperceives, two are not risk-neutral, all discount. Best replies meet ties."""
    rng = np.random.default_rng(seed)
    columns = Columns((0, 1, 2), (0, 0, 0), (None,)) if is_plain else Columns((0, 1, 2, 1), (0, 1, 0, 0), (None, "two"))
    shape = (len(columns.player), num_worlds)
    gains = rng.normal(size=(game.num_gains, *shape))
    risk = np.zeros(shape)
    risk[:2] = rng.uniform(0.06, 1, (2, num_worlds)) if seed % 2 else rng.uniform(-0.04, 0.04, (2, num_worlds))
    risk[-1] = risk[1]
    return Inputs(
        columns=columns,
        tables=tuple(drawn_table(rng, num_worlds) for _ in columns.evaluators),
        worth=np.zeros((len(columns.player), len(game.accounts), num_worlds)),
        gains=(np.round(gains) if is_best else gains) * (np.arange(game.num_gains) > 0)[:, None, None],
        precision=np.full((3, num_worlds), np.inf) if is_best else rng.uniform(0.5, 4, (3, num_worlds)),
        risk_aversion=None if is_plain else risk,
        discounts=None if is_plain else rng.uniform(0.8, 1, shape) ** game.durations[:, None, None],
        world=np.arange(num_worlds),
    )


def drawn_table(rng: np.random.Generator, num_worlds: int) -> np.ndarray:
    table = rng.uniform(0.05, 1, (ROWS, num_worlds))
    table[:SHARES] = [[0.0], [1.0]]
    table[SHARES : SHARES + 5] *= rng.random((5, num_worlds)) < 0.5
    for place, count in ((slice(PAIRS, TRIPLES), 2), (slice(TRIPLES, ROWS), 3)):
        table[place] /= np.repeat(table[place].reshape(-1, count, num_worlds).sum(axis=1), count, axis=0)
    return table


def assert_same_sweep(game: Game, inputs: Inputs, tie_rules: tuple[str | None, ...] = (None,)) -> None:
    order = plan(game)
    compiled = Compiled(order)
    for rule in tie_rules:
        expected, found = backward(order, inputs, rule), compiled.backward(inputs, rule)
        scale = max(1.0, np.abs(expected.buffer).max())
        for name in ("buffer", "behaviour", "regret"):
            np.testing.assert_allclose(
                getattr(found, name), getattr(expected, name), rtol=0, atol=TOLERANCE * scale, err_msg=name
            )
        for name in ("tied", "is_stuck"):
            assert (getattr(found, name) is None) == (getattr(expected, name) is None), name
            if getattr(expected, name) is not None:
                np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)
        reach = forward(order, expected.behaviour)
        np.testing.assert_allclose(compiled.forward(expected.behaviour), reach, rtol=0, atol=TOLERANCE)


@needs_jax
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("is_plain", [True, False], ids=["plain", "everything"])
def test_quantal_response_agrees_on_drawn_games(seed: int, is_plain: bool) -> None:
    game = drawn_game(seed)
    assert_same_sweep(game, drawn_inputs(game, seed, 150, is_plain))


@needs_jax
@pytest.mark.parametrize("is_plain", [True, False], ids=["plain", "everything"])
def test_best_replies_agree_by_every_tie_rule(is_plain: bool) -> None:
    game = drawn_game(3)
    inputs = drawn_inputs(game, 3, 100, is_plain, is_best=True)
    assert_same_sweep(game, inputs, (None, "equal", "concede", "resist", "first", "last"))


@needs_jax
def test_history_is_kept_on_the_way_forward() -> None:
    game = drawn_game(1)
    order = plan(game)
    behaviour = backward(order, drawn_inputs(game, 1, 10)).behaviour
    kept = np.random.default_rng(0).random(game.num_edges) < 0.7
    found = Compiled(order).forward(behaviour, kept)
    np.testing.assert_allclose(found, forward(order, behaviour, kept), rtol=0, atol=TOLERANCE)


@needs_jax
@pytest.mark.parametrize("name", names())
def test_catalogue_agrees(name: str) -> None:
    scenario = load(name).scenario
    game = compile_scenario(scenario)
    worlds = with_means(game, scenario, draw(scenario, 130, 1), everything=True)
    assert_same_sweep(game, prepare(game, scenario, worlds))


@needs_jax
def test_solutions_agree_whatever_the_engine() -> None:
    scenario = load("signorino-deterrence").scenario
    game = compile_scenario(scenario)
    expected, found = (solve(game, scenario, Request(worlds=200, engine=one)) for one in ("numpy", "jax"))
    for name in ("questions", "behaviour", "reach", "outcomes", "regret", "believed"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=0, atol=TOLERANCE, err_msg=name)


@needs_jax
def test_games_of_one_form_share_a_program() -> None:
    game = drawn_game(4)
    other = replace(game, gain_of_edge=np.where(game.gain_of_edge > 0, game.gain_of_edge % 29 + 1, 0).astype(np.int32))
    inputs = drawn_inputs(game, 4, 20, is_plain=True)
    Compiled(plan(game)).backward(inputs)
    before = refill._cache_size()
    Compiled(plan(other)).backward(inputs)
    assert refill._cache_size() == before


@needs_jax
def test_derivatives_agree_with_differences() -> None:
    game = drawn_game(1, 30)
    inputs = drawn_inputs(game, 1, 8)
    answer, numbers = differentiable(plan(game), inputs)
    rng = np.random.default_rng(0)
    weights = [jnp.asarray(rng.normal(size=part.shape)) for part in answer(numbers)]

    @jax.jit
    def weigh(numbers):
        return sum(jnp.sum(weight * part) for weight, part in zip(weights, answer(numbers), strict=True))

    slopes = jax.jit(jax.grad(weigh))(numbers)
    for name, value in numbers._asdict().items():
        way = rng.normal(size=value.shape)
        if name == "shares":
            way[:SHARES], way[PAIRS:] = 0, 0
            way *= np.asarray(value) > 0.01
        if name == "risk_aversion":
            way *= np.asarray(value) > 0.001
        ahead, behind = (weigh(numbers._replace(**{name: value + sign * STEP * way})) for sign in (1, -1))
        expected = (ahead - behind) / (2 * STEP)
        assert float(jnp.sum(getattr(slopes, name) * way)) == pytest.approx(float(expected), rel=SLOPE_TOLERANCE), name


@needs_jax
def test_derivatives_hold_where_values_tie() -> None:
    probability = [np.array([[0.3]]), np.array([[0.7]])]
    slope = jax.grad(lambda a, b: certainty_equivalent(probability, [a, b], np.array([0.5]))[0, 0], argnums=(0, 1))
    one = np.array([[2.0]])
    assert [float(part[0, 0]) for part in slope(one, one)] == pytest.approx([0.3, 0.7])


@needs_jax
@pytest.mark.parametrize("risk_aversion", [1e-9, 1e-4, 0.3, 2.0, 40.0, -0.3])
def test_certainty_equivalent_is_exact_near_and_far(risk_aversion: float) -> None:
    probability, values = np.array([1e-10, 0.4, 0.6 - 1e-10]), np.array([-4.0, 0.1, 3.0])
    exact = values.astype(np.longdouble)
    expected = -np.log1p(np.sum(probability * np.expm1(-np.longdouble(risk_aversion) * exact))) / risk_aversion
    found = certainty_equivalent(
        [p[None, None] for p in probability], [v[None, None] for v in values], np.array([risk_aversion])
    )
    assert float(found[0, 0]) == pytest.approx(float(expected), abs=TOLERANCE)


def test_every_edge_has_one_place() -> None:
    game = drawn_game(2)
    padded = lay_out(game)
    inner = game.player_of_node != TERMINAL
    assert sorted(padded.row_of_edge) == list(range(game.num_edges))
    assert sorted(padded.row_of_node[inner]) == list(range(inner.sum()))
    child = padded.row_of_node[game.child_of_edge]
    parent = padded.row_of_node[game.parent_of_edge]
    continues = inner[game.child_of_edge]
    assert (child[continues] < parent[continues]).all()


@pytest.mark.parametrize("count", [0, 1, 2, 15, 16, 17, 100, 1000, 12345, 10**6 + 1])
def test_rounded_sizes_are_little_larger(count: int) -> None:
    assert count <= rounded(count) <= max(1, count * 1.125)
    assert rounded(rounded(count)) == rounded(count)


def test_engine_is_chosen_by_size() -> None:
    assert choose("auto", 1000, 10_000) == "numpy"
    assert choose("auto", LARGE_RUN, 1) == ("jax" if has_jax else "numpy")
    assert choose("numpy", LARGE_RUN, 1) == "numpy"
    assert choose("auto", LARGE_RUN, 1, is_neutral=False) == "numpy"


def test_missing_jax_is_said_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r'pip install "stratagem\[jax\]"'):
        choose("jax", 10, 10)
    assert choose("auto", LARGE_RUN, 1) == "numpy"


def test_unknown_engine_is_said_with_the_near_miss() -> None:
    with pytest.raises(UsageError, match="did you mean `jax`"):
        choose("jaxx", 10, 10)
