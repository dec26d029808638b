"""Worlds after a history, drawn by the No-U-Turn sampler (Hoffman & Gelman 2014) where weights collapse; an extra, imported only when asked for.

Takes a study, its history and readings of the prior's worlds to start from; gives a posterior. The target is the standard normal
density of the latent numbers times the probability of the history, with its gradient; NumPyro draws. Where something is hidden, the
worlds of all chains are solved in one batch, which costs little more than one: there are more chains then, and shorter ones.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from stratagem.analyse.finding import Cell, Column, Table
from stratagem.analyse.infer import Posterior
from stratagem.analyse.pooling import effective_size
from stratagem.analyse.seen import History, Readings, read
from stratagem.analyse.study import Study
from stratagem.errors import UsageError
from stratagem.graph.families import normal_quantile
from stratagem.graph.game import Floats
from stratagem.graph.points import uniforms
from stratagem.graph.worlds import Worlds, stated
from stratagem.solve.solve import Chunk, Solver

EXTRA = 'drawing from the posterior needs further packages: pip install "stratagem[bayes]"'
CHAINS, DRAWS = 4, 500  # as many draws again to warm up
CHAINS_TOGETHER, DRAWS_TOGETHER = 16, 150  # where chains are solved in one batch
TRIED, TOGETHER = 1024, 64  # worlds tried as starting points, and so many at once
ACCEPTED = 0.9
MOST_HAT, LEAST_SIZE = 1.01, 400  # Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021)
Array = Any


@dataclass(frozen=True)
class Chains:
    """Draws of latent normals, with how they were drawn."""

    z: Floats  # [chains, draws, D]
    diverged: int

    @property
    def flat(self) -> Floats:
        """[D, chains * draws]."""
        return np.asarray(self.z.reshape(-1, self.z.shape[-1]).T)


def sample_posterior(
    study: Study, history: History, readings: Readings, chains: int | None = None, draws: int | None = None
) -> Posterior:
    """The study's worlds after a history. Raises `UsageError` where packages are missing, or where nothing or no gradient is to be had."""
    likelihood = likelihood_of(study, history)
    if not likelihood.draws.names:
        raise UsageError("no number of the scenario is uncertain: there is nothing to draw [L5]")
    is_together = likelihood.is_solved_together
    chains = chains or (CHAINS_TOGETHER if is_together else CHAINS)
    draws = draws or (DRAWS_TOGETHER if is_together else DRAWS)
    starts = _starts(study, likelihood, readings.of[history].likelihood, chains)
    found = run_chains(likelihood.softened, starts, draws, study.seed)
    _refuse_far(likelihood.draws, found.z)
    reread, turned = _reread(study, history, worlds_at(study, likelihood, found.flat))
    corrected = np.asarray(likelihood.correction(found.flat))
    weight = np.where(reread.is_counted & (reread.of[history].likelihood > 0), corrected, 0.0)
    went = Went(
        likelihood.way, likelihood.gradient, found.diverged, int((~reread.is_counted).sum()), turned, chains, draws
    )
    table, sizes = _diagnose(found, reread.numbers, chains, draws)
    hat, size = table["hat"], table["size"] * effective_size(weight) / len(weight)
    is_sound = hat <= MOST_HAT and size >= min(LEAST_SIZE, chains * draws / 2) and found.diverged == 0
    return Posterior(
        sampler="nuts",
        numbers=reread.numbers,
        weight=weight / weight.sum(),
        reading=reread.of[history],
        diagnostics=_table(sizes, went, hat, size),
        verdict=_verdict(went, hat, size, is_sound),
        is_sound=is_sound,
        manifest={
            "chains": chains,
            "draws": draws,
            "gradient": likelihood.gradient,
            "divergences": found.diverged,
            "draws_failed": went.failed,
            "draws_folded": turned,
            "r_hat": hat,
            "effective_worlds": size,
        },
        inefficiency=max(chains * draws / size, 1.0),
    )


@dataclass(frozen=True)
class Went:
    """How drawing went."""

    way: Any  # how the game was solved
    gradient: str  # how slopes were taken
    diverged: int
    failed: int  # draws without an answer
    folded: int  # draws whose branch turns back on its way
    chains: int
    draws: int


def _verdict(went: Went, hat: float, size: float, is_sound: bool) -> str:
    said = f"{went.chains} chains of {went.draws} draws, R-hat at most {hat:.3f}, effective sizes from {size:,.0f}, {went.diverged} divergences"
    if went.failed:
        said += f", {went.failed} draws without an answer"
    if went.folded:
        said += f", {went.folded} draws where the branch of equilibria folds"
    if not is_sound:
        said += (
            f": not yet to be trusted (R-hat up to {MOST_HAT}, sizes from {LEAST_SIZE} and no divergence are wanted)"
        )
    return said


def _reread(study: Study, history: History, worlds: Worlds) -> tuple[Readings, int]:
    """What the game gives in drawn worlds, and in how many of them the branch folds."""

    def folded(_solver: Solver, chunk: Chunk) -> int:
        return 0 if chunk.sweep.turns is None else int((chunk.sweep.turns[0] > 0).sum())

    readings = read(study, [history], worlds, also=folded)
    return readings, sum(readings.others)


def _refuse_far(draws: Any, z: Floats) -> None:
    """Raise `UsageError` where draws leave the grid on which numbers are known."""
    from stratagem.solve.draws_jax import FARTHEST  # noqa: PLC0415

    far = np.abs(z).max(axis=(0, 1))
    if far.max() > FARTHEST:
        raise UsageError(
            f"what was seen puts `{draws.names[int(far.argmax())]}` over {FARTHEST:.0f} standard deviations from where the scenario has it: "
            "its range and what was seen contradict each other; widen the range [L5]"
        )


