"""The subjects through the stages: trees as arrays, the founding case and the long timeline as files."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec

import numpy as np

from benches import timeline, trees
from benches.measure import cpu_seconds
from benches.registry import Effort, Result, case
from stratagem.api import solve as answer_of
from stratagem.catalogue import Case, load
from stratagem.graph.compile import compile_scenario
from stratagem.scenario.model import Scenario
from stratagem.scenario.read import parse_scenario
from stratagem.show.as_json import forecast_json
from stratagem.solve.plan import plan
from stratagem.solve.solve import Request, solve
from stratagem.solve.sweep import backward, forward

FOUNDING = "kazakhstan-ukraine-2022"
SIZES = {"1e2": 100, "1e3": 1_000, "1e4": 10_000, "1e5": 100_000}
WORLDS = {"1e2": 1024, "1e3": 256, "1e4": 128, "1e5": 128}  # about as many as the solver takes at once
PRECISIONS = {"quantal response": 1.0, "best reply": float("inf")}


@cache
def tree_of(shape: str, size: str) -> trees.Tree:
    """A tree of a subject's name."""
    return trees.irregular(SIZES[size]) if shape == "irregular" else trees.regular(SIZES[size])


def _register_tree(shape: str, size: str) -> None:
    subject = f"{shape}-{size}"

    @case(subject, "compile", is_quick=size != "1e5")
    def compile_tree(effort: Effort) -> Iterator[Result]:
        game = trees.as_game(tree_of(shape, size))
        yield cpu_seconds(lambda: plan(game), effort).result(
            subject, "compile", "plan of the sweep", note=f"{game.num_nodes:,} nodes"
        )

    @case(subject, "solve", is_quick=size in ("1e2", "1e3"))
    def solve_tree(effort: Effort) -> Iterator[Result]:
        tree, worlds = tree_of(shape, size), WORLDS[size]
        game = trees.as_game(tree)
        order, numbers = plan(game), trees.draw(tree, worlds)
        for name, precision in PRECISIONS.items():
            inputs = trees.inputs(numbers, precision)
            check(tree, numbers, precision, backward(order, inputs).values(order))
            times = cpu_seconds(lambda inputs=inputs: backward(order, inputs), effort)
            yield times.rate(game.num_nodes * worlds / 1e6, subject, "solve", f"{name}, back, NumPy", "M node-worlds/s")
            behaviour = backward(order, inputs).behaviour
            times = cpu_seconds(lambda behaviour=behaviour: forward(order, behaviour), effort)
            yield times.rate(
                game.num_nodes * worlds / 1e6, subject, "solve", f"{name}, forward, NumPy", "M node-worlds/s"
            )
            if find_spec("jax") is not None:
                yield from _solve_by_jax(subject, tree, name, inputs, numbers, precision, effort)


def _solve_by_jax(subject, tree, name, inputs, numbers, precision, effort) -> Iterator[Result]:
    from stratagem.solve.sweep_jax import Compiled

    order = plan(trees.as_game(tree))
    compiled = Compiled(order)
    check(tree, numbers, precision, compiled.backward(inputs).values(order))
    times = cpu_seconds(lambda: compiled.backward(inputs), effort)
    yield times.rate(
        tree.num_nodes * len(inputs) / 1e6,
        subject,
        "solve",
        f"{name}, back, JAX",
        "M node-worlds/s",
        "in and out as NumPy",
    )


def check(tree: trees.Tree, numbers: trees.Draw, precision: float, values: np.ndarray) -> None:
    """Raise `AssertionError` where a sweep's values are not those of plain recursion, in the first and the last world."""
    inner = tree.mover != trees.TERMINAL
    for world in (0, values.shape[2] - 1):
        expected = np.array(trees.recurse(tree, numbers, world, precision))
        worst = np.abs(values[inner, :, world] - expected[inner]).max()
        assert worst < 1e-12, f"the sweep is off by {worst:.1e}"


for _shape in ("regular", "irregular"):
    for _size in SIZES:
        _register_tree(_shape, _size)


# --- scenarios ---


def text_of(subject: str) -> str:
    return load(FOUNDING).text if subject == "founding" else timeline.text()


@cache
def scenario_of(subject: str) -> Scenario:
    return parse_scenario(text_of(subject))


def _register_scenario(subject: str, worlds: int) -> None:
    @case(subject, "read")
    def read(effort: Effort) -> Iterator[Result]:
        text = text_of(subject)
        yield cpu_seconds(lambda: parse_scenario(text), effort).result(
            subject, "read", "text to scenario", note=f"{len(text) / 1024:.0f} KiB"
        )

    @case(subject, "compile")
    def compile_file(effort: Effort) -> Iterator[Result]:
        scenario = scenario_of(subject)
        game = compile_scenario(scenario)
        target = "< 10" if subject == "timeline" else ""
        yield cpu_seconds(lambda: compile_scenario(scenario), effort).result(
            subject, "compile", "scenario to game", target
        )
        yield Result(subject, "compile", "states", game.num_nodes, "nodes", target="< 100000" if target else "")
        yield Result(
            subject, "compile", "histories they stand for", game.num_histories, "", target=">= 1e12" if target else ""
        )

    @case(subject, "solve")
    def solve_file(effort: Effort) -> Iterator[Result]:
        scenario = scenario_of(subject)
        game = compile_scenario(scenario)
        count = worlds // 10 if effort.is_quick else worlds
        has_jax = find_spec("jax") is not None and not plan(game).hidden
        for engine in ("numpy", "jax") if has_jax else ("numpy",):
            request = Request(worlds=count, engine=engine)
            times = cpu_seconds(lambda request=request: solve(game, scenario, request), effort)
            note = "compiled before" if engine == "jax" else ""
            yield times.result(subject, "solve", f"{count:,} worlds, {engine}", note=note)

    @case(subject, "show")
    def show_file(effort: Effort) -> Iterator[Result]:
        answer = answer_of(Case(subject, f"{subject}.yaml", text_of(subject)), worlds=1000)
        yield cpu_seconds(lambda: repr(answer), effort).result(subject, "show", "as text")
        yield cpu_seconds(lambda: forecast_json(answer), effort).result(subject, "show", "as JSON")


_register_scenario("founding", 10_000)
_register_scenario("timeline", 1_000)
