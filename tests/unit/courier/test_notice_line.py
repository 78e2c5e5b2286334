"""The typed line: for any message, it is one short line of harmless characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm_agents.courier import notice_line
from swarm_agents.courier.notice_line import MessageExcerpt
from swarm_agents.panes import keyboard

AWKWARD = [
    *("-x", "--help", "-l", "end;", "end;;", "end\\;", ";", "Enter", "C-c", "Escape", "Up", "Space", "0x41", "M-x"),
    *(
        "F1",
        "^C",
        "one\ntwo",
        "one\r\ntwo",
        "tab\there",
        "'single'",
        '"double"',
        "$HOME",
        "`id`",
        "$(id)",
        "\\",
        "\\\\",
    ),
    *("#{pane_id}", "#(touch x)", "#S", "%H", "100%", "\x1b[201~", "\x1b[31m", "\x00", "\x07", "\x7f", "\x9b31m"),
    *(
        "\u202etxt",
        "\u200b",
        "\u241e",
        "é",
        "e\u0301",
        "日本語",
        "👩\u200d👩\u200d👧",
        "שלום",
        "~",
        "!!",
        "/help",
        "@file",
    ),
    *("& rm -rf .", "| cat", "> out", "{ }", "\ud800"),
]


@pytest.mark.parametrize("body", [*AWKWARD, "x" * 20_000, "", "   "])
def test_no_payload_makes_an_unsafe_line(body: str) -> None:
    line = notice_line.format_line((MessageExcerpt(7, "ann", "INFO", body),))

    assert keyboard.TYPEABLE.fullmatch(line)
    assert line.startswith("[swarm#7] INFO from ann: ")
    assert line.endswith("Read all of it with: swarm inbox")
    assert len(line.encode()) <= notice_line.LINE_LIMIT_BYTES


@given(st.lists(st.text(max_size=300), min_size=1, max_size=30))
def test_any_number_of_any_messages_is_one_safe_line(bodies: list[str]) -> None:
    line = notice_line.format_line(
        tuple(MessageExcerpt(n, "ann", "INFO", body) for n, body in enumerate(bodies, start=1))
    )

    assert keyboard.TYPEABLE.fullmatch(line)
    assert len(line.encode()) <= notice_line.LINE_LIMIT_BYTES
    assert line.startswith(f"[swarm#{len(bodies)}] ")
    assert line.endswith("swarm inbox")


def test_several_messages_are_named_and_counted() -> None:
    line = notice_line.format_line(tuple(MessageExcerpt(n, f"agent-{n}", "INFO", "x") for n in range(1, 7)))

    assert line.startswith("[swarm#6] 6 messages: #3 INFO from agent-3, #4")
    assert "and 2 older" in line


@pytest.mark.parametrize("text", ["a'b", "a;b", "a\nb", "$x", "`x`", "\x1b[201~", "a\u241eb", "", "a\\b", "{x}"])
def test_the_keyboard_refuses_what_a_line_never_holds(text: str) -> None:
    assert not keyboard.TYPEABLE.fullmatch(text)
