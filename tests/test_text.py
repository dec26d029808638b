"""L1: what a file may be, and where its values stand."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratagem.scenario.text import MAX_BYTES, Document, TextFault, read_text


def refusal(text: str) -> str:
    """The faults at which reading stopped."""
    with pytest.raises(TextFault) as caught:
        read_text(text)
    return "; ".join(f"{one.line}:{one.column} {one.found}" for one in caught.value.faults)


def faults(text: str) -> list[str]:
    """The faults that did not stop the reading."""
    return [f"{one.line}:{one.column} {one.found}" for one in read_text(text).faults]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("NO", "NO"), ("no", "no"), ("off", "off"), ("12:30:45", "12:30:45"), ("012", "012"), ("2022-01-06", "2022-01-06"),
        ("1_000", "1_000"), ("0x1F", "0x1F"), ("0o14", "0o14"), ("1e3", 1000.0), ("-.5", -0.5), ("+3", 3), ("0", 0), ("-0.0", 0.0),
        ("true", True), ("False", False), ("~", None), ("", None), ("null", None), ("'3'", "3"), ('"true"', "true"),
        ("9" * 50, "9" * 50),
    ],
)  # fmt: skip
def test_a_scalar_is_text_a_number_a_truth_or_nothing(written: str, read: object) -> None:
    found = read_text(f"a: {written}").data["a"]
    assert found == read
    assert type(found) is type(read)


@pytest.mark.parametrize("number", [".inf", "-.inf", ".nan", ".NaN", "1e999", "-1e400"])
def test_a_number_is_finite(number: str) -> None:
    assert faults(f"a: 1\nb: {number}") == [f"2:4 the number `{number}`"]


def test_a_key_stands_once_and_the_first_one_stays() -> None:
    document = read_text("a: 1\nb: 2\na: {c: 3}\n")
    assert [one.found for one in document.faults] == ["the key `a` twice"]
    assert document.faults[0].expected == "once: it first stands on line 1"
    assert document.data == {"a": 1, "b": 2}
    assert document.has_lost("c")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: &x 1", "1:4 an anchor `&x`"),
        ("a: *x", "1:4 an alias `*x`"),
        ("a: !!int 1", "1:4 a tag `tag:yaml.org,2002:int`"),
        ("a: !python/object:os.system {}", "1:4 a tag"),
        ("<<: {a: 1}", "1:1 a merge key `<<`"),
        ("a: 1\n---\nb: 2", "2:1 a second document"),
        ("%YAML 1.2\n---\na: 1", "1:1 a `%` directive"),
        ("[a]: 1", "1:1 a list or mapping as a key"),
        ("a: [1", "1:4 text that is not YAML"),
        ("a: 'x", "text that is not YAML"),
        ("\ta: 1", "1:1 text that is not YAML"),
        ("a: \x07", "1:4 the control character U+0007"),
        ("a: \ud800", "1:4 the control character U+D800"),
    ],
)
def test_what_is_more_than_plain_data_is_refused_at_its_place(text: str, found: str) -> None:
    assert found in refusal(text)


@pytest.mark.parametrize("character", "\u202a\u202e\u2066\u200b\u2060\u00ad\u061c\u2028\x85\U000e0041\ufeff")
def test_a_character_that_cannot_be_seen_is_a_fault(character: str) -> None:
    assert faults(f"a: x\nb: y{character}z") == [f"2:5 the invisible character U+{ord(character):04X}"]


def test_a_byte_order_mark_hides_no_other_character() -> None:
    assert faults("\ufeffa: x\u202ey") == ["1:5 the invisible character U+202E"]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "[[{a: "])
def test_a_bomb_of_depth_is_refused_at_once(opening: str) -> None:
    start = time.process_time()
    assert "nested more than 32 deep" in refusal(opening * 100_000)
    assert time.process_time() - start < 0.5


def test_a_bomb_of_aliases_is_refused_before_anything_is_built() -> None:
    bomb = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 9))
    start = time.process_time()
    assert refusal(bomb) == "1:5 an anchor `&a0`"
    assert time.process_time() - start < 0.05


def test_a_bomb_of_merges_is_refused_before_anything_is_built() -> None:
    bomb = "a0: &a0 {k: v}\n" + "".join(f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}]}}\n" for i in range(1, 30))
    start = time.process_time()
    assert refusal(bomb) == "1:5 an anchor `&a0`"
    assert time.process_time() - start < 0.05


def test_a_text_over_a_mebibyte_is_refused() -> None:
    assert "a file over 1 MiB" in refusal("#" * (MAX_BYTES + 1))
    assert "a file over 1 MiB" in refusal("é" * (MAX_BYTES // 2 + 1))


def test_more_values_than_a_scenario_needs_are_refused() -> None:
    assert "more than 50,000 values" in refusal("a: [" + "1," * 60_000 + "1]")


def test_faults_without_end_are_not_listed_without_end() -> None:
    assert refusal("a: 1\n" * 1000).count("twice") == 101


def test_a_position_is_that_of_the_value_or_its_key() -> None:
    document = read_text("a:\n  b: [x, 'some text']\n")
    assert document.position(("a", "b", 1)) == (2, 10)
    assert document.position(("a", "b", 1), 5) == (2, 16)
    assert document.position(("a", "b"), at_key=True) == (2, 3)


def test_a_position_of_what_is_not_there_is_that_of_what_holds_it() -> None:
    document = read_text("a:\n  b: [x]\n")
    assert document.position(("a", "is", "b", 0)) == document.position(("a", "b", 0))
    assert document.position(("a", "c")) == document.position(("a",))


@given(st.recursive(st.integers() | st.booleans(), lambda inner: st.lists(inner, max_size=3), max_leaves=20))
def test_every_value_has_a_mark(data: object) -> None:
    document = read_text(f"a: {str(data).lower()}")

    def marked(value: object, path: tuple[str | int, ...], document: Document) -> bool:
        inner = enumerate(value) if isinstance(value, list) else ()
        return path in document.marks and all(marked(one, (*path, place), document) for place, one in inner)

    assert document.data == {"a": data}
    assert marked(data, ("a",), document)
