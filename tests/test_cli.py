"""The command line as a user meets it: exit codes, what goes where, and no traceback for any mistake of theirs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import strategies
from click.testing import CliRunner, Result
from crises import text_of
from hypothesis import HealthCheck, given, settings

from stratagem.cli import main

SIGNORINO = "signorino-deterrence"
MOST_SECONDS = 20.0  # loose, for a run of few worlds on a busy machine
FEW = ("--worlds", "20")

CRISIS = """
as of: 2022-01-01
quantities: {known to all: {a: 0.2 to 0.6, b: -1 to 1}}
players: {p: {name: P, precision: 1}, o: {name: O, precision: 1}}
timeline:
  - {move: m, player: p, actions: {hold: , go: {payoffs: {p: a * b}}}}
  - {rounds: 2, every: 30 days, moves: [{move: n, player: o, actions: {hold: , go: {payoffs: {o: b}}}}]}
questions: {go: {title: Will P go?, event: m == go}}
"""

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command line in an empty folder; `@` stands for a file with `text`."""
    monkeypatch.chdir(tmp_path)

    def runner(*words: str, text: str = CRISIS) -> Result:
        (tmp_path / "crisis.yaml").write_text(text_of(text), "utf-8", errors="surrogatepass")
        return CliRunner().invoke(main, ["crisis.yaml" if word == "@" else word for word in words])

    return runner


def assert_clean(result: Result, *codes: int) -> None:
    """One of the exit codes, and neither a traceback nor a warning."""
    assert "Traceback" not in result.stderr, result.stderr[-2000:]
    assert "Warning" not in result.stderr, result.stderr[-2000:]
    assert result.exit_code in codes, result.stderr[-2000:]


def strict(text: str) -> Any:
    """JSON without NaN or infinity."""

    def refuse(name: str) -> None:
        raise AssertionError(name)

    return json.loads(text, parse_constant=refuse)


# Exit codes

FAILING = CRISIS.replace("go: {payoffs: {p: a * b}}", "go: {if: b > 0, payoffs: {p: 1}}").replace(
    "hold: ,", "hold: {if: b > 0.5},", 1
)


def test_an_answer_exits_with_0(run: Run) -> None:
    assert_clean(run("solve", "@", *FEW), 0)


def test_a_fault_of_the_file_exits_with_2(run: Run) -> None:
    result = run("solve", "@", text=CRISIS.replace("player: p", "player: pp"))
    assert_clean(result, 2)
    assert result.stdout == ""
    assert result.stderr.startswith("crisis.yaml:7:")


def test_worlds_that_failed_exit_with_3_and_still_answer(run: Run) -> None:
    result = run("solve", "@", *FEW, text=FAILING)
    assert_clean(result, 3)
    assert "have no answer: a player had no available action" in " ".join(result.stdout.split())


def test_worlds_that_failed_exit_with_3_as_json_too(run: Run) -> None:
    result = run("solve", "@", *FEW, "--json", text=FAILING)
    assert_clean(result, 3)
    assert strict(result.stdout)["manifest"]["worlds_failed"] > 0


