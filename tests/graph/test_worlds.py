"""Worlds: what a draw depends on, how evenly it spreads, and that it follows the families as written."""

from __future__ import annotations

import numpy as np
import pytest
from crises import scenario
from scipy import special, stats

from stratagem.errors import WorldsError
from stratagem.graph.families import log_gamma_quantile, normal_quantile, quantile
from stratagem.graph.points import uniforms
from stratagem.graph.worlds import Worlds, central, draw
from stratagem.scenario.estimate import Estimate

RELATIVE = 1e-9  # of a quantile
CORRELATION = 0.02  # of a rank correlation in 4,096 worlds
SHARE = 0.02  # of a probability estimated from 8,192 worlds
ONE_MOVE = "\ntimeline: [{move: m, player: p, actions: {hold: , go: }}]"


def drawn(quantities: str, worlds: int = 256, seed: int = 1, first: int = 0, rest: str = "") -> Worlds:
    model = scenario(f"quantities: {{known to all: {{{quantities}}}}}\n{rest}{ONE_MOVE}")
    return draw(model, worlds, seed, first)


def test_the_same_seed_draws_the_same_worlds() -> None:
    one, other = (drawn("a: 2 to 4").quantities["a"] for _ in range(2))
    assert one.tobytes() == other.tobytes()


def test_another_seed_draws_other_worlds() -> None:
    assert not np.isin(drawn("a: 2 to 4", seed=1).quantities["a"], drawn("a: 2 to 4", seed=2).quantities["a"]).any()


@pytest.mark.parametrize(("first", "count"), [(0, 1), (0, 100), (100, 28), (255, 1), (128, 128)])
def test_a_world_does_not_depend_on_which_others_are_drawn_with_it(first: int, count: int) -> None:
    everything = drawn("a: 2 to 4, w: likely").quantities
    part = drawn("a: 2 to 4, w: likely", count, first=first).quantities
    assert all(part[name].tobytes() == everything[name][first : first + count].tobytes() for name in everything)


def test_a_number_does_not_depend_on_the_others() -> None:
    alone = drawn("a: 2 to 4").quantities["a"]
    assert drawn("z: 0.1 to 0.2, a: 2 to 4, b: 6 of 75").quantities["a"].tobytes() == alone.tobytes()


def test_numbers_with_different_names_are_drawn_apart() -> None:
    found = drawn("a: 2 to 4, b: 2 to 4", 4096).quantities
    assert abs(stats.spearmanr(found["a"], found["b"]).statistic) < 0.05


def test_the_worlds_are_numbered_from_the_first() -> None:
    assert drawn("a: 1 to 2", 3, first=5).number.tolist() == [5, 6, 7]


@pytest.mark.parametrize("power", range(13))
@pytest.mark.parametrize(("seed", "name"), [(0, "a"), (1, "a"), (1, "another name"), (2**40, "x")])
def test_the_first_points_fall_one_in_each_slice(power: int, seed: int, name: str) -> None:
    count = 2**power
    slices = np.floor(uniforms(seed, name, np.arange(count)) * count).astype(int)
    assert sorted(slices) == list(range(count))


def test_points_lie_inside_the_unit_interval() -> None:
    points = uniforms(3, "a", np.arange(200_000))
    assert points.min() > 0
    assert points.max() < 1


def test_points_of_a_late_world_are_as_uniform_as_of_early_ones() -> None:
    points = uniforms(3, "a", np.arange(5_000_000, 5_004_096))
    assert stats.kstest(points, "uniform").pvalue > 0.001


def test_the_digits_of_one_seed_are_pinned() -> None:
    """A platform or a library that draws others gives other answers for the same seed, which has to show."""
    assert uniforms(1, "war_cost", np.arange(6)).tolist() == GOLDEN_POINTS


GOLDEN_POINTS: list[float] = [
    0.07234469789545983,
    0.6995987457921728,
    0.26262887485791,
    0.9951152509311214,
    0.39737646852154285,
    0.8320384694961831,
]


