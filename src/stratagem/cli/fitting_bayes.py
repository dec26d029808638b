"""What `fit --bayes` adds to the verb `fit`: its options, its comparison, its hand-over to ArviZ."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from stratagem.cli.output import OutputFile, refuse

if TYPE_CHECKING:
    from stratagem.analyse.finding import Finding, Table
    from stratagem.fit.posterior import BayesRequest, Posterior

OF_DRAWING = ("chains", "draws", "warmup", "prior_scale", "arviz")
OF_CLIMBING = ("starts", "errors", "samples", "penalty", "strength", "choose_within", "cross_validate", "order")


def drawing_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of Bayesian fits."""
    for option in reversed(
        (
            click.option("--bayes", is_flag=True, help="Draw the posterior under stated default priors, by NUTS."),
            click.option("--chains", type=int, default=4, show_default=True, help="With --bayes: at least 2."),
            click.option(
                "--draws", type=int, default=1000, show_default=True, help="With --bayes: kept of each chain."
            ),
            click.option(
                "--warmup", type=int, default=1000, show_default=True, help="With --bayes: steps before them."
            ),
            click.option(
                "--prior-scale",
                type=float,
                default=2.5,
                show_default=True,
                help="With --bayes: standard deviation of the payoff that one of a column makes.",
            ),
            click.option(
                "--arviz",
                type=OutputFile(),
                metavar="FILE.nc",
                help="With --bayes: also write the draws for ArviZ.",
            ),
        )
    ):
        function = option(function)
    return function


def drawing_request(
    bayes: bool, seed: int, chains: int, draws: int, warmup: int, prior_scale: float, arviz: str | None
) -> BayesRequest | None:
    """What to draw; None without --bayes. Raises `UsageError` for an option of the other way to fit, or where packages are missing."""
    if not bayes:
        refuse(OF_DRAWING, "of a Bayesian fit; give `--bayes` too")
        return None
    refuse(OF_CLIMBING, "of maximum likelihood; leave it out, or `--bayes`")
    if arviz is not None:
        from stratagem.exchange.as_arviz import load_arviz

        load_arviz()
    from stratagem.fit.posterior import BayesRequest

    return BayesRequest(chains, draws, warmup, seed, prior_scale)


def drawn_finding(
    posterior: Posterior, rival: Posterior | None, arviz: str | None, further: list[Table], said: list[str]
) -> Finding:
    """The finding of a Bayesian fit, compared with a rival where there is one, and handed to ArviZ where asked."""
    from stratagem.fit.bayes_finding import bayes_finding
    from stratagem.fit.loo import compare_loo, leave_one_out
    from stratagem.fit.predictive import check

    loo = leave_one_out(posterior)
    if rival is not None:
        table, sentence = compare_loo(posterior, rival, loo, leave_one_out(rival))
        further.append(table)
        said.append(sentence)
        if not rival.has_converged:
            said.append(f"The draws of {rival.problem.model.file} are not to be trusted; fit it by itself to see why.")
    if arviz is not None:
        from stratagem.exchange.as_arviz import netcdf
        from stratagem.show.files import write_atomically

        write_atomically(arviz, netcdf(posterior))
        said.append(f"{arviz}: the draws, for ArviZ.")
    return bayes_finding(posterior, check(posterior), loo, tuple(further), tuple(said))
