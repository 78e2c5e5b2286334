"""Draws a coding agent's composer in raw mode, and records what is typed into it.

    fake_agent.py RECORD [--option ...]

The record has one JSON object a line: {"bytes": hex} for what was read, {"prompt": text} for what was submitted.
The record exists once it has drawn, so that a test knows when it is ready.
"""

import argparse
import json
import os
import random
import re
import select
import shutil
import signal
import termios
import time
import tty
from typing import NamedTuple

OPEN, CLOSE = b"\x1b[200~", b"\x1b[201~"
_PLAIN = re.compile(rb"[ -~]+")  # read in one go, so that 200 agents on one machine cost little


DIM, REVERSED, GREY, PLAIN = "\x1b[2m", "\x1b[7m", "\x1b[38;5;8m", "\x1b[0m"
HINT = 'Try "fix the tests"'


class DrawnRows(NamedTuple):
    """Rows, and the position of the cursor in them."""

    rows: list[str]
    x: int
    y: int


class FakeScreen:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.text = options.draft
        self.dialog = options.dialog
        self.transcript: list[str] = []

    def draw(self) -> None:
        width = shutil.get_terminal_size().columns
        above = ["fake agent", *self.transcript[-3:], ""]
        drawn = (DIALOGS if self.dialog else COMPOSERS)[self.options.like](self.text, width)
        rows = "\r\n".join(above + drawn.rows)
        cursor = f"\x1b[{len(above) + drawn.y + 1};{drawn.x + 1}H"
        os.write(1, f"\x1b[?25l\x1b[H\x1b[2J{rows}{cursor}\x1b[?25h".encode())


def wrapped(text: str, width: int) -> list[str]:
    return [line[at : at + width] for line in text.split("\n") for at in range(0, max(len(line), 1), width)]


def like_claude_code(text: str, width: int, glyph: str = "❯") -> DrawnRows:
    first, *more = wrapped(text, width - 2)
    rows = [f"{glyph} {first or DIM + HINT + PLAIN}", *(f"  {row}" for row in more)]
    rule = "─" * width
    return DrawnRows([rule, *rows, rule, "  ? for shortcuts"], 2 + len((more or [first])[-1]), len(rows))


def like_codex(text: str, width: int) -> DrawnRows:
    drawn = like_claude_code(text, width, "›")
    return drawn._replace(rows=["", *drawn.rows[1:-2], "", f"  {DIM}100% context left{PLAIN}"])


def like_gemini(text: str, width: int) -> DrawnRows:
    first, *more = wrapped(text, width - 3)
    hint = f"{REVERSED} {PLAIN}{GREY} Type your message or @path/to/file{PLAIN}"
    rows = [f" > {first if text else hint}", *(f"   {row}" for row in more)]
    below = ["", " workspace (/directory)"]
    return DrawnRows(
        ["─" * width, " Shift+Tab to accept edits", "", *rows, *below], 3 + len((more or [first])[-1]), 2 + len(rows)
    )


def like_opencode(text: str, width: int) -> DrawnRows:
    rows = wrapped(text, width - 8)
    hint = "" if text else f'{GREY}Ask anything… "What is this?"{PLAIN}'
    block = ["", *(f"  {row}" for row in rows), "", f"  Build{GREY} ·{PLAIN} Model"]
    block[1] += hint
    edge = f"  ╹{'▀' * (width - 6)}"
    return DrawnRows([*(f"  ┃{row}" for row in block), edge], 5 + len(rows[-1]), len(rows))


def like_aider(text: str, width: int) -> DrawnRows:
    rows = wrapped(text, width - 2)
    return DrawnRows(["─" * width, *(f"> {row}" for row in rows)], 2 + len(rows[-1]), len(rows))


def asks_like_claude_code(_text: str, _width: int) -> DrawnRows:
    question = ["Bash command", "  rm -rf build", "Do you want to proceed?", " ❯ 1. Yes", "   2. No", "Esc to cancel"]
    return DrawnRows(question, 1, 3)


def asks_like_codex(_text: str, width: int) -> DrawnRows:
    question = ["  Would you like to run the following command?", "  $ rm -rf build", "", "› 1. Yes, proceed (y)"]
    return DrawnRows([*question, "  2. No (esc)", "", "  Press enter to confirm or esc to cancel"], width, 6)


def asks_like_gemini(_text: str, width: int) -> DrawnRows:
    inside = ["? Shell rm -rf build", "Allow execution of [Shell]?", "● 1. Allow once", "  2. No"]
    frame = [f"│ {row.ljust(width - 4)} │" for row in inside]
    return DrawnRows([f"╭{'─' * (width - 2)}╮", *frame, f"╰{'─' * (width - 2)}╯", ""], 0, 6)


def asks_like_opencode(_text: str, _width: int) -> DrawnRows:
    rows = [
        "",
        "  △ Permission required",
        "    # Shell command",
        "",
        "  $ rm -rf build",
        "",
        "   Allow once   Reject",
        "",
    ]
    return DrawnRows([f"  ┃{row}" for row in rows], 25, 3)


