"""Drawing worlds anew where weights collapse: closed forms, diagnostics, and clear words where it cannot be done."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from crises import text_of

from stratagem.analyse.infer import condition, infer
from stratagem.analyse.study import Study
from stratagem.catalogue import Case, load
from stratagem.errors import UsageError

# A hundred and fifty heads of a coin that is rarely over a tenth: no drawn world comes near the posterior, Beta(152, 60).
COIN = """
quantities: {known to all: {bias: "beta(2, 60)"}}
timeline:
  - {rounds: 150, moves: [{chance: toss, outcomes: {head: bias, tail: rest}}]}
"""
HEADS = tuple(f"toss[{turn}]=head" for turn in range(1, 151))


def study(text: str, **options: object) -> Study:
    return Study(Case("crisis", "crisis.yaml", text_of(text)), **{"worlds": 512, **options})  # type: ignore[arg-type]


def test_where_weights_collapse_the_sampler_takes_over_and_finds_the_posterior() -> None:
    pytest.importorskip("numpyro", reason="NumPyro draws")
    _, posterior = condition(study(COIN, history=HEADS), "auto", 500)
    assert posterior.sampler == "nuts"
    values, weight = posterior.numbers["bias"], posterior.weight
    assert weight @ values == pytest.approx(152 / 212, abs=0.006)
    spread = np.sqrt(weight @ (values - weight @ values) ** 2)
    assert spread == pytest.approx(np.sqrt(152 * 60 / 212**2 / 213), rel=0.15)
    measures = {str(row[0]): row[1] for row in posterior.diagnostics.rows}
    assert measures["divergences"] == 0
    assert measures["R-hat, worst"] < 1.02  # type: ignore[operator]


def test_the_finding_shows_how_the_draws_went() -> None:
    pytest.importorskip("numpyro", reason="NumPyro draws")
    found = infer(study(COIN.replace("150", "10"), history=HEADS[:10]), "nuts", 100)
    assert {"chains", "draws", "divergences", "r_hat", "effective_worlds"} <= set(found.manifest)
    assert "4 chains of 100 draws, R-hat at most" in found.judgements[0]


def test_without_the_packages_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "stratagem.solve.likelihood_jax", None)
    with pytest.raises(UsageError, match=r'pip install "stratagem\[bayes\]"'):
        infer(study(COIN, history=HEADS), "nuts")


def test_best_reply_cannot_be_drawn_and_says_so() -> None:
    pytest.importorskip("numpyro", reason="NumPyro draws")
    with pytest.raises(UsageError, match="needs a finite `precision`"):
        infer(Study(load("cuban-missile-crisis"), worlds=64, history=(first_move(),)), "nuts")


def test_where_neither_will_do_the_weights_stand_with_the_reason() -> None:
    """At best reply, in worlds in which next to none allows what was seen."""
    pytest.importorskip("numpyro", reason="NumPyro draws")
    text = COIN.replace(
        "toss, outcomes: {head: bias, tail: rest}}]}",
        "toss, outcomes: {head: bias, tail: rest}}]}\n  - {move: act, player: p, actions: {go: , stay: }}",
    )
    found = infer(study(text, history=HEADS))
    assert found.manifest["sampler"] == "weights"
    assert "the weights have collapsed" in found.judgements[0]
    assert "at best reply the likelihood has no gradient" in found.judgements[0]


def first_move() -> str:
    step = Study(load("cuban-missile-crisis")).game.steps[0]
    return f"{step.label}={step.options[0]}"


def test_a_scenario_without_uncertain_numbers_has_nothing_to_draw() -> None:
    pytest.importorskip("numpyro", reason="NumPyro draws")
    with pytest.raises(UsageError, match="nothing to draw"):
        infer(study(COIN.replace('"beta(2, 60)"', "0.5"), history=HEADS[:2]), "nuts")
