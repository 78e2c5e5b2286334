"""JSON with comments: where each value stands, and that a value goes in and out without a trace."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm_agents.errors import BadData
from swarm_agents.host_setup import jsonc
from tests.support.busy_configs import VALUES, written


@given(st.data(), VALUES)
def test_it_reads_what_json_reads_and_leaves_comments_and_trailing_commas_out(data: st.DataObject, value: Any) -> None:
    text = data.draw(written(value))

    assert jsonc.parse(text).value == value


@given(st.data(), VALUES.filter(lambda value: isinstance(value, dict | list) and bool(value)), VALUES)
def test_a_value_that_was_inserted_is_there_and_goes_out_to_the_last_byte(
    data: st.DataObject, value: Any, new: Any
) -> None:
    text = data.draw(written(value))
    root = jsonc.parse(text)
    key = "a new key" if isinstance(value, dict) else None

    changed = jsonc.insert_last(text, root, key, new, "  ", "\n")

    after = jsonc.parse(changed)
    assert after.value == (value | {key: new} if isinstance(value, dict) else [*value, new])
    assert jsonc.delete(changed, after, len(value)) == text


@given(st.data(), VALUES.filter(lambda value: isinstance(value, dict | list) and bool(value)))
def test_a_child_that_is_deleted_leaves_the_others(data: st.DataObject, value: Any) -> None:
    text = data.draw(written(value))
    at = data.draw(st.integers(0, len(value) - 1))

    left = jsonc.parse(jsonc.delete(text, jsonc.parse(text), at)).value

    items = list(value.items()) if isinstance(value, dict) else value
    assert (list(left.items()) if isinstance(value, dict) else left) == [*items[:at], *items[at + 1 :]]


@given(VALUES, st.data())
def test_a_text_that_was_cut_off_is_refused_and_never_read_as_something_else(value: Any, data: st.DataObject) -> None:
    text = json.dumps([value])

    cut = text[: data.draw(st.integers(0, len(text) - 1))]

    with pytest.raises(BadData, match=r"^line 1: "):
        jsonc.parse(cut)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{\n"a": 1\n"b": 2}', 3),
        ('{"a": tru}', 1),
        ("{\n  a: 1}", 2),
        ('{"a": 1}\n}', 2),
        ('{"a": 1,\n "a": 2}', 2),
        ("[1,,\n2]", 1),
        ('{"a": "b\nc"}', 1),
        ("[01]", 1),
        ("[NaN]", 1),
        ("[" * 1_000, 1),
        ("{} /* \n", 1),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, line: int) -> None:
    with pytest.raises(BadData, match=rf"^line {line}: "):
        jsonc.parse(text)
