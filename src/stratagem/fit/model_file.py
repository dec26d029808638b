"""A model file to a `Model`: every part read, every fault of the file collected with its place.

Takes text; gives the model as it is written. Knows no data and no arrays. Its rules (F1 to F8) are in docs/fitting.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stratagem.errors import Fault, ScenarioError, StratagemError, described, near, one_of, quote
from stratagem.fit.formula_text import FormulaFault, columns_in
from stratagem.fit.model import (
    SIGNALLING_OUTCOMES,
    SIGNALLING_PAYOFFS,
    Errors,
    Model,
    Move,
    Response,
    Term,
)
from stratagem.scenario.text import Document, TextFault, read_text
from stratagem.scenario.text import Path as Place

KINDS = ("tree", "ultimatum", "signalling")
MAX_BYTES, MAX_MOVES = 1 << 20, 200

_NAME = re.compile(r"[^\W\d][\w .'-]{0,59}\Z")
_COMMON = ("fit", "kind", "source", "rows", "cluster", "response")
_KEYS: dict[str, tuple[str, ...]] = {
    "tree": (*_COMMON, "players", "tree", "payoffs", "errors"),
    "ultimatum": (*_COMMON, "reservation", "scale"),
    "signalling": (*_COMMON, "payoffs", "equilibrium"),
}


def load_model(path: str | Path) -> Model:
    """The model in a file. Raises `StratagemError`, every fault with its line and column."""
    file = Path(path)
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise StratagemError(f"cannot read {quote(path, 200)}: {error.strerror}") from None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise StratagemError(f"{file}: byte {error.start + 1} is not UTF-8; save the file as UTF-8") from None
    return parse_model(text, str(path))


def parse_model(text: str, file: str = "model.yaml") -> Model:
    """The model that `text` states. Raises `ScenarioError` with its faults."""
    try:
        document = read_text(text)
    except TextFault as fault:
        raise ScenarioError(file, fault.faults) from None
    reader = _Reader(file, document)
    model = reader.model()
    if reader.faults or model is None:
        raise ScenarioError(file, reader.faults)
    return model


class _Reader:
    """Goes through a document, collecting faults; a part with a fault is read as if it were left out."""

    def __init__(self, file: str, document: Document) -> None:
        self.file = file
        self.document = document
        self.faults: list[Fault] = list(document.faults)

    def refuse(
        self, place: Place, found: str, expected: str, rule: str, at_key: bool = False, offset: int | None = None
    ) -> None:
        self.faults.append(Fault(*self.document.position(place, offset, at_key), found, expected, rule))

    def mapping(self, value: Any, place: Place, rule: str, known: tuple[str, ...] | None = None) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.refuse(place, described(value), "a mapping `name: value`", rule)
            return {}
        if known is not None:
            for key in value:
                if key not in known:
                    self.refuse(
                        (*place, key), f"the key {quote(key)}{near(key, known)}", f"one of {one_of(known)}", rule, True
                    )
        return {key: one for key, one in value.items() if known is None or key in known}

    def name(self, value: Any, place: Place, rule: str, at_key: bool = False) -> str:
        if not isinstance(value, str) or not _NAME.match(value):
            self.refuse(
                place, described(value), "a name: a letter, then letters, digits, spaces or . ' - _", rule, at_key
            )
            return "?"
        return value

    def text(self, value: Any, place: Place, rule: str) -> str | None:
        if value is None or isinstance(value, str):
            return value
        self.refuse(place, described(value), "text", rule)
        return None

    def column(self, value: Any, place: Place, rule: str) -> str | None:
        if value is None or (isinstance(value, str) and value):
            return value
        self.refuse(place, described(value), "the name of a column", rule)
        return None

    def number(self, value: Any, place: Place, rule: str, is_positive: bool = False) -> float | None:
        if isinstance(value, bool) or not isinstance(value, int | float) or (is_positive and not 0 < value < 1e6):
            self.refuse(place, described(value), "a positive number" if is_positive else "a number", rule)
            return None
        return float(value)

    # --- the parts -----------------------------------------------------------------------------------------------

    def model(self) -> Model | None:
        data = self.document.data
        if not isinstance(data, dict):
            self.refuse((), described(data), "a model file: `fit: title`, then its parts", "F1")
            return None
        kind = data.get("kind", "tree")
        if kind not in KINDS:
            self.refuse(("kind",), described(kind), f"one of {one_of(KINDS)}", "F1")
            return None
        self.mapping(data, (), "F1", _KEYS[kind])
        for key in {"tree": ("fit", "players", "tree", "payoffs", "response")}.get(kind, ("fit", "response")):
            if key not in data:
                self.refuse((), f"no {quote(key)}", f"add `{key}:`", "F1")
        if self.faults:
            return None
        read = {"tree": self._tree_model, "ultimatum": self._ultimatum, "signalling": self._signalling}[kind]
        parts = read(data)
        return Model(
            file=self.file,
            title=self.text(data["fit"], ("fit",), "F1") or "untitled",
            kind=kind,
            rows=self._rows(data.get("rows", [])),
            cluster=self.column(data.get("cluster"), ("cluster",), "F1"),
            source=self.text(data.get("source"), ("source",), "F1"),
            document=self.document,
            **parts,
        )

    def _rows(self, value: Any) -> tuple[str, ...]:
        listed = value if isinstance(value, list) else [value]
        if all(isinstance(one, str) for one in listed):
            return tuple(listed)
        self.refuse(("rows",), described(value), "a condition such as `year >= 1850`, or a list of them", "F8")
        return ()

    def _tree_model(self, data: dict[str, Any]) -> dict[str, Any]:
        players = self._players(data["players"])
        moves = self._moves(data["tree"], players)
        names = {move.name for move in moves}
        outcomes = tuple(dict.fromkeys(one for move in moves for one in move.leads_to if one not in names))
        return {
            "players": players,
            "moves": moves,
            "payoffs": self._payoffs(data["payoffs"], players, outcomes),
            "errors": self._errors(data.get("errors", {}), players, moves),
            "response": self._tree_response(data["response"], moves, outcomes),
            "equilibrium": "traced",
        }

    def _players(self, value: Any) -> tuple[str, ...]:
        listed = list(value) if isinstance(value, list | dict) else [value]
        names = tuple(self.name(one, ("players", at), "F2") for at, one in enumerate(listed))
        for at, one in enumerate(names):
            if one in names[:at]:
                self.refuse(("players", at), f"the player {quote(one)} twice", "once", "F2")
        return names

    def _moves(self, value: Any, players: tuple[str, ...]) -> tuple[Move, ...]:
        stated = self.mapping(value, ("tree",), "F2")
        if not stated or len(stated) > MAX_MOVES:
            self.refuse(("tree",), f"{len(stated)} moves", f"between 1 and {MAX_MOVES} moves", "F2")
            return ()
        moves = {
            self.name(name, ("tree", name), "F2", True): self._move(name, one, players) for name, one in stated.items()
        }
        return self._in_order(moves)

    def _move(self, name: str, value: Any, players: tuple[str, ...]) -> Move:
        place: Place = ("tree", name)
        body = self.mapping(value, place, "F2", ("player", "actions", "chance"))
        if "chance" in body:
            return self._chance(name, body["chance"], (*place, "chance"))
        player = body.get("player")
        if player not in players:
            found = "no player" if player is None else f"the player {quote(player)}{near(str(player), players)}"
            self.refuse((*place, "player"), found, f"one of {one_of(players)}", "F2")
        actions = self.mapping(body.get("actions"), (*place, "actions"), "F2")
        if len(actions) < 2:
            self.refuse(
                (*place, "actions"), f"{len(actions)} actions", "at least two, each with what it leads to", "F2"
            )
        targets = tuple(self.name(one, (*place, "actions", key), "F2") for key, one in actions.items())
        return Move(name, player, tuple(actions), targets)

    def _chance(self, name: str, value: Any, place: Place) -> Move:
        branches = self.mapping(value, place, "F2")
        targets, chances = [], []
        for key, one in branches.items():
            branch = self.mapping(one, (*place, key), "F2", ("probability", "then"))
            targets.append(self.name(branch.get("then"), (*place, key, "then"), "F2"))
            chance = self.number(branch.get("probability"), (*place, key, "probability"), "F2", is_positive=True)
            chances.append(chance or 1.0)
        if abs(sum(chances) - 1) > 1e-9:
            self.refuse(place, f"probabilities that sum to {sum(chances):g}", "probabilities that sum to 1", "F2")
        return Move(name, None, tuple(branches), tuple(targets), tuple(chances))

    def _in_order(self, moves: dict[str, Move]) -> tuple[Move, ...]:
        """The moves, parents before children. Faults for what is reached twice or never."""
        root = next(iter(moves))
        parents: dict[str, str] = {}
        for move in moves.values():
            for action, target in zip(move.actions, move.leads_to, strict=False):
                if target not in moves:
                    continue
                if target == root or target in parents:
                    first = f"after {parents[target]}" if target in parents else "first"
                    place: Place = ("tree", move.name, "actions", action)
                    self.refuse(
                        place, f"the move {quote(target)}, which already comes {first}", "a move of its own", "F2"
                    )
                parents.setdefault(target, move.name)
        ordered = [root]
        for name in ordered:
            ordered += [one for one in moves[name].leads_to if parents.get(one) == name and one not in ordered]
        for name in moves:
            if name not in ordered:
                self.refuse(
                    ("tree", name),
                    f"the move {quote(name)}, to which nothing leads",
                    "an action that leads to it",
                    "F2",
                    True,
                )
        return tuple(moves[name] for name in ordered)

    def _payoffs(self, value: Any, players: tuple[str, ...], outcomes: tuple[str, ...]) -> dict[tuple[str, str], Term]:
        stated = self.mapping(value, ("payoffs",), "F3", players)
        found = {}
        for player, body in stated.items():
            for outcome, one in self.mapping(body, ("payoffs", player), "F3", outcomes).items():
                found[player, outcome] = self.term(one, ("payoffs", player, outcome), f"{player}.{outcome}")
        return found

    def term(self, value: Any, place: Place, name: str) -> Term:
        """A payoff: `0`, `1` (a constant), a formula, `{fixed: number}`, or a mapping with both and what is shared."""
        body = value if isinstance(value, dict) else {"formula": value}
        self.mapping(body, place, "F3", ("formula", "fixed", "shared"))
        at: Place = (*place, "formula") if isinstance(value, dict) else place
        fixed = self.number(body.get("fixed", 0), (*place, "fixed"), "F3") or 0.0
        formula, columns = self._formula(body.get("formula", 0), at)
        shared = self.mapping(body.get("shared", {}), (*place, "shared"), "F3")
        return Term(name, formula, fixed, {key: str(one) for key, one in shared.items()}, columns, at)

    def _formula(self, value: Any, place: Place) -> tuple[str | None, frozenset[str]]:
        if value is None or value is True or value is False or isinstance(value, list | dict):
            self.refuse(place, described(value), "a formula such as `x1 + x2`, `1` or `0`", "F3")
            return None, frozenset()
        if isinstance(value, int | float):
            if value in (0, 1):
                return ("1" if value else None), frozenset()
            self.refuse(
                place,
                f"the number {value:g}",
                f"`{{fixed: {value:g}}}` for a fixed value, `1` for a constant to be estimated",
                "F3",
            )
            return None, frozenset()
        try:
            columns = columns_in(value)
        except FormulaFault as fault:
            self.refuse(place, fault.found, fault.expected, "F4", offset=fault.offset)
            return None, frozenset()
        return (None if columns is None else value), columns or frozenset()

    def _errors(self, value: Any, players: tuple[str, ...], moves: tuple[Move, ...]) -> Errors:
        body = self.mapping(value, ("errors",), "F5", ("on", "shape", "scale", "log scale"))
        on, shape = body.get("on", "actions"), body.get("shape", "probit")
        for key, one, known in (("on", on, ("actions", "payoffs")), ("shape", shape, ("probit", "logit"))):
            if one not in known:
                self.refuse(("errors", key), described(one), f"one of {one_of(known)}", "F5")
        if on == "payoffs" and shape == "logit":
            self.refuse(
                ("errors", "shape"),
                "`logit` with errors on payoffs",
                "`probit`: sums of logistic errors are not logistic",
                "F5",
            )
        if on == "payoffs":
            self._check_private(moves)
        if "scale" in body and "log scale" in body:
            self.refuse(("errors", "scale"), "a scale and a log scale", "one of them", "F5")
        return Errors(on, shape, self._scales(body, players, ("errors",)))

    def _scales(self, body: Mapping[str, Any], players: tuple[str, ...], place: Place) -> dict[str, Term]:
        """Scales by player: numbers under `scale`, formulas of the logarithm under `log scale`."""
        key = "log scale" if "log scale" in body else "scale"
        if key not in body:
            return {}
        by_player = isinstance(body[key], dict) and not {"formula", "fixed", "shared"} & set(body[key])
        if not by_player:
            one = self._scale(body[key], (*place, key), "log scale", key)
            return dict.fromkeys(players, one)
        stated = self.mapping(body[key], (*place, key), "F5", players)
        return {
            player: self._scale(one, (*place, key, player), f"{player}.log scale", key)
            for player, one in stated.items()
        }

    def _scale(self, value: Any, place: Place, name: str, key: str) -> Term:
        if key == "log scale":
            return self.term(value, place, name)
        if value == "estimated":
            return Term(name, "1", place=place)
        scale = self.number(value, place, "F5", is_positive=True)
        return Term(name, None, math.log(scale or 1.0), place=place)

    def _check_private(self, moves: tuple[Move, ...]) -> None:
        """Private shocks make a player's second move depend on what the first one revealed: not this likelihood."""
        movers: dict[str, set[str]] = {}
        for move in moves:
            above = movers.get(move.name, set())
            if move.player is not None and move.player in above:
                self.refuse(
                    ("tree", move.name, "player"),
                    f"a second move of {quote(move.player)} on one path, with private shocks to payoffs",
                    "`errors: {on: actions}`, or `kind: signalling` for the crisis-bargaining game: the first move reveals the shock",
                    "F5",
                )
            for target in move.leads_to:
                movers[target] = above | ({move.player} if move.player is not None else set())

    def _tree_response(self, value: Any, moves: tuple[Move, ...], outcomes: tuple[str, ...]) -> Response:
        body = self.mapping(value, ("response",), "F6", ("outcome", "counts", "moves", "values"))
        kinds = [key for key in ("outcome", "counts", "moves") if key in body]
        if len(kinds) != 1:
            self.refuse(
                ("response",),
                f"{len(kinds)} kinds of response",
                "one of `outcome: column`, `moves: {move: column}`, `counts: {outcome: column}`",
                "F6",
            )
            return Response()
        counts = self._columns(body.get("counts", {}), ("response", "counts"), outcomes)
        by_move = self._columns(body.get("moves", {}), ("response", "moves"), tuple(move.name for move in moves))
        for move in moves:
            if kinds == ["moves"] and move.player is not None and move.name not in by_move:
                self.refuse(
                    ("response", "moves"), f"no column for the move {quote(move.name)}", f"`{move.name}: column`", "F6"
                )
        outcome = self.column(body.get("outcome"), ("response", "outcome"), "F6")
        return Response(
            outcome, counts, by_move, self._values(body.get("values", {}), outcome, by_move, moves, outcomes)
        )

    def _columns(self, value: Any, place: Place, known: tuple[str, ...]) -> dict[str, str]:
        stated = self.mapping(value, place, "F6", known)
        found = {key: self.column(one, (*place, key), "F6") for key, one in stated.items()}
        return {key: one for key, one in found.items() if one is not None}

    def _values(
        self,
        value: Any,
        outcome: str | None,
        by_move: Mapping[str, str],
        moves: tuple[Move, ...],
        outcomes: tuple[str, ...],
    ) -> dict[str, dict[str, str]]:
        """What a cell stands for, by column. For an outcome column the mapping may be given directly."""
        stated = self.mapping(value, ("response", "values"), "F6")
        place: Place = ("response", "values")
        if outcome is not None:
            inside = stated.get(outcome) if isinstance(stated.get(outcome), dict) else stated
            at: Place = (*place, outcome) if inside is not stated else place
            return {outcome: self._cells(inside, at, outcomes)} if stated else {}
        actions = {column: next(one.actions for one in moves if one.name == move) for move, column in by_move.items()}
        body = self.mapping(stated, place, "F6", tuple(actions))
        return {column: self._cells(one, (*place, column), actions[column]) for column, one in body.items()}

    def _cells(self, value: Any, place: Place, known: tuple[str, ...]) -> dict[str, str]:
        cells = {}
        for cell, one in self.mapping(value, place, "F6").items():
            if one not in known:
                self.refuse((*place, cell), f"{described(one)}{near(str(one), known)}", f"one of {one_of(known)}", "F6")
            cells[cell] = str(one)
        return cells

    # --- the games that are no trees -----------------------------------------------------------------------------

    def _ultimatum(self, data: dict[str, Any]) -> dict[str, Any]:
        players = ("proposer", "responder")
        body = self.mapping(data["response"], ("response",), "F6", ("offer", "acceptance", "lowest", "highest"))
        offer = self.column(body.get("offer"), ("response", "offer"), "F6")
        if offer is None:
            self.refuse(("response",), "no `offer`", "`offer: column`", "F6")
        lowest = self.number(body.get("lowest", 0), ("response", "lowest"), "F6") or 0.0
        highest = self.number(body.get("highest"), ("response", "highest"), "F6")
        if highest is not None and highest <= lowest:
            self.refuse(
                ("response", "highest"), f"the highest offer {highest:g}", f"more than the lowest, {lowest:g}", "F6"
            )
        response = Response(
            offer=offer,
            acceptance=self.column(body.get("acceptance"), ("response", "acceptance"), "F6"),
            lowest=lowest,
            highest=highest or 1.0,
        )
        stated = self.mapping(data.get("reservation", {}), ("reservation",), "F7", players)
        payoffs = {
            (player, "reservation"): self.term(stated.get(player, 1), ("reservation", player), f"{player}.reservation")
            for player in players
        }
        scales = {player: Term(f"{player}.log scale", "1", place=("scale",)) for player in players}
        scales |= self._scales(data, players, ()) if "scale" in data else {}
        return {
            "players": players,
            "moves": (),
            "payoffs": payoffs,
            "errors": Errors("payoffs", "logit", scales),
            "response": response,
            "equilibrium": "traced",
        }

    def _signalling(self, data: dict[str, Any]) -> dict[str, Any]:
        stated = self.mapping(data.get("payoffs", {}), ("payoffs",), "F7", SIGNALLING_PAYOFFS)
        payoffs = {
            ("B" if name.endswith("B") else "A", name): self.term(stated.get(name, 0), ("payoffs", name), name)
            for name in SIGNALLING_PAYOFFS
        }
        equilibrium = data.get("equilibrium", "traced")
        if equilibrium not in ("traced", "constrained"):
            self.refuse(("equilibrium",), described(equilibrium), "`traced` or `constrained`", "F7")
        body = self.mapping(data["response"], ("response",), "F6", ("outcome", "counts", "values"))
        if len({"outcome", "counts"} & set(body)) != 1:
            self.refuse(
                ("response",), "no response, or two", "one of `outcome: column`, `counts: {SQ: column, …}`", "F6"
            )
        counts = self._columns(body.get("counts", {}), ("response", "counts"), SIGNALLING_OUTCOMES)
        outcome = self.column(body.get("outcome"), ("response", "outcome"), "F6")
        values = self._values(body.get("values", {}), outcome, {}, (), SIGNALLING_OUTCOMES)
        return {
            "players": ("A", "B"),
            "moves": (),
            "payoffs": payoffs,
            "errors": Errors("payoffs", "probit"),
            "response": Response(outcome, counts, {}, values),
            "equilibrium": equilibrium,
        }