def test_where_no_world_has_an_answer_it_still_is_one(run: Run) -> None:
    result = run(
        "solve", "@", *FEW, "--json", text=CRISIS.replace("hold: , go: {payoffs: {p: a * b}}", "go: {if: a > 2}")
    )
    assert_clean(result, 3)
    assert strict(result.stdout)["manifest"]["worlds_failed"] == 20


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, RuntimeError])
def test_what_stops_a_run_has_its_exit_code(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    def fail(*_words: object, **_options: object) -> None:
        raise error("on purpose")

    monkeypatch.setattr("stratagem.api.solve", fail)
    result = run("solve", "@")
    expected = {
        KeyboardInterrupt: (130, "interrupted"),
        MemoryError: (2, "out of memory"),
        RuntimeError: (1, "This is a mistake in stratagem"),
    }
    code, message = expected[error]
    assert result.exit_code == code
    assert message in result.stderr


# Standard output is the answer


def test_standard_output_is_the_answer_and_nothing_else(run: Run) -> None:
    result = run("solve", "@", *FEW, "--json")
    assert result.stderr == ""
    assert strict(result.stdout)["schema"] == "stratagem/solve/1"


@pytest.mark.parametrize(
    "words",
    [("solve", "@", *FEW), ("inspect", "@"), ("sources", "@"), ("check", "@"), ("list",)],
    ids=lambda words: words[0],
)
def test_json_parses_and_names_its_schema(run: Run, words: tuple[str, ...]) -> None:
    result = run(*words, "--json")
    assert_clean(result, 0)
    assert strict(result.stdout)["schema"] == f"stratagem/{words[0]}/1"


def test_faults_as_json_stand_on_standard_output(run: Run) -> None:
    result = run("check", "@", "--json", text=CRISIS.replace("player: p", "player: pp"))
    assert_clean(result, 2)
    fault = strict(result.stdout)["faults"][0]
    assert (fault["line"], fault["rule"]) == (7, "L16")


def test_no_colour_where_none_is_wanted_or_nobody_looks(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = run("solve", "@", *FEW).stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in plain
    assert run("solve", "@", *FEW).stdout == plain


def test_the_same_command_gives_the_same_answer(run: Run) -> None:
    assert run("solve", "@", *FEW, "--json").stdout == run("solve", "@", *FEW, "--json").stdout


# Whole processes


def process(*words: str, **options: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-W", "error", "-m", "stratagem.cli", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


@pytest.mark.parametrize(
    "words",
    [
        ("explain", "L16"),
        ("solve", "signorino-deterrence", *FEW),
        ("solve", "signorino-deterrence", *FEW, "--json"),
        ("watch", "signorino-deterrence", *FEW),
        ("inspect", "signorino-deterrence"),
    ],
    ids=" ".join,
)
def test_a_reader_that_leaves_early_meets_no_traceback(words: tuple[str, ...]) -> None:
    head = process(*words)
    assert head.stdout is not None
    head.stdout.close()
    assert head.stderr is not None
    message = head.stderr.read()
    assert head.wait(MOST_SECONDS) == 130
    assert message == b""
    head.stderr.close()


def test_an_interrupt_is_said_and_exits_with_130() -> None:
    # A shell may have us ignore interrupts, which a child inherits; a person at a terminal does not.
    listening = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from stratagem.cli import main; main()"
    long = ("solve", "kazakhstan-ukraine-2022", "--worlds", "300000", "--decisions", "1", "--engine", "numpy")
    command = [sys.executable, "-W", "error", "-c", listening, *long]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(3)
    running.send_signal(signal.SIGINT)
    out, message = running.communicate(timeout=MOST_SECONDS)
    assert (running.returncode, out, message.strip()) == (130, b"", b"interrupted")


# Naming a scenario


@pytest.mark.parametrize("verb", ["check", "solve", "inspect", "sources"])
def test_an_unknown_scenario_is_answered_with_the_nearest(run: Run, verb: str) -> None:
    result = run(verb, "signorino-deterence")
    assert_clean(result, 2)
    assert "did you mean `signorino-deterrence`?" in result.stderr


@pytest.mark.parametrize(
    "name", ["", ".", "/", "/dev/null", "nowhere.yaml", "x" * 5000, "a\0b", "../..", "~", "-", "été", "\ud800"]
)
def test_what_is_no_scenario_is_a_message(run: Run, name: str) -> None:
    assert_clean(run("solve", "--worlds", "20", "--", name), 2)


def test_a_folder_is_no_scenario(run: Run, tmp_path: Path) -> None:
    result = run("check", str(tmp_path))
    assert_clean(result, 2)
    assert "is a folder; name a scenario file in it" in " ".join(result.stderr.split())


@pytest.mark.parametrize("verb", ["check", "inspect", "watch"])
def test_a_game_file_is_no_scenario(run: Run, tmp_path: Path, verb: str) -> None:
    file = tmp_path / "game.EFG"
    file.write_text('EFG 2 R "" { "a" }\nt "" 0\n')
    result = run(verb, str(file))
    assert_clean(result, 2)
    assert "is a game file, not a scenario; `solve` and `export` read it" in " ".join(result.stderr.split())


def test_a_file_that_may_not_be_read_is_a_message(run: Run, tmp_path: Path) -> None:
    secret = tmp_path / "secret.yaml"
    secret.write_text("scenario: x")
    secret.chmod(0)
    if os.access(secret, os.R_OK):
        pytest.skip("this user reads everything")
    assert_clean(run("check", str(secret)), 2)


# Options

GOOD_OPTIONS = [
    "--worlds 1", "--worlds 1 --decisions 1", "--decisions 1", "--seed 0", "--seed 123456789012345678901234567890", "--precision 0",
    "--precision 1e6", "--precision best", "--precision 0.5", "--do m=go --as-if-chosen", "--do m=go", "--do m=go --announced", "--do n[1]=go",
    "--do n[1]=go --do n[2]=hold", "--do a=0.5", "--do a=50%", "--do b=-3 --do m=go", "--history m=go", "--history m=go,n[1]=hold",
    "--history m=hold,n[2]=go", "--history ,", "--no-perceptions", "--taken-as-known", "--states", "--quiet", "--max-nodes 100",
    "--csv out.csv", "--history m=go --do n[2]=go",
]  # fmt: skip
BAD_OPTIONS = {
    "--worlds 0": "0 is not in the range", "--worlds -1": "-1 is not in the range", "--worlds 10000001": "not in the range", "--worlds abc": "not a valid integer", "--worlds 1e3": "not a valid",
    "--worlds 1.5": "not a valid", "--worlds": "requires an argument", "--seed -1": "not in the range", "--seed x": "not a valid",
    "--precision nan": "the precision `nan`; a number from 0 to 1,000,000, or `best`", "--precision inf": "the precision `inf`",
    "--precision -1": "the precision `-1`", "--precision 1e7": "the precision `1e7`", "--precision high": "the precision `high`", "--precision 1e400": "the precision `1e400`",
    "--do m": "L22", "--do m=": "L22", "--do =go": "L22", "--do m=goo": "did you mean `go`", "--do mm=go": "did you mean", "--do n=go": "n[1]",
    "--do n[3]=go": "round 3", "--do m[1]=go": "m", "--do a=x": "expected `a=NUMBER`", "--do a=nan": "expected `a=NUMBER`", "--do a=inf": "expected `a=NUMBER`",
    "--do a=": "expected `a=NUMBER`", "--do m=go --do m=hold": "forced twice", "--do a=1 --do a=2": "forced twice", "--do a=1e200": "cannot be reckoned with",
    "--history m": "L22", "--history m=goo": "did you mean `go`", "--history m=go;n[1]=go": "L22", "--history m=go,m=hold": "cannot have happened",
    "--history m=go --do m=hold": "`m=hold` is forced, yet the history has `m=go`", "--without x": "the unknown link `x`", "--max-nodes 1": "over 1 states", "--max-nodes 0": "not in the range",
    "--decisions 0": "not in the range", "--csv .": "directory", "--csv nowhere/out.csv": "cannot write", "--csv /dev/full": "cannot write", "--wrlds 10": "--worlds", "extra": "unexpected extra argument",
    "--states=yes": "does not take a value",
}  # fmt: skip


@pytest.mark.parametrize("options", GOOD_OPTIONS)
def test_an_option_that_can_be_is_answered(run: Run, options: str) -> None:
    words = options.split()
    assert_clean(run("solve", "@", *(() if "--worlds" in words else FEW), *words), 0)
    if "--csv" not in words:
        strict(run("solve", "@", "--json", *(() if "--worlds" in words else FEW), *words).stdout)


@pytest.mark.parametrize("options", BAD_OPTIONS)
def test_an_option_that_cannot_be_is_a_message(run: Run, options: str) -> None:
    words = options.split()
    result = run("solve", "@", *(() if "--worlds" in words else FEW), *words)
    assert_clean(result, 2)
    assert BAD_OPTIONS[options] in " ".join(result.stderr.split())
    assert (result.stdout == "") == ("/dev/full" not in options)


IDLE = {
    "solve @ --announced": "--announced: no move is forced; give `--do`",
    "solve @ --as-if-chosen": "--as-if-chosen: no move is forced; give `--do`",
    "solve game.efg --worlds 5 --states": "--states, --worlds: not for a game file",
    "export game.efg -o out.efg --world 3 --without x --taken-as-known": "--taken-as-known, --without, --world: not for a game file",
    "export @ -o out.efg --seed 2": "--seed: the central world is drawn from none; give `--world N`",
    "inspect @ --tree --json": "--json: a tree is drawn as text",
    "inspect @ --lines 3": "--lines: of a tree; give `--tree`",
    "shift @ --do m=go --decision n[1] --given --announced": "--announced, --given: ways to ask of an event; one of them",
    "score table.csv --worlds 5": "--worlds: a table has none",
    "score @ --features a": "--features: columns of a table; a scenario has none",
    "infer @ --history m=go --sampler weights --draws 20": "`draws` are those of `nuts`, and the sampler is `weights`",
    "fit model.yaml data.csv --samples 30": "--samples: of the bootstrap; give `--errors bootstrap`",
    "fit model.yaml data.csv --strength 2": "--strength: of a penalty; give `--penalty ridge`",
    "fit model.yaml data.csv --choose-within": "--choose-within: of a penalty; give `--penalty ridge`",
    "fit model.yaml data.csv --penalty ridge --choose-within --strength 2": "--strength: it is chosen by `--choose-within`",
    "fit model.yaml data.csv --order year": "--order: of folds; give `--cross-validate`",
    "fit model.yaml data.csv --test x>1 --order year": "--order: of folds; give `--cross-validate`",
    "fit model.yaml data.csv --cluster id --errors robust": "--cluster: nothing goes by clusters; give `--errors clustered`",
    "fit model.yaml data.csv --bayes --order year": "--order: of maximum likelihood; leave it out",
    "fit model.yaml data.csv --chains 3": "--chains: of a Bayesian fit; give `--bayes`",
}


@pytest.mark.parametrize("command", IDLE)
def test_an_option_that_would_change_nothing_is_refused(run: Run, tmp_path: Path, command: str) -> None:
    (tmp_path / "game.efg").write_text('EFG 2 R "" { "a" }\nt "" 0\n')
    (tmp_path / "table.csv").write_text("id,probability,outcome\na,0.1,0\nb,0.8,1\n")
    result = run(*command.split())
    assert_clean(result, 2)
    assert IDLE[command] in " ".join(result.stderr.split())
    assert not (tmp_path / "out.efg").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("solve", "@", "--csv"), ("solve", "@", "--svg"), ("report", "@", "-o"), ("export", "@", "-o"), ("score", "@", "--svg"),
        ("score", "@", "--report"), ("fit", "model.yaml", "data.csv", "--report"),
    ],
)  # fmt: skip
def test_where_an_answer_cannot_be_written_nothing_is_solved(
    run: Run, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def solved(*_: object, **__: object) -> None:
        raise AssertionError("it was read already")

    monkeypatch.setattr("stratagem.catalogue.load", solved)
    result = run(*words, "nowhere/answer.out")
    assert_clean(result, 2)
    assert "cannot write `nowhere/answer.out`: No such file or directory; nothing was changed" in result.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "Usage"), (("sovle", "@"), "No such command"), (("solve",), "Missing argument"), (("explain", "L99"), "no rule `L99`"),
        (("explain", "[/oops]"), "no rule"), (("inspect", "@", "--lines", "0"), "not in the range"), (("inspect", "@", "--without", "x"), "x"),
        (("new", "crisis.yaml"), "cannot write"), (("new", "no/where.yaml"), "cannot write"), (("new", ""), "cannot write"),
        (("solve", "@", "--do", ""), "L22"), (("solve", "@", "--do", "\x1b[31m=go"), "L22"),
    ],
)  # fmt: skip
def test_an_odd_command_is_a_message(run: Run, words: tuple[str, ...], message: str) -> None:
    result = run(*words)
    assert_clean(result, 2)
    assert message in " ".join(result.output.split())
    assert "\x1b" not in result.output


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("-h",),
        ("solve", "--help"),
        ("--version",),
        ("explain",),
        ("explain", "m9"),
        ("schema",),
        ("list",),
    ],
)
def test_what_needs_no_scenario_answers(run: Run, words: tuple[str, ...]) -> None:
    assert_clean(run(*words), 0)