def likelihood_of(study: Study, history: History) -> Any:
    """The log-likelihood of a history as a function of latent normals."""
    try:
        from stratagem.solve.likelihood_jax import Likelihood, Setting  # noqa: PLC0415
    except ImportError:
        raise UsageError(EXTRA) from None
    setting = Setting(study.precision, study.perceptions, study.fixed, study.seed)
    return Likelihood(study.game, study.scenario, history, setting)


def run_chains(
    likelihood: Callable[[Array], Array], starts: Floats, draws: int, seed: int, accepted: float = ACCEPTED
) -> Chains:
    """Draws from the standard normal times the likelihood, from starting points [chains, D]."""
    try:
        import jax  # noqa: PLC0415
        from numpyro.infer import MCMC, NUTS  # noqa: PLC0415
    except ImportError:
        raise UsageError(EXTRA) from None
    kernel = NUTS(potential_fn=_potential(likelihood), target_accept_prob=accepted)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mcmc = MCMC(
            kernel,
            num_warmup=draws,
            num_samples=draws,
            num_chains=len(starts),
            chain_method="vectorized",
            progress_bar=False,
        )
        mcmc.run(
            jax.random.PRNGKey(seed),
            init_params=jax.numpy.asarray(starts if len(starts) > 1 else starts[0]),
            extra_fields=("diverging",),
        )
    z = np.asarray(mcmc.get_samples(group_by_chain=True))
    return Chains(z, int(np.asarray(mcmc.get_extra_fields()["diverging"]).sum()))


def _potential(likelihood: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """Minus the log density; where a slope has no value it counts as none, which leaves the draws right and only the steps less apt."""
    import jax  # noqa: PLC0415
    import jax.numpy as jnp  # noqa: PLC0415

    def plain(z: Array) -> Array:
        return (z**2).sum() / 2 - likelihood(z[:, None])[0]

    @jax.custom_vjp
    def potential(z: Array) -> Array:
        return plain(z)

    def there(z: Array) -> tuple[Array, Array]:
        value, slope = jax.value_and_grad(plain)(z)
        return value, jnp.where(jnp.isfinite(slope), slope, 0.0)

    def back(slope: Array, by_value: Array) -> tuple[Array]:
        return (slope * by_value,)

    potential.defvjp(there, back)
    return potential


def _starts(study: Study, likelihood: Any, weight: Floats, chains: int) -> Floats:
    """[chains, D] points of the prior's worlds, drawn by how likely the history is in them."""
    index = np.arange(len(weight), dtype=np.int64)
    z = np.array([normal_quantile(uniforms(study.seed, name, index)) for name in likelihood.draws.names])
    here = np.flatnonzero(weight > 0)
    random = np.random.default_rng(study.seed)
    likely = random.choice(here, TRIED, p=weight[here] / weight[here].sum()) if len(here) else here
    found: list[int] = []
    for some in np.split(likely, range(TOGETHER, len(likely), TOGETHER)):
        if len(some) and len(found) < chains:
            found += some[np.isfinite(np.asarray(likelihood(z[:, some])))].tolist()
    if not found:
        raise UsageError(
            "no drawn world lets the history happen, so that there is nowhere to start from; use more `--worlds`"
        )
    return np.asarray(z[:, np.resize(found, chains)].T)


def worlds_at(study: Study, likelihood: Any, z: Floats) -> Worlds:
    """The worlds at latent normals [D, W]."""
    import jax  # noqa: PLC0415

    numbers, weights, normals = jax.tree.map(np.asarray, likelihood.drawn(z))
    return stated(study.scenario, numbers, weights, study.perceptions, normals)


def _diagnose(
    found: Chains, numbers: dict[str, Floats], chains: int, draws: int
) -> tuple[dict[str, float], dict[str, tuple[float, float]]]:
    """The worst R-hat and the least effective size, and both by number."""
    from numpyro.diagnostics import effective_sample_size, split_gelman_rubin  # noqa: PLC0415

    sizes: dict[str, tuple[float, float]] = {}
    for name, values in numbers.items():
        if np.ptp(values) > 0:
            table = values.reshape(chains, draws)
            sizes[name] = float(split_gelman_rubin(table)), float(effective_sample_size(table))
    hats = [hat for hat, _ in sizes.values()]
    least = min(size for _, size in sizes.values())
    return {"hat": max(hats), "size": min(least, found.z.shape[0] * found.z.shape[1])}, sizes


def _table(sizes: dict[str, tuple[float, float]], went: Went, hat: float, size: float) -> Table:
    columns = (Column("measure", "measure"), Column("value", "value", "size"), Column("meaning", ""))
    rows: list[tuple[Cell, ...]] = [
        ("R-hat, worst", hat, f"chains agree up to {MOST_HAT}"),
        ("effective size, least", size, f"of {went.chains * went.draws:,} draws; from {LEAST_SIZE} it is enough"),
        ("divergences", went.diverged, "steps that went wrong"),
        ("gradient", went.gradient, "of the likelihood"),
        ("draws without an answer", went.failed, "left out"),
    ]
    if hasattr(went.way, "solved"):
        rows += [
            ("worlds solved on the way", went.way.solved, f"{went.way.failed} without an answer: counted as ruled out"),
            (
                "draws on a folded branch",
                went.folded,
                "near folds the likelihood may jump; R-hat tells whether chains cross",
            ),
        ]
    worst = sorted(sizes, key=lambda name: sizes[name][1])[:3]
    rows += [(f"effective size of {name}", sizes[name][1], f"R-hat {sizes[name][0]:.3f}") for name in worst]
    return Table("diagnostics", "Can the draws be trusted?", columns, tuple(rows))
