"""YAML as operators write it, as editors damage it, and as attackers would."""

from __future__ import annotations

import contextlib
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuilerie.catalogue.yaml_text import MAX_BYTES, decode, read_yaml
from tuilerie.errors import CatalogueError, Problem


def fault_in(text: str) -> Problem:
    with pytest.raises(CatalogueError) as caught:
        read_yaml(text, "f.yaml")
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].file == "f.yaml"
    return caught.value.problems[0]


def test_scalars_follow_yaml_1_2():
    """A country code, a clock time or a date would become a truth value or a number."""
    text = (
        "{a: no, b: 12:30, c: 2024-01-01, d: true, e: ~, f: 0x1F, g: 1e3, h: .inf, i: '7', j: -3}"
    )
    assert read_yaml(text) == {
        "a": "no",
        "b": "12:30",
        "c": "2024-01-01",
        "d": True,
        "e": None,
        "f": 31,
        "g": 1000.0,
        "h": math.inf,
        "i": "7",
        "j": -3,
    }
    assert math.isnan(read_yaml("x: .nan")["x"])


def test_keys_are_texts_as_spelled():
    """Matrix 0, year 2024 and Norwegian (no) would not be found under their names."""
    assert read_yaml("{0: a, 007: b, no: c, null: d, 1.50: e}") == {
        "0": "a",
        "007": "b",
        "no": "c",
        "null": "d",
        "1.50": "e",
    }


def test_numbers_remember_an_unusual_spelling():
    """A postal code 01234 would lose its zero where a text is wanted."""
    found = read_yaml("[01234, 1.10, 5, 1.5]")
    assert found == [1234, 1.1, 5, 1.5]
    assert [getattr(each, "spelling", None) for each in found] == ["01234", "1.10", None, None]


def test_merge_keys_and_aliases_work():
    """Operators who share settings by << would get none of them, or the wrong one."""
    text = "base: &b {x: 1, y: 2}\nmore: &m {y: 3, z: 4}\nall: {<<: [*b, *m], z: 5}\nsame: *b\n"
    found = read_yaml(text)
    assert found["all"] == {"x": 1, "y": 2, "z": 5}
    assert found["same"] == {"x": 1, "y": 2}


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "hint"),
    [
        ("a: 1\nb: 2\na: 3", 3, 1, "'a' is here twice: it was first written in line 1", "rename"),
        ("{x: {k: 1, k: 2}}", 1, 12, "'k' is here twice", "rename"),
        ("", 0, 0, "empty", "tuilerie: 1"),
        ("# nothing\n", 0, 0, "empty", "tuilerie: 1"),
        ("a:\n\tb: 1", 2, 1, "not YAML", "spaces, not with tabs"),
        ("a: b: c", 1, 5, "not YAML", "colon in quotes"),
        ("a: [1, 2", 2, 1, "not YAML", "close the bracket"),
        ("a: {c: #fff}\nb: 1", 2, 2, "not YAML", "begin with #"),
        ("a: 'x", 1, 6, "not YAML", "close the quotes"),
        ("a: @x", 1, 4, "not YAML", "begin with @ in quotes"),
        ("a: 1\nb # c: 2\n", 3, 1, "not YAML", "contain # in quotes"),
        ("a:\n  b: 1\n c: 2", 3, 2, "not YAML", "same column"),
        ("é: \x01x", 1, 4, "0x01 is not allowed", "remove"),
        ("? [a]\n: 1", 1, 3, "a key must be a plain text", "quotes"),
        ("a: !!python/object/apply:os.system [x]", 1, 4, "the tag", "remove"),
        ("a: !secret x", 1, 4, "the tag !secret means nothing", "remove"),
        ("a: !!int x", 1, 4, "the tag", "remove"),
        ("---\na: 1\n---\nb: 2", 3, 1, "second document", "---"),
        ("a: *nobody", 1, 4, "refers to no &nobody", ""),
        ("a: &x [*x]", 1, 8, "the block that it stands in", ""),
        ("a: 1\n<<: 3", 2, 5, "<< must be followed", "<<: *name"),
        ("a: \ud800", 0, 0, "not Unicode", ""),
    ],
)
def test_each_fault_has_its_place_and_its_mending(text, line, column, message, hint):
    """An operator would be told that something is wrong somewhere."""
    problem = fault_in(text)
    assert message in problem.message
    assert hint in problem.hint
    assert (problem.line, problem.column) == (line, column)


def test_all_duplicate_keys_are_reported_at_once():
    """The second mistake would show only after the first was mended."""
    with pytest.raises(CatalogueError) as caught:
        read_yaml("a: 1\na: 2\nb: {c: 1, c: 2}")
    assert [problem.line for problem in caught.value.problems] == [2, 3]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_depth_is_bounded(opening):
    """A hundred thousand brackets would exhaust the stack and kill the process."""
    assert "nested more than" in fault_in(f"a:\n  {opening * 100_000}").message


def test_aliases_cannot_explode():
    """Twenty lines of aliases of aliases would become 10 to the 20th values in memory."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 21)]
    assert "aliases are followed" in fault_in("\n".join(lines)).message


def test_files_are_bounded_and_utf_8():
    """Latin-1 would be served as mojibake; a wrong file of gigabytes would be read whole."""
    assert decode(b"\xef\xbb\xbfa: \xc3\xa9") == "a: é"
    with pytest.raises(CatalogueError) as caught:
        decode(b"a: 1\nb: \xc3\xa9t\xe9", "f.yaml")
    problem = caught.value.problems[0]
    assert (problem.line, problem.column) == (2, 6)
    assert "0xe9" in problem.message
    assert "UTF-8" in problem.hint
    with pytest.raises(CatalogueError, match="larger than"):
        decode(b" " * (MAX_BYTES + 1))


# JSON is YAML 1.2, but for line breaks that only YAML knows and characters that it forbids.
TEXTS = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Cn", "Zl", "Zp"], include_characters="\n\t"),
    max_size=12,
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXTS,
    st.sampled_from(["1", "0x1", "1e3", "null", "~", "true", "<<", "*a", "&a", "- a", "#", "a: b"]),
)
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(TEXTS, DATA, max_size=4))
def test_json_is_read_as_it_is(data):
    """What a program writes as JSON, which is YAML, would be read as something else."""
    assert read_yaml(json.dumps(data, ensure_ascii=False)) == data


@given(st.text(alphabet=" \n\t:-[]{}#&*!|>'\"%@`ab10~<?,é\x00\ufeff", max_size=60))
def test_any_text_is_read_or_refused(text):
    """Some text would end in a traceback instead of a problem with its place."""
    with contextlib.suppress(CatalogueError):
        read_yaml(text)


@pytest.mark.parametrize("text", ["a: &x 1\nb: &x 2", "a: &x {b: &x 1}", "&x a: 1\nb: &x [*x]"])
def test_an_anchor_has_one_meaning(text):
    """YAML lets it have several; the reader that finds lines does not, and failed at them."""
    with pytest.raises(CatalogueError, match="&x is here twice") as refused:
        read_yaml(text, "c.yaml")
    assert refused.value.problems[0].line == text.count("\n") + 1
