"""Who decides and what they want, who else is named, and who stands together (L11, L12)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from stratagem.errors import nearest
from stratagem.scenario.estimate import Amount, Estimate
from stratagem.scenario.formula import Formula, stated_fault
from stratagem.scenario.part import Id, Sourced, Text, bare, is_id

OWN_KEYS = ("swings", "dirichlet", "order", "known to", "types", "source", "assumption")


def _is_stake(key: str, value: Any) -> bool:
    """Whether an entry of weights is a stake's: neither a key of their own nor a misspelt one that holds no number."""
    is_number = not isinstance(value, dict | list) or "choice" in value
    return key not in OWN_KEYS and is_id(key) and (is_number or nearest(key, OWN_KEYS) is None)


class Weights(Sourced):
    """What stakes are worth to a player, in one of three forms (L11)."""

    exact: dict[Id, Amount] | None = None
    swings: dict[Id, Estimate] | None = None
    dirichlet: dict[Id, Annotated[float, Field(gt=0, le=1e6)]] | None = None
    order: list[Text] = []
    known_to: Text | None = None
    types: Annotated[int, Field(ge=2, le=99)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, value: Any) -> Any:
        """Stakes with numbers go under `exact`; what can be no stake stays, to be refused as an unknown key."""
        if not isinstance(value, dict):
            return value
        exact = {key: inner for key, inner in value.items() if _is_stake(key, inner)}
        rest = {key: inner for key, inner in value.items() if key not in exact}
        return {**rest, "exact": exact} if exact else rest

    @model_validator(mode="after")
    def _one_form(self) -> Weights:
        if sum(form is not None for form in (self.exact, self.swings, self.dirichlet)) != 1:
            raise stated_fault("weights in no one form", "stakes with numbers, or `swings`, or `dirichlet`", "L11")
        if self.order and self.dirichlet is None:
            raise stated_fault("an `order` without `dirichlet`", "`dirichlet` weights to put in order", "L11")
        return self

    @property
    def stakes(self) -> tuple[str, ...]:
        """The stakes that are weighed."""
        return tuple(self.exact or self.swings or self.dirichlet or ())

    @property
    def is_uncertain(self) -> bool:
        """Whether the weights differ by world of themselves."""
        if self.dirichlet is not None:
            return len(self.dirichlet) > 1
        if self.swings is not None:
            return any(not swing.is_exact for swing in self.swings.values())
        return any(a.estimate is not None and not a.estimate.is_exact for a in (self.exact or {}).values())


class Player(Sourced):
    """Who decides, and what they want (L11)."""

    _bare = bare("name")
    name: Text
    role: Text | None = None
    weights: Weights | None = None
    payoffs: dict[Id, Formula] | None = None
    precision: Amount | None = None
    errors: Amount | None = None
    range: Annotated[float, Field(gt=0)] | None = None
    risk_aversion: Amount | None = None
    loss_aversion: Amount | None = None
    discount: Amount | None = None

    @model_validator(mode="before")
    @classmethod
    def _best(cls, value: Any) -> Any:
        return {**value, "precision": None} if isinstance(value, dict) and value.get("precision") == "best" else value

    @model_validator(mode="after")
    def _one_of_two(self) -> Player:
        if self.weights is not None and self.payoffs is not None:
            raise stated_fault("both `weights` and `payoffs`", "one of them", "L11")
        if self.errors is not None and self.precision is not None:
            raise stated_fault("both `precision` and `errors`", "one of them", "L11")
        if self.errors is not None and self.weights is None and self.range is None:
            raise stated_fault("`errors` for raw payoffs without `range`", "`range: NUMBER`, the payoff range", "L11")
        return self

    @property
    def is_raw(self) -> bool:
        """Whether actions state this player's payoffs directly."""
        return self.weights is None and self.payoffs is None


class Actor(Sourced):
    """Who is named but is no player (L12)."""

    name: Text
    speaks_for: Id | None = None
    part_of: Id | None = None
    not_modelled: Text | None = None

    @model_validator(mode="after")
    def _one_role(self) -> Actor:
        if sum(role is not None for role in (self.speaks_for, self.part_of, self.not_modelled)) != 1:
            raise stated_fault(
                "an actor without one role", "exactly one of `speaks for`, `part of`, `not modelled`", "L12"
            )
        return self


class Alliance(Sourced):
    """A named group with a leader (L12)."""

    name: Text
    leader: Id | None = None
    members: list[Id] = []
    acts_on: Text | None = None
