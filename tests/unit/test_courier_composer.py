"""What a screen says of a composer: drawn as the real agents draw it."""

import pytest

from swarm_agents import composer, profiles
from swarm_agents.composer import Absent, Dialog, Draft, Empty
from swarm_agents.model import PaneAddress
from swarm_agents.panes import Pane

RULE = "─" * 80


def pane(x: int, y: int) -> Pane:
    return Pane(
        address=PaneAddress("/s", "1:1", "%1", 2),
        dead=False,
        in_mode=False,
        input_off=False,
        cursor_x=x,
        cursor_y=y,
        width=80,
        height=24,
        visible=True,
        history=0,
        activity=0,
        tty="/dev/null",
        session="s",
        window_id="@1",
        window="w",
        title="t",
        path="/",
        command="x",
        agent="a",
        last="",
        profile="",
    )


def read(name: str, rows: list[str], x: int, y: int) -> composer.Composer:
    return composer.read(pane(x, y), rows, profiles.built_in()[name])


CLAUDE = [
    ("idle, a placeholder", ["● Done.", RULE, '❯ \x1b[2mTry "fix lint errors"\x1b[0m', RULE], 2, 2, Empty()),
    ("idle, trimmed", ["● Done.", RULE, "❯", RULE, "  ? for shortcuts"], 2, 2, Empty()),
    ("idle, a no-break space", [RULE, "❯\xa0", RULE], 2, 1, Empty()),
    ("its own cursor block", [RULE, "❯ \x1b[7mT\x1b[0m\x1b[2mry something\x1b[0m", RULE], 2, 1, Empty()),
    ("dim carried over from the row above", ["\x1b[2mold", "❯ hint\x1b[0m", RULE], 2, 1, Empty()),
    ("busy", ["✻ Working…", RULE, "❯", RULE], 2, 2, Empty()),
    ("a question quoted above", ["> Do you want to proceed?", RULE, "❯", RULE], 2, 2, Empty()),
    ("a draft", [RULE, "❯ please fix", RULE], 12, 1, Draft("pleasefix")),
    ("a draft, the cursor at its start", [RULE, "❯ please fix", RULE], 2, 1, Draft("pleasefix")),
    ("a draft of two rows", [RULE, "❯ please", "  fix", RULE], 5, 2, Draft("pleasefix")),
    ("the cursor on an empty first row of a draft", [RULE, "❯", "  fix this", RULE], 2, 1, Draft("fixthis")),
    ("a permission dialog", ["Do you want to proceed?", " ❯ 1. Yes", "   2. No"], 1, 1, Dialog()),
    ("a dialog nobody described", ["Pick one", " ❯ 1. Yes", "   2. No"], 1, 1, Absent()),
    ("starting", ["Welcome"], 0, 0, Absent()),
    ("nothing drawn", [], 0, 0, Absent()),
    ("the cursor elsewhere in the row", [RULE, "❯", RULE], 7, 1, Absent()),
]


@pytest.mark.parametrize(("rows", "x", "y", "said"), [case[1:] for case in CLAUDE], ids=[case[0] for case in CLAUDE])
def test_claude_code(rows: list[str], x: int, y: int, said: composer.Composer) -> None:
    assert read("claude-code", rows, x, y) == said


CODEX = [
    ("idle", ["", "› \x1b[2mExplain this codebase\x1b[0m", "", "  \x1b[2m? for shortcuts\x1b[0m"], 2, 1, Empty()),
    ("a draft", ["", "› hello", "", "  100% context left"], 7, 1, Draft("hello")),
    ("a menu", ["Would you like to run the following command?", "› 1. Yes", "  2. No"], 79, 1, Draft("1.Yes2.No")),
    ("a menu, the cursor outside", ["Run it?", "› 1. Yes", "  2. No"], 30, 1, Dialog()),
]


@pytest.mark.parametrize(("rows", "x", "y", "said"), [case[1:] for case in CODEX], ids=[case[0] for case in CODEX])
def test_codex(rows: list[str], x: int, y: int, said: composer.Composer) -> None:
    assert read("codex", rows, x, y) == said


def test_gemini_needs_the_frame_around_its_prompt() -> None:
    framed = [
        "╭" + "─" * 20 + "╮",
        "│ > \x1b[38;5;244mType your message or @path/to/file\x1b[39m │",
        "╰" + "─" * 20 + "╯",
    ]

    assert read("gemini", framed, 0, 2) == Empty()
    assert read("gemini", ["she said", "> ", "and left"], 0, 2) == Absent()
    assert read("gemini", ["Apply this change?", *framed], 0, 3) == Dialog()
    assert read("gemini", [framed[0], "│ > fix it │", framed[2]], 0, 2) == Draft("fixit")


@pytest.mark.parametrize("prompt", [">", "ask>", "architect>", "multi>"])
def test_aider(prompt: str) -> None:
    assert read("aider", ["tokens: 1k", prompt], len(prompt) + 1, 1) == Empty()
    assert read("aider", ["tokens: 1k", f"{prompt} fix"], len(prompt) + 4, 1) == Draft("fix")
    assert read("aider", ["Run shell command? (Y)es/(N)o [Yes]:"], 37, 0) == Dialog()


@pytest.mark.parametrize(
    ("row", "x", "said"),
    [
        ("", 0, Empty()),
        ("> ", 2, Empty()),
        ("name: ", 6, Empty()),
        ("> hal", 5, Draft(">hal")),
        ("50 %", 4, Draft("50%")),
    ],
)
def test_a_line_reader(row: str, x: int, said: composer.Composer) -> None:
    assert read("plain", [row], x, 0) == said


@pytest.mark.parametrize("codes", ["38;5;2", "48;2;2;2;2", "1", "22", "0;2;0", "32"])
def test_a_colour_is_not_dim(codes: str) -> None:
    assert read("claude-code", [f"❯ \x1b[{codes}mdraft\x1b[0m"], 2, 0) == Draft("draft")
