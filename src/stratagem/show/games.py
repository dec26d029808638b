"""The answer to a game file, as JSON and as a table."""

from __future__ import annotations

import math
from typing import Any

from rich.console import Console
from rich.table import Table

from stratagem.exchange.answer import GameAnswer, Profile
from stratagem.show.as_json import dump
from stratagem.show.numbers import clean

SCHEMA = "stratagem/game/1"
BEST = "best"


def game_json(answer: GameAnswer) -> str:
    """The text of an answer."""
    data = {
        "schema": SCHEMA,
        "title": answer.title,
        **_profile(answer.profile),
        "status": answer.status,
        "precision": BEST if math.isinf(answer.precision) else answer.precision,
        "other_equilibria": [_profile(one) for one in answer.others],
    }
    return dump(data)


def _profile(profile: Profile) -> dict[str, Any]:
    return {
        "infosets": [
            {
                "player": one.player,
                "number": one.number,
                "label": one.label,
                "actions": [{"action": name, "probability": chance} for name, chance in one.actions],
            }
            for one in profile.infosets
        ],
        "payoffs": dict(profile.payoffs),
        "residual": profile.residual,
    }


def show_game(console: Console, answer: GameAnswer) -> None:
    """Print an answer: what each player does at each information set, what each expects, and how it was found."""
    level = (
        "best replies (the limit of the branch)" if math.isinf(answer.precision) else f"precision {answer.precision:g}"
    )
    console.print(clean(f"{answer.title or 'A game'}: {level}"))
    for number, profile in enumerate((answer.profile, *answer.others)):
        if number:
            console.print(f"\nAnother equilibrium, {number} of {len(answer.others)}")
        console.print(_table(profile))
        expected = ", ".join(f"{name} {value:.6g}" for name, value in profile.payoffs.items())
        console.print(clean(f"Payoffs: {expected}. Residual {profile.residual:.1e}."))
    console.print(f"Status: {answer.status}.")


def _table(profile: Profile) -> Table:
    table = Table("player", "information set", "action", box=None, pad_edge=False)
    table.add_column("probability", justify="right")
    for one in profile.infosets:
        for place, (name, chance) in enumerate(one.actions):
            named = f"{one.number} {one.label}".strip()
            first = (one.player, named) if place == 0 else ("", "")
            table.add_row(*map(clean, (*first, name)), f"{chance:.6f}")
    return table