def test_a_new_scenario_is_sound_and_can_be_solved(run: Run) -> None:
    assert_clean(run("new", "mine.yaml"), 0)
    assert_clean(run("check", "mine.yaml"), 0)
    assert_clean(run("solve", "mine.yaml", *FEW), 0)


def test_a_tree_can_be_drawn_and_cut(run: Run) -> None:
    result = run("inspect", "@", "--tree", "--lines", "3")
    assert_clean(result, 0)
    assert len(result.stdout.splitlines()) == 4


# Hostile texts

HOSTILE = ["[/oops]", "[bold]bold[/bold]", "[link=http://x]y[/link]", "{curly} %s %(x)d", "`ticks`", "<script>alert(1)</script>", "=1+1", "🪖 " * 300, "a\\b"]  # fmt: skip
CONTROL = ["\x1b[31mred", "\x1b]0;title\x07", "a\x08b", "a\rb", "\x9b31m", "a\x00b", "\u202eright"]


def titled(title: str) -> str:
    quoted = json.dumps(title)
    return (
        CRISIS.replace("Will P go?", "TITLE")
        .replace("move: m,", "move: m, title: TITLE,")
        .replace("name: P", "name: TITLE")
        .replace("TITLE", quoted)
        + f"scenario: {quoted}\nquestion: {quoted}\nabout: {quoted}\noutcomes: {{war: {{title: {quoted}, when: m == go}}}}\n"
    )


