"""Reading composers from screens that are drawn as the real agents draw them."""

import pytest

from swarm_agents.courier import composer
from swarm_agents.courier.composer import ComposerDraft, EmptyComposer, NoComposer, OpenDialog
from swarm_agents.hosts import screen_profiles
from swarm_agents.model import PaneAddress
from swarm_agents.panes.pane import Pane

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


def read(name: str, rows: list[str], x: int, y: int) -> composer.ComposerState:
    return composer.read(pane(x, y), rows, screen_profiles.load_built_in()[name])


CLAUDE = [
    ("idle, a placeholder", ["● Done.", RULE, '❯ \x1b[2mTry "fix lint errors"\x1b[0m', RULE], 2, 2, EmptyComposer()),
    ("idle, trimmed", ["● Done.", RULE, "❯", RULE, "  ? for shortcuts"], 2, 2, EmptyComposer()),
    ("idle, a no-break space", [RULE, "❯\xa0", RULE], 2, 1, EmptyComposer()),
    ("its own cursor block", [RULE, "❯ \x1b[7mT\x1b[0m\x1b[2mry something\x1b[0m", RULE], 2, 1, EmptyComposer()),
    ("dim carried over from the row above", ["\x1b[2mold", "❯ hint\x1b[0m", RULE], 2, 1, EmptyComposer()),
    ("busy", ["✻ Working…", RULE, "❯", RULE], 2, 2, EmptyComposer()),
    ("a question quoted above", ["> Do you want to proceed?", RULE, "❯", RULE], 2, 2, EmptyComposer()),
    ("a draft", [RULE, "❯ please fix", RULE], 12, 1, ComposerDraft("pleasefix")),
    ("a draft, the cursor at its start", [RULE, "❯ please fix", RULE], 2, 1, ComposerDraft("pleasefix")),
    ("a draft of two rows", [RULE, "❯ please", "  fix", RULE], 5, 2, ComposerDraft("pleasefix")),
    ("the cursor on an empty first row of a draft", [RULE, "❯", "  fix this", RULE], 2, 1, ComposerDraft("fixthis")),
    ("a permission dialog", ["Do you want to proceed?", " ❯ 1. Yes", "   2. No"], 1, 1, OpenDialog()),
    ("a dialog that no profile describes", ["Pick one", " ❯ 1. Yes", "   2. No"], 1, 1, OpenDialog()),
    ("a choice that was made", ["❯ 1. Yes", "❯ go on", "", "working"], 0, 3, NoComposer()),
    ("starting", ["Welcome"], 0, 0, NoComposer()),
    ("nothing drawn", [], 0, 0, NoComposer()),
    ("the cursor elsewhere in the row", [RULE, "❯", RULE], 7, 1, NoComposer()),
]


@pytest.mark.parametrize(("rows", "x", "y", "state"), [case[1:] for case in CLAUDE], ids=[case[0] for case in CLAUDE])
def test_claude_code(rows: list[str], x: int, y: int, state: composer.ComposerState) -> None:
    assert read("claude-code", rows, x, y) == state


CODEX = [
    (
        "idle",
        ["", "› \x1b[2mExplain this codebase\x1b[0m", "", "  \x1b[2m? for shortcuts\x1b[0m"],
        2,
        1,
        EmptyComposer(),
    ),
    ("a draft", ["", "› hello", "", "  100% context left"], 7, 1, ComposerDraft("hello")),
    (
        "a menu, its keys below",
        ["Select Model", "› 1. one", "  2. two", "", "  enter select · esc back"],
        80,
        4,
        OpenDialog(),
    ),
    ("a menu that explains no keys", ["Run it?", "› 1. Yes", "  2. No"], 79, 1, ComposerDraft("1.Yes2.No")),
    ("a draft that is a list", ["", "› 1. fix it", "  2. test it"], 12, 2, ComposerDraft("1.fixit2.testit")),
    ("a draft that ends in an open line", ["", "› fix it", "", ""], 2, 2, ComposerDraft("fixit")),
    ("a prompt above, the cursor further down", ["", "› fix it", "", "", ""], 2, 3, NoComposer()),
    ("a prompt above, the cursor at the edge", ["", "› fix it", "", ""], 0, 2, NoComposer()),
    ("a menu, the cursor outside", ["Run it?", "› 1. Yes", "  2. No"], 30, 1, OpenDialog()),
]


@pytest.mark.parametrize(("rows", "x", "y", "state"), [case[1:] for case in CODEX], ids=[case[0] for case in CODEX])
def test_codex(rows: list[str], x: int, y: int, state: composer.ComposerState) -> None:
    assert read("codex", rows, x, y) == state


GEMINI = [
    (
        "idle",
        ["", " > \x1b[7m \x1b[0m\x1b[38;5;248m Type your message or @path/to/file\x1b[39m", ""],
        3,
        1,
        EmptyComposer(),
    ),
    ("a question to be answered in words", ["╭────╮", "│ >  │", "│ Enter to submit │", "╰────╯"], 4, 1, OpenDialog()),
    ("a list in a draft", ["", " > do", "   this", "   *", ""], 5, 3, ComposerDraft("dothis*")),
    ("a quotation in a draft", ["", " > she said", "   >", ""], 5, 2, ComposerDraft("shesaid>")),
    ("a draft that begins like the placeholder", ["", " > Type your mess", ""], 17, 1, ComposerDraft("Typeyourmess")),
    ("a shell's prompt", ["", " ! \x1b[38;5;248m Type your shell command", ""], 3, 1, NoComposer()),
    (
        "a quotation above a question",
        [" > Apply this change?", "", "│ Allow execution of [x]?", "│ ● 1. Yes"],
        0,
        3,
        OpenDialog(),
    ),
    ("a question that was quoted", [" > Apply this change?", "", "working"], 0, 2, NoComposer()),
]


