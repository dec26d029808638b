"""Commands started afresh: how long until the answer is there, and how much memory it took."""

from __future__ import annotations

import json
from collections.abc import Iterator

from benches.measure import Times, run_afresh
from benches.registry import Effort, Result, case
from benches.subjects import FOUNDING

COMMAND = ("-m", "stratagem.cli")
COMMANDS = {
    "stratagem --help": (("--help",), "< 0.5"),
    "stratagem check, founding case": (("check", FOUNDING), "< 0.7"),
    "stratagem solve, founding case, 10,000 worlds": (("solve", FOUNDING, "--quiet"), "< 3"),
}
GIB = 2.0**30
LARGE = (10, 36)  # tension, rounds: some 100,000 states


@case("founding", "start", is_spread=True)
def start(effort: Effort) -> Iterator[Result]:
    for name, (arguments, target) in COMMANDS.items():
        ended = [run_afresh((*COMMAND, *arguments)) for _ in range(3 if effort.is_quick else 5)]
        walls = ended[len(ended) // 2].wall
        yield Times(tuple(one.cpu for one in ended)).result(
            "founding", "start", name, target, f"CPU; {walls:.2f} s by the wall clock"
        )


@case("timeline", "memory", is_quick=False)
def memory(effort: Effort) -> Iterator[Result]:
    """Peak memory of a large solve, and that it grows with worlds only by what is kept of them."""
    peaks = {}
    for worlds in (2_000, 4_000, *((100_000,) if effort.is_full else ())):
        ended = run_afresh(("-m", "benches.start", str(worlds)))
        said = json.loads(ended.output.splitlines()[-1])
        peaks[worlds] = ended.peak
        note = f"{said['nodes']:,} nodes, {ended.cpu:.0f} s CPU; {said['kept'] / GIB:.2f} GiB kept"
        yield Result("timeline", "memory", f"peak, {worlds:,} worlds", ended.peak / 1e9, "GB", target="< 2", note=note)
    growth = (peaks[4_000] - peaks[2_000]) / 2_000
    yield Result(
        "timeline",
        "memory",
        "peak by world",
        growth / 1e3,
        "kB",
        note=f"{said['by_world'] / 1e3:.1f} kB are kept of a world",
    )


def solve_large(worlds: int) -> dict[str, float]:
    """Solve the long timeline with some 100,000 states; what was kept, in bytes."""
    from benches.timeline import text
    from stratagem.graph.compile import compile_scenario
    from stratagem.scenario.read import parse_scenario
    from stratagem.solve.solve import Request, solve

    tension, rounds = LARGE
    scenario = parse_scenario(text(rounds, tension))
    game = compile_scenario(scenario)
    solution = solve(game, scenario, Request(worlds=worlds, engine="numpy"))
    arrays = [one for one in (*vars(solution).values(), *solution.quantities.values()) if hasattr(one, "nbytes")]
    kept = sum(one.nbytes for one in arrays if one.shape[-1:] == (worlds,))
    return {"nodes": game.num_nodes, "kept": kept, "by_world": kept / worlds}


if __name__ == "__main__":
    import sys

    print(json.dumps(solve_large(int(sys.argv[1]))))
