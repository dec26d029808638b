"""The analyses of a scenario for Python and notebooks: each returns a finding that prints as text and shows as HTML with its figures.

Each takes a scenario by name, by path or as a `Case`, the decision as `move` or `move[2]`, and what `Study` takes: `worlds`, `seed`,
`perceptions`, `without`, `taken_as_known`, `history`. Each raises `StratagemError`; its text says what to put right.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stratagem.analyse import discover as _discover
from stratagem.analyse import flips as _flips
from stratagem.analyse import learn as _learn
from stratagem.analyse import options as _options
from stratagem.analyse import sensitivity as _sensitivity
from stratagem.analyse import shift as _shift
from stratagem.analyse.finding import Finding
from stratagem.analyse.study import Study
from stratagem.catalogue import Case, load
from stratagem.show.notebook import ShownFinding

Source = Case | str | Path


def _study(scenario: Source, options: dict[str, Any]) -> Study:
    return Study(scenario if isinstance(scenario, Case) else load(scenario), **options)


def _shown(study: Study, finding: Finding) -> ShownFinding:
    return ShownFinding.of(finding, {name: one.title for name, one in _learn.numbers_of(study.scenario).items()})


def shift(scenario: Source, do: str, decision: str, way: str = "surprise", **options: Any) -> ShownFinding:
    """How the event `do`, a `move=action`, moves a decision, and why; `way` is `surprise`, `announced`, `given` or `as if chosen`."""
    study = _study(scenario, options)
    return _shown(study, _shift.shift(study, do, decision, way))


def flips(scenario: Source, decision: str, **options: Any) -> ShownFinding:
    """What would flip a decision: thresholds, a map, the nearest flips."""
    study = _study(scenario, options)
    return _shown(study, _flips.flips(study, decision))


def discover(scenario: Source, decision: str, option: str | None = None, **options: Any) -> ShownFinding:
    """In which worlds an option is taken, the likeliest by default."""
    study = _study(scenario, options)
    return _shown(study, _discover.discover(study, decision, option))


def sensitivity(scenario: Source, decision: str, option: str | None = None, **options: Any) -> ShownFinding:
    """Which numbers the payoff gap and the chance of an option hang on."""
    study = _study(scenario, options)
    return _shown(study, _sensitivity.sensitivity(study, decision, option))


def learn(scenario: Source, decision: str, **options: Any) -> ShownFinding:
    """Which number to learn next: what would sharpen each question, and what it is worth to who decides."""
    study = _study(scenario, options)
    return _shown(study, _learn.learn(study, decision))


def options(scenario: Source, decision: str, reference: float = 0.0, **options: Any) -> ShownFinding:
    """The options of a decision side by side: mean, spread, risk, regret, dominance.

    >>> options("signorino-deterrence", "reply", worlds=10).kind
    'options'
    """
    study = _study(scenario, options)
    return _shown(study, _options.options(study, decision, reference))
