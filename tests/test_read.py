"""Whatever is in a file, reading it gives a scenario or its faults: quickly, in little memory, at lines of the file."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import BROKEN, CATALOGUE, catalogue_text, mutated
from strategies import scenarios, text_of

from stratagem.errors import MAX_FAULTS, Fault, ScenarioError, StratagemError
from stratagem.scenario.read import parse_scenario, read_file_text, read_scenario

MOST_SECONDS = 2.0  # of processor time
MOST_BYTES = 1 << 30
LARGE = 20_000  # characters: a catalogue scenario over this is mutated less often
SMALL = [*(catalogue_text(name) for name in CATALOGUE if len(catalogue_text(name)) <= LARGE)]
TEXTS = SMALL + [file.read_text("utf-8") for file in BROKEN]
NO_FAULT = Fault(0, 0, "", "", "")  # of a refusal that says nothing; no test lets it pass
RELAXED = settings(deadline=None, suppress_health_check=list(HealthCheck), database=None)


def faults_within(text: str) -> int:
    """How many faults a text has, each of them at a line of the text; 0 where it is sound."""
    start = time.process_time()
    faults = faults_of(text)
    assert time.process_time() - start < MOST_SECONDS
    last = len(re.split(r"\r\n|\r|\n", text))
    assert len(faults) <= MAX_FAULTS
    assert all(1 <= fault.line <= last and fault.column >= 1 for fault in faults), faults
    assert all(fault.found and fault.expected and re.match(r"[LM]\d+\Z", fault.rule) for fault in faults), faults
    return len(faults)


def faults_of(text: str) -> tuple[Fault, ...]:
    """The faults of a text. Any other error than of a scenario is raised."""
    try:
        parse_scenario(text)
    except ScenarioError as error:
        return error.faults or (NO_FAULT,)
    return ()


@settings(RELAXED, max_examples=900)
@given(st.sampled_from(TEXTS), st.integers(0, 1 << 32))
def test_a_spoiled_small_scenario_is_sound_or_has_faults(text: str, seed: int) -> None:
    faults_within(mutated(text, seed))


@settings(RELAXED, max_examples=40)
@given(st.sampled_from([name for name in CATALOGUE if len(catalogue_text(name)) > LARGE]), st.integers(0, 1 << 32))
def test_a_spoiled_large_scenario_is_sound_or_has_faults(name: str, seed: int) -> None:
    faults_within(mutated(catalogue_text(name), seed))


@settings(RELAXED, max_examples=60)
@given(scenarios(), st.integers(0, 1 << 32))
def test_a_spoiled_drawn_scenario_is_sound_or_has_faults(data: dict[str, object], seed: int) -> None:
    text = text_of(data)
    assert faults_within(text) == 0
    faults_within(mutated(text, seed))


@settings(RELAXED, max_examples=200)
@given(st.text(max_size=300))
def test_any_text_has_faults(text: str) -> None:
    assert faults_within(text) >= 1


@settings(RELAXED, max_examples=100)
@given(st.binary(max_size=300))
def test_any_bytes_have_faults(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.mktemp("bytes") / "scenario.yaml"
    file.write_bytes(content)
    with pytest.raises(ScenarioError):
        read_scenario(file)


def run_limited(code: str) -> str:
    """The output of a program that may use `MOST_BYTES` of address space and no more."""
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({MOST_BYTES}, {MOST_BYTES}))\n"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", limit + textwrap.dedent(code)],
        cwd=Path(__file__).parent, env={**os.environ, "PYTHONHASHSEED": "0"}, capture_output=True,
        text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_spoiled_scenarios_are_read_within_a_gigabyte() -> None:
    code = """
        from test_read import TEXTS, faults_within
        from mutations import mutated
        for seed in range(150):
            faults_within(mutated(TEXTS[seed % len(TEXTS)], seed))
        print("read")
    """
    assert run_limited(code) == "read\n"


HEAD = "scenario: x\\nplayers:\\n  a: A\\n"
MOVE = "timeline:\\n  - {move: m, player: a, actions: {x: , y: }}\\n"
LARGE_TEXTS = {
    "forces by theatres": "'theatres:\\n' + ''.join(f'  t{i}: t\\n' for i in range(20000)) + 'forces:\\n' + "
    "''.join(f'  f{i}: {{stock: {{}}}}\\n' for i in range(10000))",
    "levels": "'state:\\n' + ''.join(f'  v{i}: 1 in 0 to 1000\\n' for i in range(40000))",
    "definitions in one chain": "'definitions:\\n' + ''.join(f'  d{i}: d{i+1} + 1\\n' for i in range(20000)) + '  d20000: 1\\n'",
    "tall definitions one upon another": "'definitions:\\n' + ''.join(f'  d{i}: {\"1+\" * 90}d{i+1}\\n' for i in range(48)) + '  d48: 1\\n'",
    "circles": "'definitions:\\n' + ''.join(f'  d{i}: e{i}\\n  e{i}: d{i}\\n' for i in range(9000))",
    "unknown keys": "''.join(f'k{i}: 1\\n' for i in range(20000))",
    "one key again and again": "'scenario: 1\\n' * 40000",
    "correlations": "'quantities:\\n  known to all:\\n' + ''.join(f'    q{i}: 1 to 2\\n' for i in range(400)) + 'correlations:\\n'"
    " + ''.join(f'  - {{between: [q{2*i}, q{2*i+1}], rank: 0.5}}\\n' for i in range(200))",
}


@pytest.mark.parametrize("name", LARGE_TEXTS)
def test_a_large_file_is_read_within_a_gigabyte(name: str) -> None:
    code = f"""
        from stratagem.errors import ScenarioError
        from stratagem.scenario.read import parse_scenario
        try:
            parse_scenario("{HEAD}" + {LARGE_TEXTS[name]} + "{MOVE}")
        except ScenarioError as error:
            assert len(error.faults) <= 100
        print("read")
    """
    assert run_limited(code) == "read\n"


def test_reading_loads_no_array_library() -> None:
    code = """
        import sys
        from stratagem.catalogue import load
        load("kazakhstan-ukraine-2022").scenario
        print(sorted({"numpy", "scipy", "jax", "jsonschema", "rich"} & set(sys.modules)))
    """
    assert run_limited(code) == "[]\n"


def test_the_check_command_loads_no_array_library() -> None:
    code = """
        import sys
        from stratagem.cli import main
        try:
            main(["check", "kazakhstan-ukraine-2022"])
        except SystemExit as done:
            assert not done.code
        assert not {"numpy", "scipy", "jax"} & set(sys.modules), "an array library was loaded"
    """
    assert "sound" in run_limited(code)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(StratagemError, match=r"cannot read `nowhere\.yaml`: No such file"):
        read_scenario("nowhere.yaml")


@pytest.mark.parametrize("name", ["\0", "a" * 5000, "/"])
def test_a_name_that_is_no_file_is_refused(name: str) -> None:
    with pytest.raises(StratagemError, match="cannot read"):
        read_file_text(Path(name))


def test_a_byte_that_is_not_utf_8_has_its_place(tmp_path: Path) -> None:
    file = tmp_path / "latin.yaml"
    file.write_bytes(b"scenario: x\nabout: caf\xe9\n")
    with pytest.raises(ScenarioError, match=r":2:11: the byte 0xE9, which is not UTF-8; text in UTF-8 \[L1\]"):
        read_scenario(file)


def test_a_file_over_a_mebibyte_is_not_opened(tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    file.write_bytes(b"#" * (1 << 20) + b"\n")
    with pytest.raises(ScenarioError, match="a file over 1 MiB"):
        read_scenario(file)


def test_a_byte_order_mark_is_allowed(tmp_path: Path) -> None:
    file = tmp_path / "marked.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + SMALL[0].encode())
    assert read_scenario(file) == parse_scenario(SMALL[0])
    assert parse_scenario("\ufeff" + SMALL[0]) == parse_scenario(SMALL[0])


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_catalogue_is_sound(name: str) -> None:
    assert faults_within(catalogue_text(name)) == 0
