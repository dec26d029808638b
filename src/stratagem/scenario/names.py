"""What the names in formulas mean, and what type a formula has (L2, L10).

Takes a scenario's models; gives a symbol table, and for a formula its tree with words of label variables recognised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from stratagem.errors import near, one_of, quote
from stratagem.scenario.formula import (
    COMPARISONS,
    MAX_DEPTH,
    Call,
    Formula,
    FormulaFault,
    Name,
    Number,
    Tree,
    Truth,
    Word,
    names_in,
)
from stratagem.scenario.model import Scenario, Variable

SymbolKind = Literal["quantity", "definition", "link", "state", "move", "stock", "round", "unsure"]
TypeKind = Literal["number", "truth", "label", "unsure"]

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
UNSURE = Type("unsure")  # of what is faulty itself: it goes with every type, so that one fault is not reported twice


def variable_type(variable: Variable) -> Type:
    """The type of a state variable."""
    if variable.kind == "label":
        return Type("label", tuple(str(word) for word in variable.domain))
    return TRUTH if variable.kind == "flag" else NUMBER


@dataclass(frozen=True)
class Symbol:
    """A name that formulas may read."""

    kind: SymbolKind
    type: Type


ANYTHING = Symbol("unsure", UNSURE)


class Symbols:
    """The symbol table of a scenario.

    Of a scenario with faults, names that stand twice or in a circle may mean anything, as may those that stood in what
    was left out, for which `lost` is true: formulas may use them as they like.
    """

    def __init__(self, scenario: Scenario, lost: Callable[[str], bool] = lambda _name: False) -> None:
        self.scenario = scenario
        self.lost = lost
        self.table: dict[str, Symbol] = {"round": Symbol("round", NUMBER)}
        for name, symbol in self._declared():
            self.table[name] = ANYTHING if name in self.table else symbol
        self._definition_types: dict[str, Type] = {}
        self._definition_trees: dict[str, Tree] = {}

    def _declared(self) -> Iterator[tuple[str, Symbol]]:
        scenario = self.scenario
        for _, name, _ in scenario.known_quantities():
            yield name, Symbol("quantity", NUMBER)
        for name in scenario.links:
            yield name, Symbol("link", NUMBER)
        for name, variable in scenario.state.items():
            yield name, Symbol("state", variable_type(variable))
        for _, item in scenario.items():
            yield item.id, Symbol("move", Type("label", (NOT_YET, *item.options)))
        for name in scenario.forces:
            for place in (*scenario.theatres, *OFF_MAP):
                yield f"{name}.{place}", Symbol("stock", NUMBER)
        for name in scenario.definitions:
            yield name, Symbol("definition", NUMBER)

    def definition_type(self, name: str) -> Type:
        """The type of a definition; a faulty one may be of any, its fault is reported at its own place."""
        for one in self._in_order(name):
            try:
                self._definition_types[one] = self.resolve(self.scenario.definitions[one])[1]
            except FormulaFault:
                self._definition_types[one] = UNSURE
        return self._definition_types[name]

    def _in_order(self, name: str) -> Iterator[str]:
        """The definition `name` and those it reads whose types are not known yet, each after what it reads."""
        todo, opened = [name], set[str]()
        while todo:
            one = todo[-1]
            if one in self._definition_types:
                todo.pop()
            elif one in opened:
                yield todo.pop()
            else:
                opened.add(one)
                read = {found.name for found in names_in(self.scenario.definitions[one].tree)}
                todo += [inner for inner in read if self.is_a(inner, "definition")]

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
        todo: list[Tree] = [tree]
        while todo:
            one = todo.pop()
            if isinstance(one, Call) and one.function == "ever":
                found.add(ever_name(one))
            elif isinstance(one, Call):
                todo += one.operands
            elif isinstance(one, Name) and one.name not in found:
                found.add(one.name)
                if self.is_a(one.name, "definition"):
                    todo.append(self._definition_tree(one.name))
        return frozenset(found)

    def _definition_tree(self, name: str) -> Tree:
        """The resolved tree of a definition, or as written where it has a fault."""
        if name not in self._definition_trees:
            try:
                self._definition_trees[name] = self.resolve(self.scenario.definitions[name])[0]
            except FormulaFault:
                self._definition_trees[name] = self.scenario.definitions[name].tree
        return self._definition_trees[name]

    def is_a(self, name: str, kind: SymbolKind) -> bool:
        """Whether a name is of a kind."""
        return name in self.table and self.table[name].kind == kind

    @cached_property
    def definitions(self) -> dict[str, Tree]:
        """The resolved trees of all definitions."""
        return {name: self.resolve(formula)[0] for name, formula in self.scenario.definitions.items()}

    def untangle(self) -> Iterator[tuple[str, ...]]:
        """Every cycle among definitions as a path of names, or the first path over `MAX_DEPTH` long.

        What stands in one may mean anything from then on.
        """
        done: dict[str, int] = {}
        for start in self.scenario.definitions:
            while (found := self._tangle_from(start, done)) is not None:
                yield found
                names = found if found[0] == found[-1] else self.scenario.definitions
                self.unsettle(names)

    def unsettle(self, names: Iterable[str]) -> None:
        """Let names mean anything, because what they stand for has a fault."""
        self.table.update(dict.fromkeys(names, ANYTHING))

    def _tangle_from(self, start: str, done: dict[str, int]) -> tuple[str, ...] | None:
        """A tangle met from `start` on; `done` holds how deep each definition that has none is nested."""
        trail: dict[str, None] = {}
        stack: list[tuple[str, bool]] = [(start, False)]
        while stack:
            name, is_left = stack.pop()
            if is_left:
                del trail[name]
                read = [one.name for one in names_in(self.scenario.definitions[name].tree)]
                done[name] = 1 + max((done.get(one, 0) for one in read), default=0)
                if done[name] > MAX_DEPTH:
                    return (name, *self._deepest(name, done))
            elif name in trail:
                return (*list(trail)[list(trail).index(name) :], name)
            elif len(trail) > MAX_DEPTH:
                return (*trail, name)
            elif name not in done and self.is_a(name, "definition"):
                trail[name] = None
                stack.append((name, True))
                stack += [(one.name, False) for one in names_in(self.scenario.definitions[name].tree)]
        return None

    def _deepest(self, name: str, done: dict[str, int]) -> Iterator[str]:
        """The most deeply nested chain of definitions below one."""
        while done.get(name, 0) > 1:
            read = [one.name for one in names_in(self.scenario.definitions[name].tree)]
            name = max(read, key=lambda one: done.get(one, 0))
            yield name


def ever_name(tree: Call) -> str:
    """The tracked variable that `ever(move == action)` reads."""
    comparison = tree.operands[0]
    sides = comparison.operands if isinstance(comparison, Call) else ()
    names = [one.name if isinstance(one, Name) else one.word for one in sides if isinstance(one, Name | Word)]
    return " ".join(("ever", *names))


class _Resolver:
    def __init__(self, symbols: Symbols) -> None:
        self.symbols = symbols
        self.rules: dict[str, Callable[[Call, Type | None], tuple[Tree, Type]]] = {
            "if": self._if, "in": self._in, "ever": self._ever, "and": self._logic, "or": self._logic, "not": self._logic,
            **dict.fromkeys(COMPARISONS, self._comparison),
        }  # fmt: skip

    def resolve(self, tree: Tree, want: Type | None) -> tuple[Tree, Type]:
        resolved, found = self._visit(tree, want)
        if want is not None and found.kind != want.kind and UNSURE not in (found, want):
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
        kind = self._type_of(tree.name)
        if kind is not None:
            return tree, kind
        if want == UNSURE or self.symbols.lost(tree.name):
            return tree, UNSURE
        raise self._unknown(tree, want)

    def _type_of(self, name: str) -> Type | None:
        """The type of a known name, definitions looked into."""
        symbol = self.symbols.table.get(name)
        if symbol is None or symbol.kind != "definition":
            return symbol.type if symbol is not None else None
        return self.symbols.definition_type(name)

    def _unknown(self, tree: Name, want: Type | None) -> FormulaFault:
        if want is not None and want.kind == "label":
            found = f"the unknown word {quote(tree.name)}{near(tree.name, want.words)}"
            return FormulaFault(tree.at, found, f"{want}")
        force, _, place = tree.name.partition(".")
        if place and force in self.symbols.scenario.forces:
            places = (*self.symbols.scenario.theatres, *OFF_MAP)
            found = f"the unknown place {quote(place)}{near(place, places)}"
            return FormulaFault(tree.at, found, f"one of {one_of(places)}")
        found = f"the unknown name {quote(tree.name)}{near(tree.name, self.symbols.table)}"
        return FormulaFault(tree.at, found, "a quantity, definition, link, state variable, move or `force.place`")

    def _arithmetic(self, tree: Call, _want: Type | None) -> tuple[Tree, Type]:
        return _with(tree, tuple(self.resolve(one, NUMBER)[0] for one in tree.operands)), NUMBER

    def _logic(self, tree: Call, _want: Type | None) -> tuple[Tree, Type]:
        return _with(tree, tuple(self.resolve(one, TRUTH)[0] for one in tree.operands)), TRUTH

    def _if(self, tree: Call, want: Type | None) -> tuple[Tree, Type]:
        condition = self.resolve(tree.operands[0], TRUTH)[0]
        yes, kind = self.resolve(tree.operands[1], want)
        no = self.resolve(tree.operands[2], want or kind)[0]
        return _with(tree, (condition, yes, no)), want or kind

    def _comparison(self, tree: Call, _want: Type | None) -> tuple[Tree, Type]:
        sides, want = self._alike(tree.operands, tree.operands)
        if tree.function not in ("==", "!=") and want.kind in ("truth", "label"):
            expected = "`==` or `!=`" if want == TRUTH else "`==`, `!=` or `in (…)`"
            raise FormulaFault(tree.at, f"`{tree.function}` between {want.kind}s", expected)
        return _with(tree, sides), TRUTH

    def _in(self, tree: Call, _want: Type | None) -> tuple[Tree, Type]:
        return _with(tree, self._alike(tree.operands, tree.operands[:1])[0]), TRUTH

    def _ever(self, tree: Call, _want: Type | None) -> tuple[Tree, Type]:
        inner = tree.operands[0]
        expected = FormulaFault(tree.at, "`ever` of something else", "`ever(move == action)`")
        if not (isinstance(inner, Call) and inner.function == "==" and isinstance(inner.operands[0], Name)):
            raise expected
        kind = self._name(inner.operands[0], None)[1]
        if kind != UNSURE and not self.symbols.is_a(inner.operands[0].name, "move"):
            raise expected
        resolved = self._comparison(inner, None)[0]
        if kind != UNSURE and not (isinstance(resolved, Call) and isinstance(resolved.operands[1], Word)):
            raise expected
        return _with(tree, (resolved,)), TRUTH

    def _alike(self, sides: tuple[Tree, ...], deciding: tuple[Tree, ...]) -> tuple[tuple[Tree, ...], Type]:
        """All sides resolved to one type: that of a label among the deciding ones, else of the first. The label itself is a name, even
        where a word of it is spelt alike."""
        kinds = [self._label_type(one) if isinstance(one, Name) else None for one in deciding]
        label = next((place for place, kind in enumerate(kinds) if kind is not None), None)
        want = None if label is None else kinds[label]
        first, kind = self.resolve(sides[0], None if label == 0 and want != UNSURE else want)
        rest = [
            self.resolve(one, None if place == label and want != UNSURE else want or kind)[0]
            for place, one in enumerate(sides[1:], start=1)
        ]
        return (first, *rest), want or kind

    def _label_type(self, tree: Name) -> Type | None:
        """The type of a name that is a label, or that may be anything."""
        kind = self._type_of(tree.name)
        if kind is None:
            return UNSURE if self.symbols.lost(tree.name) else None
        return kind if kind.kind in ("label", "unsure") else None


def _with(tree: Call, operands: tuple[Tree, ...]) -> Call:
    return Call(tree.function, operands, tree.at)