def asks_like_aider(_text: str, _width: int) -> DrawnRows:
    question = "Run shell command? (Y)es/(N)o [Yes]: "
    return DrawnRows(["rm -rf build", question], len(question), 1)


COMPOSERS = {
    "claude-code": like_claude_code,
    "codex": like_codex,
    "gemini": like_gemini,
    "opencode": like_opencode,
    "aider": like_aider,
}
DIALOGS = {
    "claude-code": asks_like_claude_code,
    "codex": asks_like_codex,
    "gemini": asks_like_gemini,
    "opencode": asks_like_opencode,
    "aider": asks_like_aider,
}


class FakeProgram:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.screen = FakeScreen(options)
        self.chance = random.Random(options.seed)
        self.pasting = False
        self.pasted_at = 0.0
        self.pending = b""
        self.inserts = options.vim == "insert"
        self.record: int | None = None

    def note(self, **entry: str) -> None:
        if self.record is None:
            self.record = os.open(self.options.record, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(self.record, f"{json.dumps(entry)}\n".encode())

    def read(self, data: bytes) -> None:
        self.note(bytes=data.hex())
        self.pending += data
        while self.pending:
            if self.pending.startswith(OPEN) or self.pending.startswith(CLOSE):
                self.pasting = self.pending.startswith(OPEN)
                self.pasted_at = time.monotonic()
                self.pending = self.pending[len(OPEN) :]
            elif OPEN.startswith(self.pending) or CLOSE.startswith(self.pending):
                break
            else:
                self.key()
        self.screen.draw()

    def key(self) -> None:
        plain = _PLAIN.match(self.pending) if self.inserts else None
        size = plain.end() if plain else next((n for n in range(1, 5) if decodes(self.pending[:n])), 1)
        key, self.pending = self.pending[:size], self.pending[size:]
        if key == b"\r" and not self.pasting:
            self.enter()
        elif not self.inserts and not (self.pasting and self.options.vim == "normal"):
            self.inserts = key == b"i" and not self.pasting  # every other key is a command without effect here
        elif key == b"\n":
            self.screen.text += "\n"
        elif key == b"\x7f":
            self.screen.text = self.screen.text[:-1]
        elif key >= b" " and key != b"\x1b":
            self.screen.text += key.decode(errors="replace")

    def enter(self) -> None:
        if self.screen.dialog:
            self.note(approved="yes")
            self.screen.dialog = False
        elif self.options.swallow and self.chance.random() < self.options.swallow:
            self.note(swallowed="enter")
        elif time.monotonic() - self.pasted_at < self.options.line_end_after_paste:
            self.note(swallowed="enter")
            self.screen.text += "\n"
        elif self.screen.text:
            time.sleep(self.options.think)
            self.note(prompt=self.screen.text)
            self.screen.transcript.append(self.screen.text[:60].replace("\n", " "))
            self.screen.text = ""


def decodes(data: bytes) -> bool:
    try:
        return bool(data.decode())
    except UnicodeDecodeError:
        return False


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("record")
    parser.add_argument("--like", choices=COMPOSERS, default="claude-code", help="whose screen it draws")
    parser.add_argument("--draft", default="")
    parser.add_argument("--dialog", action="store_true")
    parser.add_argument("--swallow", type=float, default=0.0)
    parser.add_argument("--think", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start-after", type=float, default=0.0)
    parser.add_argument("--no-paste-marks", action="store_true")
    parser.add_argument(
        "--vim",
        choices=["insert", "normal", "strict"],
        default="insert",
        help="normal: keys are commands; strict: pastes too",
    )
    parser.add_argument(
        "--line-end-after-paste", type=float, default=0.0, help="s after a paste that Enter ends a line"
    )
    parser.add_argument("--deaf", action="store_true", help="draws its composer and never reads")
    parser.add_argument("--restless", action="store_true", help="its cursor moves all the time, like that of a spinner")
    return parser.parse_args()


def main() -> None:
    options = parse_options()
    agent = FakeProgram(options)
    before = termios.tcgetattr(0)
    tty.setraw(0)
    time.sleep(options.start_after)
    try:
        os.write(1, b"" if options.no_paste_marks else b"\x1b[?2004h")
        signal.signal(signal.SIGUSR1, lambda *_: toggle(agent))
        signal.signal(signal.SIGWINCH, lambda *_: agent.screen.draw())
        agent.screen.draw()
        agent.note(started="yes")
        while True:
            if options.deaf:
                signal.pause()
            while options.restless and not select.select([0], [], [], 0.02)[0]:
                os.write(1, b"\x1b7\x1b[1;20H*")
                time.sleep(0.002)
                os.write(1, b"\x1b8")
            data = os.read(0, 65536)
            if not data:
                return
            agent.read(data)
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)


def toggle(agent: FakeProgram) -> None:
    """SIGUSR1: a permission dialog opens, or closes."""
    agent.screen.dialog = not agent.screen.dialog
    agent.screen.draw()


if __name__ == "__main__":
    main()
