"""What is measured: cases, each a subject in a phase, and the results they give."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass

from benches import all_cores

PHASES = ("read", "compile", "solve", "analyse", "show", "start", "memory", "limit", "peers")


@dataclass(frozen=True)
class Effort:
    """How long to measure."""

    repeats: int = 7
    seconds: float = 0.5  # at least, each
    is_quick: bool = False
    is_full: bool = False


@dataclass(frozen=True)
class Result:
    """One number: the median of several, with the lowest and the highest."""

    subject: str
    phase: str
    what: str
    value: float
    unit: str
    low: float | None = None
    high: float | None = None
    target: str = ""  # such as `< 0.5`
    note: str = ""

    @property
    def is_met(self) -> bool | None:
        """Whether the target is met; None without one."""
        if not self.target:
            return None
        sign, limit = self.target.split()
        return self.value < float(limit) if sign == "<" else self.value >= float(limit)


Run = Callable[[Effort], Iterator[Result]]


@dataclass(frozen=True)
class Case:
    """A subject in a phase."""

    subject: str
    phase: str
    run: Run
    is_quick: bool = True  # part of a quick run
    is_spread: bool = False  # over all cores

    def results(self, effort: Effort) -> Iterator[Result]:
        """What it gives, measured on one core unless it is spread."""
        with all_cores() if self.is_spread else nullcontext():
            yield from self.run(effort)


CASES: list[Case] = []


def case(subject: str, phase: str, is_quick: bool = True, is_spread: bool = False) -> Callable[[Run], Run]:
    """Register what measures a subject in a phase."""

    def register(run: Run) -> Run:
        CASES.append(Case(subject, phase, run, is_quick, is_spread))
        return run

    return register


def chosen(subjects: tuple[str, ...], phases: tuple[str, ...], is_quick: bool) -> list[Case]:
    """The cases of these subjects and phases; all where none are named.

    Spread ones come first: once JAX is loaded, work stays in one process.
    """
    fit = [
        one
        for one in CASES
        if (not subjects or any(one.subject.startswith(name) for name in subjects))
        and (not phases or one.phase in phases)
        and (one.is_quick or not is_quick)
    ]
    return sorted(fit, key=lambda one: not one.is_spread)