LOW, HIGH = stats.norm.ppf([0.05, 0.95])
FAMILIES = [
    ("normal(3, 0.6)", stats.norm(3, 0.6)),
    ("lognormal(3, 0.2)", stats.lognorm(0.2, scale=3)),
    ("beta(2, 5)", stats.beta(2, 5)),
    ("uniform(2, 4)", stats.uniform(2, 2)),
    ("uniform 2 to 4", stats.uniform(2, 2)),
    ("triangular(1, 2, 4)", stats.triang(1 / 3, 1, 3)),
    ("triangular(1, 1, 4)", stats.triang(0, 1, 3)),
    ("triangular(1, 4, 4)", stats.triang(1, 1, 3)),
    ("pert(1, 2, 4)", stats.beta(1 + 4 / 3, 5 - 4 / 3, 1, 3)),
    ("6 of 75", stats.beta(6.5, 69.5)),
    ("0 of 5", stats.beta(0.5, 5.5)),
    ("likely", stats.uniform(0.55, 0.25)),
    ("almost no chance", stats.uniform(0.01, 0.04)),
    ("normal 2 to 4", stats.norm(3, 2 / (HIGH - LOW))),
    ("lognormal 2 to 8", stats.lognorm(np.log(4) / (HIGH - LOW), scale=4)),
    ("2 to 8", stats.lognorm(np.log(4) / (HIGH - LOW), scale=4)),
    ("-2 to 8", stats.norm(3, 10 / (HIGH - LOW))),
]


@pytest.mark.parametrize(("written", "family"), FAMILIES, ids=[written for written, _ in FAMILIES])
def test_quantiles_are_those_of_the_family(written: str, family: stats.rv_continuous) -> None:
    u = np.array([1e-6, 0.001, 0.05, 0.3, 0.5, 0.77, 0.95, 0.9999])
    model = scenario(f'quantities: {{known to all: {{a: "{written}"}}}}{ONE_MOVE}')
    estimate = model.quantities["known to all"]["a"].is_.in_lexicon({})
    np.testing.assert_allclose(quantile(estimate, u), family.ppf(u), rtol=RELATIVE)


@pytest.mark.parametrize(
    ("written", "low", "high"),
    [
        ("2 to 4", 2, 4), ("30% to 60%", 0.3, 0.6), ("0.01 to 0.99", 0.01, 0.99), ("-3 to -1", -3, -1),
        ("normal 2 to 4", 2, 4), ("lognormal 1 to 100", 1, 100), ("logitnormal 0.2 to 0.4", 0.2, 0.4),
    ],
)  # fmt: skip
def test_a_range_has_its_outer_twentieths_where_written(written: str, low: float, high: float) -> None:
    model = scenario(f"quantities: {{known to all: {{a: {written}}}}}{ONE_MOVE}")
    estimate = model.quantities["known to all"]["a"].is_
    assert quantile(estimate, np.array([0.05, 0.95])) == pytest.approx([low, high], rel=RELATIVE)


def test_a_logit_normal_is_a_normal_on_the_logit() -> None:
    u = np.array([0.01, 0.2, 0.5, 0.9])
    expected = special.expit(special.logit(0.3) + 0.8 * stats.norm.ppf(u))
    np.testing.assert_allclose(quantile(Estimate("logitnormal", (0.3, 0.8), ""), u), expected, rtol=RELATIVE)


def test_normal_quantiles_reach_far_into_both_tails() -> None:
    u = np.array([1e-300, 1e-20, 1e-9, 0.4, 0.6, 1 - 1e-9, 1 - 1e-15])
    np.testing.assert_allclose(normal_quantile(u), stats.norm.ppf(u), rtol=1e-13)


@pytest.mark.parametrize("alpha", [0.02, 0.5, 1.0, 3.0, 400.0])
def test_gamma_quantiles_are_those_of_the_gamma(alpha: float) -> None:
    u = np.array([1e-3, 0.2, 0.5, 0.99])
    expected = stats.gamma(alpha).ppf(u)
    np.testing.assert_allclose(log_gamma_quantile(alpha, u), np.log(expected), rtol=1e-8, atol=1e-9)