@pytest.mark.parametrize("title", HOSTILE)
@pytest.mark.parametrize("verb", ["solve", "check", "inspect", "sources"])
def test_hostile_titles_are_printed_as_text(run: Run, verb: str, title: str) -> None:
    result = run(verb, "@", *(FEW if verb == "solve" else ()), text=titled(title))
    assert_clean(result, 0, 2)  # some are refused
    if result.exit_code == 0 and len(title) < 50:
        assert title in result.stdout


@pytest.mark.parametrize("title", CONTROL)
@pytest.mark.parametrize("verb", ["solve", "check", "inspect", "sources"])
def test_what_steers_a_terminal_is_not_passed_on(run: Run, verb: str, title: str) -> None:
    result = run(verb, "@", *(FEW if verb == "solve" else ()), text=titled(title))
    assert_clean(result, 0, 2)
    assert not set(result.output) & set("\x1b\x07\x08\r\x9b\x00\u202e")


# Odd contents


def move(pays: str, more: str = "", after: str = "") -> str:
    return f"""
quantities: {{known to all: {{a: 0.2 to 0.6, b: -1 to 1}}}}
players: {{p: {{name: P, precision: 1}}, o: {{name: O, precision: 1}}}}
{more}
timeline:
  - {{move: m, player: p, actions: {{hold: {{payoffs: {{p: 0}}}}, go: {{payoffs: {{p: "{pays}"}}{after}}}}}}}
questions: {{go: {{title: Go, event: m == go}}}}
"""


