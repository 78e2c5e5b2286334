"""What a screen says of a composer: drawn as the real agents draw it."""

import pytest

from swarm_agents.courier import composer
from swarm_agents.courier.composer import Absent, Dialog, Draft, Empty
from swarm_agents.hosts import screen_profiles
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
        activity=0,
        watchers=0,
        tty="/dev/null",
        window_id="@1",
        window="w",
        title="t",
        path="/",
        command="x",
        last="",
        profile="",
    )


def read(name: str, rows: list[str], x: int, y: int) -> composer.Composer:
    return composer.read(pane(x, y), rows, screen_profiles.load_built_in()[name])


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
    ("a dialog nobody described", ["Pick one", " ❯ 1. Yes", "   2. No"], 1, 1, Dialog()),
    ("a choice that was made", ["❯ 1. Yes", "❯ go on", "", "working"], 0, 3, Absent()),
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
    (
        "a menu, its keys below",
        ["Select Model", "› 1. one", "  2. two", "", "  enter select · esc back"],
        80,
        4,
        Dialog(),
    ),
    ("a menu that explains no keys", ["Run it?", "› 1. Yes", "  2. No"], 79, 1, Draft("1.Yes2.No")),
    ("a draft that is a list", ["", "› 1. fix it", "  2. test it"], 12, 2, Draft("1.fixit2.testit")),
    ("a draft that ends in an open line", ["", "› fix it", "", ""], 2, 2, Draft("fixit")),
    ("a prompt above, the cursor further down", ["", "› fix it", "", "", ""], 2, 3, Absent()),
    ("a prompt above, the cursor at the edge", ["", "› fix it", "", ""], 0, 2, Absent()),
    ("a menu, the cursor outside", ["Run it?", "› 1. Yes", "  2. No"], 30, 1, Dialog()),
]


@pytest.mark.parametrize(("rows", "x", "y", "said"), [case[1:] for case in CODEX], ids=[case[0] for case in CODEX])
def test_codex(rows: list[str], x: int, y: int, said: composer.Composer) -> None:
    assert read("codex", rows, x, y) == said


GEMINI = [
    ("idle", ["", " > \x1b[7m \x1b[0m\x1b[38;5;248m Type your message or @path/to/file\x1b[39m", ""], 3, 1, Empty()),
    ("a question to be answered in words", ["╭────╮", "│ >  │", "│ Enter to submit │", "╰────╯"], 4, 1, Dialog()),
    ("a list in a draft", ["", " > do", "   this", "   *", ""], 5, 3, Draft("dothis*")),
    ("a quotation in a draft", ["", " > she said", "   >", ""], 5, 2, Draft("shesaid>")),
    ("a draft that begins like the placeholder", ["", " > Type your mess", ""], 17, 1, Draft("Typeyourmess")),
    ("a shell's prompt", ["", " ! \x1b[38;5;248m Type your shell command", ""], 3, 1, Absent()),
    (
        "a quotation above a question",
        [" > Apply this change?", "", "│ Allow execution of [x]?", "│ ● 1. Yes"],
        0,
        3,
        Dialog(),
    ),
    ("a question that was quoted", [" > Apply this change?", "", "working"], 0, 2, Absent()),
]


@pytest.mark.parametrize(("rows", "x", "y", "said"), [case[1:] for case in GEMINI], ids=[case[0] for case in GEMINI])
def test_gemini(rows: list[str], x: int, y: int, said: composer.Composer) -> None:
    assert read("gemini", rows, x, y) == said


def block(*rows: str, purpose: str = "  Build · Model", edge: str = "  ╹▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀") -> list[str]:
    return ["", *(f"  ┃{row}" for row in ["", *rows, "", purpose]), edge]


HINT = '  \x1b[38;5;8mAsk anything… "What is this?"\x1b[0m'
OPENCODE = [
    ("idle", block(""), 5, 2, Empty()),
    ("a placeholder", block(HINT, edge=f"  ╹{'▀' * 40}"), 5, 2, Empty()),
    ("a draft that begins like the placeholder", block("  Ask anything"), 5, 2, Draft("Askanything")),
    ("a draft", block("  fix"), 8, 2, Draft("fix")),
    ("a draft of rows, the cursor on the first", block("  a", "  b"), 5, 2, Draft("ab")),
    ("empty rows, the cursor on the first", block("", ""), 5, 2, Absent()),
    ("empty rows, the cursor on the last", block("", ""), 5, 3, Absent()),
    ("an empty row below a draft", block("  a", "", ""), 5, 4, Draft("a")),
    ("a bar beside it", [*block("")[:2], f"  ┃{' ' * 21}what stands in a bar", *block("")[3:]], 5, 2, Empty()),
    ("a shell's prompt", block("", purpose="  Shell"), 5, 2, Absent()),
    ("a list over it", ["  ┃ /agents", *block("  /")[1:]], 6, 2, Draft("/agents/")),
    ("no edge below", block("", edge=""), 5, 2, Absent()),
    ("the cursor elsewhere", block(""), 9, 2, Absent()),
    ("the cursor outside", ["", *block("")], 5, 0, Absent()),
    ("a question", ["  ┃  △ Permission required", "  ┃", "  ┃   Allow once   Reject"], 5, 1, Dialog()),
]


@pytest.mark.parametrize(
    ("rows", "x", "y", "said"), [case[1:] for case in OPENCODE], ids=[case[0] for case in OPENCODE]
)
def test_opencode(rows: list[str], x: int, y: int, said: composer.Composer) -> None:
    assert read("opencode", rows, x, y) == said


@pytest.mark.parametrize("prompt", [">", "ask>", "architect>"])
def test_aider(prompt: str) -> None:
    assert read("aider", ["tokens: 1k", prompt], len(prompt) + 1, 1) == Empty()
    assert read("aider", ["tokens: 1k", f"{prompt} fix"], len(prompt) + 4, 1) == Draft("fix")
    assert read("aider", [f"{prompt} fix", f"{prompt}"], len(prompt) + 1, 1) == Draft("fix")
    assert read("aider", [prompt, prompt], len(prompt) + 1, 1) == Absent()
    assert read("aider", ["Run shell command? (Y)es/(N)o [Yes]:"], 37, 0) == Dialog()
    assert read("aider", ["Run it? (Y)es/(N)o [Yes]: y", f"{prompt} fix", "", "Waiting"], 7, 3) == Absent()


@pytest.mark.parametrize("prompt", ["sqlite>", "mysql>", "ftp>"])
def test_a_program_that_runs_inside_aider_is_not_its_composer(prompt: str) -> None:
    assert read("aider", ["> /run", "Type .help for help.", "", prompt], len(prompt) + 1, 3) != Empty()


def test_aider_where_the_submit_key_ends_a_line_is_left_alone() -> None:
    assert read("aider", ["multi>"], 7, 0) == Absent()
    assert read("aider", ["ask multi>"], 11, 0) == Absent()


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
