"""Text from outside can neither hide text nor move the cursor once it passed through here."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm_agents.errors import UsageError
from swarm_agents.text import checked_name, one_line, printable, tail, without_escapes

BAD_NAMES = [
    "",
    " ",
    "a b",
    "a\nb",
    "a\n",
    "\na",
    "it's",
    'say "hi"',
    "$(reboot)",
    "a;b",
    "-rf",
    "_a",
    "ä",
    "ａ",
    "a\u202eb",
    "a\u200bb",
    "a\x1b[2Jb",
    "a\x00",
    "$role",
    "a" * 65,
    "a" * 10_000,
    "..",
    "a/b",
    "\ud800",
]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[2J", "␛[2J"),
        ("a\rb", "a␍b"),
        ("\x00", "␀"),
        ("\x7f", "␡"),
        ("\x9b31m", "\ufffd31m"),
        ("\u202eevil", "\ufffdevil"),
        ("\u2066a\u2069", "\ufffda\ufffd"),
        ("a\u200bb", "a\ufffdb"),
        ("\ufeffa", "\ufffda"),
        ("a\u200cb\u200dc", "a\ufffdb\ufffdc"),
        ("\u0645\u200c\u200c\u0634", "\u0645\ufffd\ufffd\u0634"),
        ("\u0645\u200c \u200d\u0634", "\u0645\ufffd \ufffd\u0634"),
        ("\u0645\u200da", "\u0645\ufffda"),
        ("🎉\u200c🎉", "🎉\ufffd🎉"),
        ("👩\u200d", "👩\ufffd"),
        ("\u061c\u200d\u0634", "\ufffd\ufffd\u0634"),
        ("\u2028", "\ufffd"),
        ("\ud800", "\ufffd"),
        ("\U000e0041", "\ufffd"),
        ("one\ntwo\tthree", "one\ntwo\tthree"),
        ("naïve – 漢字 🎉", "naïve – 漢字 🎉"),
    ],
)
def test_what_could_move_the_cursor_or_hide_is_shown_instead(raw: str, shown: str) -> None:
    assert printable(raw) == shown


@pytest.mark.parametrize(
    "text",
    [*("👨‍👩‍👧", "👩🏽‍💻", "🏳️‍🌈", "❤️‍🔥", "🧑‍⚖️", "👁️‍🗨️", "🙂‍↔️", "⛓️‍💥"), *("می‌شود", "خانه‌ها", "क्‍ष", "ක්‍ෂ", "র‍্য", "ന്‍റെ")],
)
def test_joiners_stay_where_emoji_and_scripts_need_them(text: str) -> None:
    assert "\u200c" in text or "\u200d" in text
    assert printable(text) == text


@given(st.text(st.sampled_from("a \u0645\u0634\u0915\u094d👩❤🏽\ufe0f\u200b\u200c\u200d\u202e")), st.integers(1, 20))
def test_a_joiner_that_is_left_stands_alone_between_two_characters_that_are_seen(text: str, limit: int) -> None:
    for shown in (printable(text), one_line(text, limit), tail(text, characters=limit)):
        assert not set("\u200b\u202e") & set(shown)
        for at, character in enumerate(shown):
            if character in "\u200c\u200d":
                assert 0 < at < len(shown) - 1
                assert not {shown[at - 1], shown[at + 1]} & set("a \u200c\u200d…")


@given(st.text())
def test_no_control_character_but_newline_and_tab_survives(text: str) -> None:
    left = {unicodedata.category(character) for character in printable(text) if character not in "\n\t"}

    assert not left & {"Cc", "Cs"}
    assert not any(unicodedata.bidirectional(c) in {"RLO", "LRO", "RLE", "LRE", "PDF", "RLI"} for c in printable(text))


@given(st.text())
def test_printable_text_is_not_changed_again(text: str) -> None:
    assert printable(printable(text)) == printable(text)


@pytest.mark.parametrize(
    ("raw", "coloured", "left"),
    [
        ("\x1b[1;31mred\x1b[m", "\x1b[1;31mred\x1b[m", "red"),
        ("\x1b[2J\x1b[5;1Hover", "over", "over"),
        ("\x1b]0;title\x07\x1b]8;;http://x\x1b\\link", "link", "link"),
        ("\x1b(0lqk\x0f\x1b", "0lqk", "0lqk"),
    ],
)
def test_of_escape_sequences_only_colours_may_stay(raw: str, coloured: str, left: str) -> None:
    assert (without_escapes(raw, but_colours=True), without_escapes(raw)) == (coloured, left)


@given(st.text(), st.integers(1, 80))
def test_one_line_is_one_line_within_its_limit(text: str, limit: int) -> None:
    line = one_line(text, limit)

    assert len(line) <= limit
    assert len(line.splitlines()) <= 1


def test_a_line_that_was_cut_ends_with_an_ellipsis() -> None:
    assert one_line("a long story", 7) == "a long…"


def test_the_tail_keeps_the_last_lines_within_both_limits() -> None:
    output = "\n".join(f"line {n}" for n in range(100))

    assert tail(output, lines=2) == "line 98\nline 99"
    assert tail("x" * 10_000, characters=100) == "x" * 100


@pytest.mark.parametrize("name", BAD_NAMES, ids=ascii)
def test_a_bad_name_is_refused_and_not_echoed_raw(name: str) -> None:
    with pytest.raises(UsageError) as refused:
        checked_name(name)

    assert refused.value.message == printable(refused.value.message)
    assert len(refused.value.message) < 200


@pytest.mark.parametrize("name", ["a", "A1", "ada-lovelace", "agent_7", "7of9", "a" * 64])
def test_a_good_name_is_taken_as_it_is(name: str) -> None:
    assert checked_name(name) == name
