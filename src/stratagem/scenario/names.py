"""What the names in formulas mean, and what type a formula has (L2, L10).

Takes a scenario's models; gives a symbol table, and for a formula its tree with words of label variables recognised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from stratagem.errors import near, one_of, quote
from stratagem.scenario.formula import COMPARISONS, MAX_DEPTH, Call, Formula, FormulaFault, Name, Number, Tree, Truth, Word, names_in
from stratagem.scenario.model import Scenario

SymbolKind = Literal["quantity", "definition", "link", "state", "move", "stock", "round"]
TypeKind = Literal["number", "truth", "label"]

NOT_YET = "none"
OFF_MAP = ("reserve", "transit", "lost")


@dataclass(frozen=True)
class Type:
    """The type of a value; a label has the words it may be."""

    kind: TypeKind
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"one of {one_of(self.words)}" if self.kind == "label" else f"a {self.kind}"


NUMBER, TRUTH = Type("number"), Type("truth")


@dataclass(frozen=True)
class Symbol:
    """A name that formulas may read."""

    kind: SymbolKind
    type: Type


class Symbols:
    """The symbol table of a scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.table: dict[str, Symbol] = {"round": Symbol("round", NUMBER)}
        for _, name, _ in scenario.known_quantities():
            self.table[name] = Symbol("quantity", NUMBER)
        for name in scenario.links:
            self.table[name] = Symbol("link", NUMBER)
        for name, variable in scenario.state.items():
            words = tuple(str(word) for word in variable.domain)
            kinds = {"flag": TRUTH, "level": NUMBER, "label": Type("label", words)}
            self.table[name] = Symbol("state", kinds[variable.kind])
        for _, item in scenario.items():
            self.table[item.id] = Symbol("move", Type("label", (NOT_YET, *item.options)))
        for name in scenario.forces:
            for place in (*scenario.theatres, *OFF_MAP):
                self.table[f"{name}.{place}"] = Symbol("stock", NUMBER)
        self._definition_types: dict[str, Type | None] = {}
        for name in scenario.definitions:
            self.table.setdefault(name, Symbol("definition", NUMBER))

    def definition_type(self, name: str) -> Type:
        """The type of a definition; a faulty one counts as a number, its fault is reported at its own place."""
        if name not in self._definition_types:
            self._definition_types[name] = NUMBER
            try:
                self._definition_types[name] = self.resolve(self.scenario.definitions[name])[1]
            except FormulaFault:
                pass
        return self._definition_types[name] or NUMBER

    def resolve(self, formula: Formula, want: Type | None = None) -> tuple[Tree, Type]:
        """The tree with its words recognised, and its type. Raises `FormulaFault` where it has no meaning."""
        return _Resolver(self).resolve(formula.tree, want)

    def tree(self, formula: Formula) -> Tree:
        """The resolved tree of a formula of a checked scenario."""
        if id(formula) not in self._trees:
            self._trees[id(formula)] = self.resolve(formula)[0]
        return self._trees[id(formula)]

    @cached_property
    def _trees(self) -> dict[int, Tree]:
        """Resolved trees by the formula's identity, those that set variables first: their words are their variable's."""
        found: dict[int, Tree] = {}
        for _, item in self.scenario.items():
            for option in item.options.values():
                for changes in (option, *option.later):
                    for name, formula in changes.set_.items():
                        found[id(formula)] = self.resolve(formula, self.table[name].type)[0]
        return found

    def reads(self, tree: Tree) -> frozenset[str]:
        """Every name a tree reads, through definitions; `ever(move == a)` reads `ever move a`."""
        found: set[str] = set()
        self._collect(tree, found)
        return frozenset(found)

    def _collect(self, tree: Tree, found: set[str]) -> None:
        if isinstance(tree, Call) and tree.function == "ever":
            found.add(ever_name(tree))
        elif isinstance(tree, Call):
            for operand in tree.operands:
                self._collect(operand, found)
        elif isinstance(tree, Name) and tree.name not in found:
            found.add(tree.name)
            if self.is_a(tree.name, "definition"):
                self._collect(self.definitions[tree.name], found)

    def is_a(self, name: str, kind: SymbolKind) -> bool:
        """Whether a name is of a kind."""
        return name in self.table and self.table[name].kind == kind

    @cached_property
    def definitions(self) -> dict[str, Tree]:
        """The resolved trees of all definitions."""
        return {name: self.resolve(formula)[0] for name, formula in self.scenario.definitions.items()}

    def tangle(self) -> tuple[str, ...] | None:
        """A cycle among definitions as a path of names, or a path over `MAX_DEPTH` long, if there is one."""
        done: set[str] = set()
        for start in self.scenario.definitions:
            trail: list[str] = []
            stack: list[tuple[str, bool]] = [(start, False)]
            while stack:
                name, is_left = stack.pop()
                if is_left:
                    trail.pop()
                    done.add(name)
                elif name in trail or len(trail) > MAX_DEPTH:
                    return (*trail[trail.index(name) if name in trail else 0 :], name)
                elif name not in done:
                    trail.append(name)
                    stack.append((name, True))
                    read = names_in(self.scenario.definitions[name].tree)
                    stack += [(one.name, False) for one in read if one.name in self.scenario.definitions]
        return None