def test_a_gamma_quantile_too_small_for_a_number_still_has_a_logarithm() -> None:
    """P(X <= x) = x^alpha / Gamma(alpha + 1) for small x, exactly so in the limit."""
    logs = log_gamma_quantile(1e-3, np.array([0.5]))
    assert logs == pytest.approx((np.log(0.5) + special.gammaln(1.001)) / 1e-3, rel=RELATIVE)


def test_a_choice_falls_by_its_shares() -> None:
    values, counts = np.unique(drawn("a: {choice: {4: 0.75, 2: 0.25}}", 1024).quantities["a"], return_counts=True)
    assert dict(zip(values.tolist(), counts.tolist(), strict=True)) == {2.0: 256, 4.0: 768}


def test_an_exact_number_is_that_in_every_world() -> None:
    assert (drawn("a: 0.6").quantities["a"] == 0.6).all()


@pytest.mark.parametrize("rank", [-0.9, -0.3, 0.5, 0.95])
def test_rank_correlations_are_reached(rank: float) -> None:
    rest = f"correlations: [{{between: [a, b], rank: {rank}}}]"
    found = drawn("a: 2 to 4, b: 6 of 75", 4096, rest=rest).quantities
    assert stats.spearmanr(found["a"], found["b"]).statistic == pytest.approx(rank, abs=CORRELATION)


def test_correlated_numbers_keep_their_own_distributions() -> None:
    found = drawn("a: 2 to 4, b: 'beta(2, 5)'", 4096, rest="correlations: [{between: [a, b], rank: 0.8}]").quantities
    assert stats.kstest(found["b"], stats.beta(2, 5).cdf).pvalue > 0.01
    assert np.quantile(found["a"], [0.05, 0.95]) == pytest.approx([2, 4], abs=0.05)


def test_setting_a_number_leaves_those_correlated_with_it() -> None:
    model = scenario(
        "quantities: {known to all: {a: 2 to 4, b: 2 to 4}}\ncorrelations: [{between: [a, b], rank: 0.8}]" + ONE_MOVE
    )
    free, fixed = draw(model, 64, 1), draw(model, 64, 1, fixed={"a": 9.0})
    assert (fixed.quantities["a"] == 9).all()
    assert fixed.quantities["b"].tobytes() == free.quantities["b"].tobytes()


# Weights

WEIGHED = """
stakes: {{a: A, b: B, c: C}}
players:
  p: {{name: P, weights: {{known to: all, {weights}}}}}
timeline: [{{move: m, player: p, actions: {{hold: , go: {{gains: {{a: 1, b: 1, c: 1}}}}}}}}]
"""


def weights(written: str, worlds: int = 8192) -> np.ndarray:
    found = draw(scenario(WEIGHED.format(weights=written)), worlds, 1).players.weights["p"]
    return np.array([found[stake] for stake in "abc"])


def test_dirichlet_weights_sum_to_one_and_have_their_means() -> None:
    found = weights("dirichlet: {a: 1, b: 2, c: 5}")
    np.testing.assert_allclose(found.sum(axis=0), 1, rtol=RELATIVE)
    assert found.mean(axis=1) == pytest.approx([1 / 8, 2 / 8, 5 / 8], abs=SHARE)


@pytest.mark.parametrize(
    ("alphas", "order", "is_met"),
    [
        ((1, 1, 1), "[a > b > c]", lambda w: (w[0] > w[1]) & (w[1] > w[2])),
        ((2, 2, 2), "[c > a]", lambda w: w[2] > w[0]),
        ((1, 2, 3), "[a > b]", lambda w: w[0] > w[1]),
        ((2, 1, 1), "[a > b, b > c]", lambda w: (w[0] > w[1]) & (w[1] > w[2])),
        ((1, 1, 1), "[a > b, a > c]", lambda w: (w[0] > w[1]) & (w[0] > w[2])),
    ],
)
def test_an_order_of_weights_is_that_of_brute_force_rejection(alphas: tuple[int, ...], order: str, is_met) -> None:
    found = weights(f"dirichlet: {dict(zip('abc', alphas, strict=True))}, order: {order}".replace("'", ""))
    assert is_met(found).all()
    plain = np.random.default_rng(1).dirichlet(alphas, 400_000).T
    kept = plain[:, is_met(plain)]
    for ours, theirs in zip(found, kept, strict=True):
        assert stats.ks_2samp(ours, theirs).statistic < SHARE


