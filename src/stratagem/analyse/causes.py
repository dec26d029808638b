"""Which causes of war this edition can express, and which of them a scenario uses.

The causes are those of Fearon (1995, International Organization 49:379) and Powell (2006, International Organization 60:169), with
domestic politics and misperception beside them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stratagem.scenario.model import Rounds, Scenario


@dataclass(frozen=True)
class Cause:
    """A cause of war: whether a scenario can state it, how, and what this one has of it."""

    name: str
    can: str  # `yes` or `in part`
    how: str
    here: str


def causes(scenario: Scenario) -> Iterator[Cause]:
    """Every cause, with what the scenario has of it."""
    rounds = [one for one in scenario.timeline if isinstance(one, Rounds)]
    options = [option for item in scenario.moves.values() for option in item.options.values()]
    delayed = sum(len(option.later) for option in options)
    hidden = [name for who, name, _ in scenario.known_quantities() if who != "all"]
    views = (*scenario.perceptions.items(), *scenario.mistakes.items())
    perceived = [f"{who}.{name}" for who, by in views for name in by]
    yield Cause(
        "Private information, and reasons to bluff", "yes",
        "Numbers, weights and stocks that only some know, and moves that some see late, coarsely or never; who sees a move infers from it, and may be bluffed.",
        f"{len(hidden)} numbers are not known to all in the file" if hidden else "every number is known to all",
    )  # fmt: skip
    yield Cause(
        "Commitment problems and closing windows", "yes",
        "Rounds, dates, delayed effects and forces under way let strength and options change while players look ahead.",
        f"{sum(one.rounds for one in rounds)} rounds, {delayed} delayed effects" if rounds or delayed else "no rounds and no delays",
    )  # fmt: skip
    yield Cause(
        "Indivisible stakes", "yes",
        "A stake moves by what actions state; nothing divides it unless an action does.",
        f"{len(scenario.stakes)} stakes" if scenario.stakes else "payoffs are stated without stakes",
    )  # fmt: skip
    yield Cause(
        "Domestic politics", "in part",
        "As stakes that a leader weighs, such as office or the safety of a regime; there is no game inside a state.",
        f"{len(scenario.players)} players, each one chooser",
    )  # fmt: skip
    yield Cause(
        "Misperception", "in part",
        "A player may hold a number to be other than it is, which the others know, or be mistaken about another; mistakes do not nest.",
        ", ".join(perceived) if perceived else "no perceptions and no mistakes are stated",
    )  # fmt: skip
    yield Cause(
        "Attitudes to risk and loss", "yes",
        "Risk aversion, loss aversion and discounting, each of which may be uncertain.",
        ", ".join(name for name, one in scenario.players.items() if one.risk_aversion or one.loss_aversion) or "nobody has one",
    )  # fmt: skip