def players(player: str, pays: str = "a * b") -> str:
    return move(pays).replace("p: {name: P, precision: 1}", f"p: {{name: P, {player}}}")


def timeline(items: str, more: str = "") -> str:
    head = "quantities: {known to all: {a: 0.2 to 0.6, b: -1 to 1}}\nplayers: {p: {name: P, precision: 1}, o: {name: O, precision: 1}}\n"
    return f"{head}{more}\ntimeline:\n{items}\n"


ONE = "  - {move: m, player: p, actions: {hold: , go: {payoffs: {p: a}}}}"
CONTENTS: dict[str, tuple[str, int]] = {
    **{f"pays {pays}": (move(pays), code) for pays, code in {
        "1 / b": 0, "1 / (b - b)": 2, "1 / max(0, b)": 2, "if b > 0 then log(b) else 0": 0, "log(b)": 2, "exp(1000 * a)": 2, "exp(1000)": 2,
        "10^8^8": 2, "1e200*1e200": 2, "1e308*a+1e308*a+1e308*a": 2, "1e308 + 1e308": 2, "b^0.5": 2, "0^-1": 2, "0^0": 0, "(-2)^a": 2,
        "contest(b,1,2)": 2, "contest(a,1,1e6)": 0, "contest(a,0.5,-1)": 0, "contest(0,0,0)": 0, "contest(1,2,-1e5)": 2, "1e-320*a": 0,
        "a^a": 0, "sqrt(b)": 2, "1/b^8": 0, "1e300*a": 2, "-1e300": 2, "1e99": 0, "abs(b)/b": 0, "(1e200*a)*(1e200*a)": 2, "(1e300)^8": 2,
        "(" * 49 + "a" + ")" * 49: 0, "(" * 60 + "a" + ")" * 60: 2, "logistic(1e308*a)": 0, "1" + "0" * 400: 2, "clip(a, 1, 0)": 0,
        "max(a)": 2, "min()": 2, "30%%": 2, "a%": 2, "1e5%": 0, "x": 2, "a = b": 2, "m": 2, "a and b": 2, "if a then 1 else 0": 2,
        "__import__('os')": 2, "a.b": 2, "a[0]": 2, "lambda: 0": 2, "round": 0, "m == go": 2, "exp(exp(exp(10)))": 2, "-" * 60 + "a": 2,
    }.items()},
    **{f"number {written}": (move("a * b").replace("a: 0.2 to 0.6", f"a: {written}"), code) for written, code in {
        "1e-20 to 1e20": 0, "1e-90 to 1e90": 2, "-1e99 to 1e99": 0, "1e-300 to 1e300": 2, "'lognormal(1, 800)'": 2, "'logitnormal(0.5, 1e5)'": 0, "'beta(1e-9, 1e-9)'": 0,
        "'beta(1e300, 1e300)'": 0, "2 to 2": 2, "4 to 2": 2, "0 of 1": 0, "1 of 0": 2, "5 of 4": 2, "uniform -1e308 to 1e308": 2, "'triangular(0, 0, 1)'": 0,
        "'pert(0, 1, 1)'": 0, "{choice: {1: 0, 2: 1}}": 0, "{choice: {1: 0.5}}": 2, "'normal(0, 1e-320)'": 0, "'normal(0, 1e308)'": 2, ".nan": 2, "1e999": 2, "null": 2,
        "[1, 2]": 2, "'uniform(0, inf)'": 2, "almost certian": 2, "-5%": 0,
    }.items()},
    **{f"player {player}": (players(player), code) for player, code in {
        "precision: 1000000": 0, "precision: 1e300": 2, "precision: -1": 2, "precision: b": 2, "precision: 1 / a": 0, "precision: log(b)": 2, "precision: 0": 0,
        "risk aversion: 10000, precision: 1": 0, "risk aversion: -10000, precision: 1": 0, "risk aversion: b, precision: 1": 0, "risk aversion: 1e-300, precision: 1": 0,
        "risk aversion: 1e300, precision: 1": 2, "risk aversion: 1e9 * b, precision: 1": 0, "discount: 2, precision: 1": 2, "discount: b, precision: 1": 2, "errors: 0, range: 1": 2, "errors: 50%, range: 1": 0,
        "errors: 10% to 60%, range: 1": 0, "errors: a, range: 1e-300": 2, "errors: 10%": 2, "weights: {}, precision: 1": 2, "name: 5, precision: 1": 2, "precision: [1]": 2,
    }.items()},
    "no rounds": (timeline(f"  - {{rounds: 0, moves: [{ONE[4:]}]}}"), 2),
    "a billion rounds": (timeline(f"  - {{rounds: 1000000000, moves: [{ONE[4:]}]}}"), 2),
    "rounds without time": (timeline(f"  - {{rounds: 3, every: 0 days, moves: [{ONE[4:]}]}}"), 2),
    "a thousand rounds": (timeline(f"  - {{rounds: 1000, moves: [{ONE[4:]}]}}"), 0),
    "a thousand rounds, skipped": (timeline(f"  - {{rounds: 1000, moves: [{ONE[4:].replace('player: p,', 'player: p, if: b > 0,')}]}}"), 0),
    "five thousand steps": (timeline("\n".join(f"  - {{rounds: 1000, moves: [{ONE[4:].replace('move: m', f'move: m{n}')}]}}" for n in range(5))), 0),
    "over five thousand steps": (timeline("\n".join(f"  - {{rounds: 1000, moves: [{ONE[4:].replace('move: m', f'move: m{n}')}]}}" for n in range(6))), 2),
    "past the calendar": (timeline(ONE.replace("player: p,", "player: p, after: 9000 years,"), "as of: 2022"), 2),
    "at the end of the calendar": (timeline(ONE.replace("player: p,", "player: p, date: 9999-12-31,"), "as of: 2022"), 0),
    "at its start": (timeline(ONE.replace("player: p,", "player: p, date: 0001-01-01,"), "as of: 2022"), 0),
    "dates turned round": (timeline(ONE.replace("player: p,", "player: p, date: 2021-01-01,") + "\n" + ONE.replace("m,", "n,").replace("player: p,", "player: p, date: 2020-01-01,")), 2),
    "sixty-four actions": (timeline("  - {move: m, player: p, actions: {" + ", ".join(f"a{n}: {{payoffs: {{p: a * {n}}}}}" for n in range(64)) + "}}"), 0),
    "one action": (timeline("  - {move: m, player: p, actions: {only: }}"), 0),
    "no action": (timeline("  - {move: m, player: p, actions: {}}"), 2),
    "no timeline": (timeline("  []"), 2),
    "nobody moves": (timeline(ONE.replace("player: p,", "player: p, if: false,")), 2),
    "nobody moves in any world": (timeline(ONE.replace("player: p,", "player: p, if: a > 5,")), 0),
    "nobody can": (timeline("  - {move: m, player: p, actions: {hold: {if: false}}}"), 2),
    "nobody can in any world": (timeline("  - {move: m, player: p, actions: {hold: {if: a > 5}}}"), 3),
    "chance without outcome": (timeline("  - {chance: c, outcomes: {x: {if: a > 5, probability: 0.5}, y: {if: a > 5, probability: 0.5}}}"), 2),
    "chance over one": (timeline("  - {chance: c, outcomes: {x: 3 * a, y: rest}}"), 2),
    "all rest": (timeline("  - {chance: c, outcomes: {x: rest, y: rest}}"), 2),
    "weights of nothing": (players("weights: {s: 0}, precision: 1").replace("payoffs: {p:", "gains: {s:") + "stakes: {s: S}\n", 2),
    "swings of nothing": (players("weights: {swings: {s: 0}}, precision: 1").replace("payoffs: {p:", "gains: {s:") + "stakes: {s: S}\n", 2),
    "shares over one": (timeline("  - {move: m, player: p, actions: {hold: {share: 0.7}, go: {share: 0.7}, x: }}"), 2),
    "shares over one in some worlds": (timeline("  - {move: m, player: p, actions: {hold: {share: 3 * a}, go: }}"), 2),
    "shares of nothing in all worlds": (timeline('  - {move: m, player: p, actions: {hold: {share: "min(0, a)"}, go: {share: "min(0, a)"}}}'), 3),
    "a stock below zero": (move("a", "theatres: {w: W}\nforces: {f: {title: F, stock: {w: -1}}}"), 2),
    "a stock below zero in some worlds": (move("a", "theatres: {w: W}\nforces: {f: {title: F, stock: {w: b}}}", ", shift: {f: 1 from w to lost}"), 0),
    "an amount below zero": (move("a", "theatres: {w: W}\nforces: {f: {title: F, stock: {w: 5}}}", ", shift: {f: b from w to lost}"), 0),
    "definitions that are each read twice": (move("d24", "definitions:\n" + "\n".join(f"  d{n}: {'a' if n == 0 else f'd{n - 1} * d{n - 1}'}" for n in range(25))), 0),
    "definitions too deep": (move("d60", "definitions:\n" + "\n".join(f"  d{n}: {'a' if n == 0 else f'd{n - 1} + a'}" for n in reversed(range(61)))), 2),
    "definitions in a circle": (move("d", "definitions: {d: e + 1, e: d + 1}"), 2),
    "a title of ten thousand": (move("a", "scenario: " + "x" * 10_000), 2),
    "empty": ("", 2), "not a mapping": ("- 1\n- 2", 2), "binary": ("\x00\x01\x02", 2), "a surrogate": ("scenario: \ud800", 2), "tabs": ("scenario:\t\tx\n\tplayers: 1", 2),
    "an alias": ("a: &a [*a]", 2), "a tag": ("a: !!python/object/apply:os.getpid []", 2), "deep": ("[" * 5000, 2), "two documents": ("a: 1\n---\nb: 2", 2),
    "a question before its time": (move("a") .replace("event: m == go", "event: m == go, by: 1990"), 2),
    "a condition that never arises": (move("a").replace("event: m == go", "event: m == go, given: a > 5"), 0),
    "hidden information": (timeline(ONE.replace("player: p,", "player: p, seen by: [p],")), 0),
    "known to one": (move("a").replace("known to all", "known to p"), 0),
    "known to nobody, squared": (move("a * a").replace("known to all", "known to nobody"), 0),
}  # fmt: skip


@pytest.mark.parametrize("name", CONTENTS)
def test_no_content_of_a_file_makes_a_traceback(run: Run, name: str) -> None:
    text, code = CONTENTS[name]
    start = time.process_time()
    result = run("solve", "@", *FEW, "--json", text=text)
    assert_clean(result, code)
    if code == 2:
        assert result.stdout == ""
        assert 5 < len(result.stderr) < 5000
    else:
        strict(result.stdout)
    assert time.process_time() - start < MOST_SECONDS


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(strategies.scenarios())
def test_any_drawn_scenario_is_answered(run: Run, data: dict[str, Any]) -> None:
    result = run("solve", "@", "--worlds", "5", "--json", text=strategies.text_of(data))
    assert_clean(result, 0, 3)
    strict(result.stdout)