def test_an_order_that_is_never_met_is_an_error() -> None:
    with pytest.raises(WorldsError, match=r"the order of the weights of `p` was not met in 64 of 64 worlds .*\[L11\]"):
        weights("dirichlet: {a: 1, b: 1, c: 1}, order: [a > b, b > a]", 64)


def test_dirichlet_weights_of_tiny_concentration_are_numbers() -> None:
    found = weights("dirichlet: {a: 0.0001, b: 0.0001, c: 0.0002}", 512)
    np.testing.assert_allclose(found.sum(axis=0), 1, rtol=RELATIVE)
    assert found.mean(axis=1) == pytest.approx([0.25, 0.25, 0.5], abs=0.05)


def test_swings_are_divided_by_their_sum() -> None:
    assert weights("swings: {a: 1, b: 1, c: 2}", 2).tolist() == [[0.25, 0.25], [0.25, 0.25], [0.5, 0.5]]


def test_weights_that_do_not_sum_to_one_are_an_error_that_names_the_sum() -> None:
    with pytest.raises(
        WorldsError, match=r"the weights of `p` sum to .* in 64 of 64 worlds; they must sum to 1 \[M5\]"
    ):
        weights("a: 0.2 to 0.3, b: 0.2, c: 0.4", 64)


# Other numbers of players


def trait(player: str, worlds: int = 64) -> Worlds:
    head = f"quantities: {{known to all: {{b: -1 to 1}}}}\nplayers: {{p: {{name: P, {player}}}}}"
    return draw(scenario(head + ONE_MOVE), worlds, 1)


def test_errors_are_odds_at_a_tenth_of_the_range() -> None:
    """At a gap of 0.1 x 5 the worse of two actions has 10 %: precision = log(9) / 0.5."""
    assert trait("errors: 10%, range: 5").players.precision["p"] == pytest.approx(np.log(9) / 0.5)


@pytest.mark.parametrize(
    ("player", "message"),
    [
        ("precision: b", r"the precision of `p` is -.* it must be from 0 to inf \[L11\]"),
        ("discount: b", r"the discount of `p` is -.* it must be from 0 to 1 \[L11\]"),
        ("errors: b, range: 1", r"the errors of `p` is -.* it must be from 1e-06 to 0.5 \[L11\]"),
    ],
)
def test_a_number_of_a_player_out_of_range_in_some_worlds_is_an_error(player: str, message: str) -> None:
    with pytest.raises(WorldsError, match=message):
        trait(player)


def test_a_number_too_large_to_reckon_with_is_an_error_that_names_it() -> None:
    with pytest.raises(WorldsError, match=r"`a` is .* of a size that cannot be reckoned with \[L5\]"):
        drawn("a: 'lognormal(1, 800)'")


# One world of central values


def test_the_central_world_has_medians_and_mean_weights() -> None:
    model = scenario(
        WEIGHED.format(weights="dirichlet: {a: 1, b: 2, c: 5}") + "quantities: {known to all: {q: 2 to 8}}"
    )
    one = central(model)
    assert one.quantities["q"] == pytest.approx([4])
    found = one.players.weights["p"]
    assert [float(found[stake][0]) for stake in "abc"] == pytest.approx([1 / 8, 2 / 8, 5 / 8], abs=SHARE)


# Perceptions

SEEN_WRONG = """
quantities: {known to all: {a: 0.2 to 0.6}}
perceptions: {p: {a: "clip(a + 0.3, 0, 1)"}}
"""


def test_a_perception_reads_the_true_number() -> None:
    one = draw(scenario(SEEN_WRONG + ONE_MOVE), 16, 1)
    assert one.perceived["p"]["a"] == pytest.approx(np.clip(one.quantities["a"] + 0.3, 0, 1), rel=RELATIVE)


def test_with_perceptions_off_nobody_has_a_view_of_their_own() -> None:
    assert draw(scenario(SEEN_WRONG + ONE_MOVE), 16, 1, perceptions=False).perceived == {}