def ever_name(tree: Call) -> str:
    """The tracked variable that `ever(move == action)` reads."""
    comparison = tree.operands[0]
    assert isinstance(comparison, Call)
    move, word = comparison.operands
    return f"ever {move.name if isinstance(move, Name) else ''} {word.word if isinstance(word, Word) else ''}"


class _Resolver:
    def __init__(self, symbols: Symbols) -> None:
        self.symbols = symbols
        self.rules: dict[str, Callable[[Call, Type | None], tuple[Tree, Type]]] = {
            "if": self._if, "in": self._in, "ever": self._ever, "and": self._logic, "or": self._logic, "not": self._logic,
            **dict.fromkeys(COMPARISONS, self._comparison),
        }  # fmt: skip

    def resolve(self, tree: Tree, want: Type | None) -> tuple[Tree, Type]:
        resolved, found = self._visit(tree, want)
        if want is not None and found.kind != want.kind:
            raise FormulaFault(tree.at, f"{found} here", f"{want}")
        return resolved, found

    def _visit(self, tree: Tree, want: Type | None) -> tuple[Tree, Type]:
        if isinstance(tree, Number):
            return tree, NUMBER
        if isinstance(tree, Truth):
            return tree, TRUTH
        if isinstance(tree, Word):
            return tree, Type("label", (tree.word,))
        if isinstance(tree, Name):
            return self._name(tree, want)
        return self.rules.get(tree.function, self._arithmetic)(tree, want)

    def _name(self, tree: Name, want: Type | None) -> tuple[Tree, Type]:
        if want is not None and want.kind == "label" and tree.name in want.words:
            return Word(tree.name, tree.at), want
        symbol = self.symbols.table.get(tree.name)
        if symbol is None:
            raise self._unknown(tree, want)
        if symbol.kind == "definition":
            return tree, self.symbols.definition_type(tree.name)
        return tree, symbol.type

    def _unknown(self, tree: Name, want: Type | None) -> FormulaFault:
        known: Iterable[str] = self.symbols.table
        if want is not None and want.kind == "label":
            return FormulaFault(tree.at, f"the unknown word {quote(tree.name)}{near(tree.name, want.words)}", f"{want}")
        force, _, place = tree.name.partition(".")
        if place and force in self.symbols.scenario.forces:
            places = (*self.symbols.scenario.theatres, *OFF_MAP)
            return FormulaFault(tree.at, f"the unknown place {quote(place)}{near(place, places)}", f"one of {one_of(places)}")
        hint = near(tree.name, known)
        return FormulaFault(tree.at, f"the unknown name {quote(tree.name)}{hint}", "a quantity, definition, link, state variable, move or `force.place`")

    def _arithmetic(self, tree: Call, _want: Type | None) -> tuple[Tree, Type]:
        return replace(tree, operands=tuple(self.resolve(one, NUMBER)[0] for one in tree.operands)), NUMBER

    def _logic(self, tree: Call, _want: Type | None) -> tuple[Tree, Type]:
        return replace(tree, operands=tuple(self.resolve(one, TRUTH)[0] for one in tree.operands)), TRUTH

    def _if(self, tree: Call, want: Type | None) -> tuple[Tree, Type]:
        condition = self.resolve(tree.operands[0], TRUTH)[0]
        yes, kind = self.resolve(tree.operands[1], want)
        no = self.resolve(tree.operands[2], want or kind)[0]
        return replace(tree, operands=(condition, yes, no)), want or kind

    def _comparison(self, tree: Call, _want: Type | None) -> tuple[Tree, Type]:
        left, right = tree.operands
        label = self._label_type(left) or self._label_type(right)
        if label is None:
            left, kind = self.resolve(left, None)
            right = self.resolve(right, kind)[0]
            if tree.function not in ("==", "!=") and kind != NUMBER:
                raise FormulaFault(tree.at, f"`{tree.function}` between truths", "`==` or `!=`")
        elif tree.function not in ("==", "!="):
            raise FormulaFault(tree.at, f"`{tree.function}` between labels", "`==`, `!=` or `in (…)`")
        else:
            left, right = self.resolve(left, label)[0], self.resolve(right, label)[0]
        return replace(tree, operands=(left, right)), TRUTH

    def _in(self, tree: Call, _want: Type | None) -> tuple[Tree, Type]:
        kind = self._label_type(tree.operands[0]) or self.resolve(tree.operands[0], None)[1]
        return replace(tree, operands=tuple(self.resolve(one, kind)[0] for one in tree.operands)), TRUTH

    def _ever(self, tree: Call, _want: Type | None) -> tuple[Tree, Type]:
        inner = tree.operands[0]
        expected = FormulaFault(tree.at, "`ever` of something else", "`ever(move == action)`")
        if not (isinstance(inner, Call) and inner.function == "==" and isinstance(inner.operands[0], Name)):
            raise expected
        if not self.symbols.is_a(inner.operands[0].name, "move"):
            raise expected
        resolved = self._comparison(inner, None)[0]
        if not (isinstance(resolved, Call) and isinstance(resolved.operands[1], Word)):
            raise expected
        return replace(tree, operands=(resolved,)), TRUTH

    def _label_type(self, tree: Tree) -> Type | None:
        symbol = self.symbols.table.get(tree.name) if isinstance(tree, Name) else None
        return symbol.type if symbol is not None and symbol.type.kind == "label" else None