@pytest.mark.parametrize(("rows", "x", "y", "state"), [case[1:] for case in GEMINI], ids=[case[0] for case in GEMINI])
def test_gemini(rows: list[str], x: int, y: int, state: composer.ComposerState) -> None:
    assert read("gemini", rows, x, y) == state


def block(*rows: str, purpose: str = "  Build · Model", edge: str = "  ╹▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀") -> list[str]:
    return ["", *(f"  ┃{row}" for row in ["", *rows, "", purpose]), edge]


HINT = '  \x1b[38;5;8mAsk anything… "What is this?"\x1b[0m'
OPENCODE = [
    ("idle", block(""), 5, 2, EmptyComposer()),
    ("a placeholder", block(HINT, edge=f"  ╹{'▀' * 40}"), 5, 2, EmptyComposer()),
    ("a draft that begins like the placeholder", block("  Ask anything"), 5, 2, ComposerDraft("Askanything")),
    ("a draft", block("  fix"), 8, 2, ComposerDraft("fix")),
    ("a draft of rows, the cursor on the first", block("  a", "  b"), 5, 2, ComposerDraft("ab")),
    ("empty rows, the cursor on the first", block("", ""), 5, 2, NoComposer()),
    ("empty rows, the cursor on the last", block("", ""), 5, 3, NoComposer()),
    ("an empty row below a draft", block("  a", "", ""), 5, 4, ComposerDraft("a")),
    ("a bar beside it", [*block("")[:2], f"  ┃{' ' * 21}what stands in a bar", *block("")[3:]], 5, 2, EmptyComposer()),
    ("a shell's prompt", block("", purpose="  Shell"), 5, 2, NoComposer()),
    ("a list over it", ["  ┃ /agents", *block("  /")[1:]], 6, 2, ComposerDraft("/agents/")),
    ("no edge below", block("", edge=""), 5, 2, NoComposer()),
    ("the cursor elsewhere", block(""), 9, 2, NoComposer()),
    ("the cursor outside", ["", *block("")], 5, 0, NoComposer()),
    ("a question", ["  ┃  △ Permission required", "  ┃", "  ┃   Allow once   Reject"], 5, 1, OpenDialog()),
]


@pytest.mark.parametrize(
    ("rows", "x", "y", "state"), [case[1:] for case in OPENCODE], ids=[case[0] for case in OPENCODE]
)
def test_opencode(rows: list[str], x: int, y: int, state: composer.ComposerState) -> None:
    assert read("opencode", rows, x, y) == state


@pytest.mark.parametrize("prompt", [">", "ask>", "architect>"])
def test_aider(prompt: str) -> None:
    assert read("aider", ["tokens: 1k", prompt], len(prompt) + 1, 1) == EmptyComposer()
    assert read("aider", ["tokens: 1k", f"{prompt} fix"], len(prompt) + 4, 1) == ComposerDraft("fix")
    assert read("aider", [f"{prompt} fix", f"{prompt}"], len(prompt) + 1, 1) == ComposerDraft("fix")
    assert read("aider", [prompt, prompt], len(prompt) + 1, 1) == NoComposer()
    assert read("aider", ["Run shell command? (Y)es/(N)o [Yes]:"], 37, 0) == OpenDialog()
    assert read("aider", ["Run it? (Y)es/(N)o [Yes]: y", f"{prompt} fix", "", "Waiting"], 7, 3) == NoComposer()


@pytest.mark.parametrize("prompt", ["sqlite>", "mysql>", "ftp>"])
def test_a_program_that_runs_inside_aider_is_not_its_composer(prompt: str) -> None:
    assert read("aider", ["> /run", "Type .help for help.", "", prompt], len(prompt) + 1, 3) != EmptyComposer()


def test_aider_where_the_submit_key_ends_a_line_is_left_alone() -> None:
    assert read("aider", ["multi>"], 7, 0) == NoComposer()
    assert read("aider", ["ask multi>"], 11, 0) == NoComposer()


@pytest.mark.parametrize(
    ("row", "x", "state"),
    [
        ("", 0, EmptyComposer()),
        ("> ", 2, EmptyComposer()),
        ("name: ", 6, EmptyComposer()),
        ("> hal", 5, ComposerDraft(">hal")),
        ("50 %", 4, ComposerDraft("50%")),
    ],
)
def test_a_line_reader(row: str, x: int, state: composer.ComposerState) -> None:
    assert read("plain", [row], x, 0) == state


@pytest.mark.parametrize("codes", ["38;5;2", "48;2;2;2;2", "1", "22", "0;2;0", "32"])
def test_a_colour_is_not_dim(codes: str) -> None:
    assert read("claude-code", [f"❯ \x1b[{codes}mdraft\x1b[0m"], 2, 0) == ComposerDraft("draft")
