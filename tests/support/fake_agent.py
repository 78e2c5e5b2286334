"""A coding agent's screen without the agent: draws a composer in raw mode and records what reaches it.

    fake_agent.py RECORD [--option ...]

The record has one JSON object a line: {"bytes": hex} for what was read, {"prompt": text} for what was submitted.
It draws only after its record exists, so a test knows when it is there.
"""

import argparse
import json
import os
import random
import select
import shutil
import signal
import sys
import termios
import time
import tty

OPEN, CLOSE = b"\x1b[200~", b"\x1b[201~"


class Screen:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.text = options.draft
        self.dialog = options.dialog
        self.transcript: list[str] = []

    def draw(self) -> None:
        width = shutil.get_terminal_size().columns
        rows = ["fake agent", *self.transcript[-3:], ""]
        if self.dialog:
            rows += [
                "Bash command",
                "  rm -rf build",
                "Do you want to proceed?",
                " ❯ 1. Yes",
                "   2. No",
                "Esc to cancel",
            ]
            cursor = (rows.index(" ❯ 1. Yes"), 1)
        else:
            rows.append("─" * width)
            first = len(rows)
            body = [self.text[at : at + width - 2] for at in range(0, len(self.text), width - 2)] or [""]
            glyph = self.options.prompt
            rows += [f"{glyph} {body[0]}" if self.text else f"{glyph} \x1b[2m{self.options.placeholder}\x1b[0m"]
            rows += [f"  {part}" for part in body[1:]]
            cursor = (first + len(body) - 1, 2 + len(body[-1]))
            rows += ["─" * width, "  ? for shortcuts"]
        out = "\x1b[?25l\x1b[H\x1b[2J" + "\r\n".join(rows) + f"\x1b[{cursor[0] + 1};{cursor[1] + 1}H\x1b[?25h"
        os.write(1, out.encode())


class Agent:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.screen = Screen(options)
        self.chance = random.Random(options.seed)
        self.pasting = False
        self.last_key = 0.0
        self.pending = b""
        self.inserts = options.vim != "normal"

    def note(self, **entry: str) -> None:
        with open(self.options.record, "a") as record:
            record.write(json.dumps(entry) + "\n")

    def read(self, data: bytes) -> None:
        self.note(bytes=data.hex())
        self.pending += data
        while self.pending:
            if self.pending.startswith(OPEN) or self.pending.startswith(CLOSE):
                self.pasting = self.pending.startswith(OPEN)
                self.pending = self.pending[len(OPEN) :]
            elif OPEN.startswith(self.pending) or CLOSE.startswith(self.pending):
                break
            else:
                self.key()
        self.screen.draw()

    def key(self) -> None:
        size = next((n for n in range(1, 5) if decodes(self.pending[:n])), 1)
        key, self.pending = self.pending[:size], self.pending[size:]
        if key == b"\r" and not self.pasting:
            self.enter()
        elif not self.inserts:
            self.inserts = key == b"i" and not self.pasting  # everything else is a command, and moves nothing here
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
        elif self.screen.text:
            time.sleep(self.options.think)
            self.note(prompt=self.screen.text)
            self.screen.transcript.append(self.screen.text[:60])
            self.screen.text = ""


def decodes(data: bytes) -> bool:
    try:
        return bool(data.decode())
    except UnicodeDecodeError:
        return False


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("record")
    parser.add_argument("--prompt", default="❯")
    parser.add_argument("--placeholder", default='Try "fix the tests"')
    parser.add_argument("--draft", default="")
    parser.add_argument("--dialog", action="store_true")
    parser.add_argument("--swallow", type=float, default=0.0)
    parser.add_argument("--think", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start-after", type=float, default=0.0)
    parser.add_argument("--no-paste-marks", action="store_true")
    parser.add_argument("--vim", choices=["insert", "normal"], default="insert", help="normal: keys are commands")
    parser.add_argument("--deaf", action="store_true", help="draws its composer and never reads")
    parser.add_argument("--title", default="")
    options = parser.parse_args()
    agent = Agent(options)
    before = termios.tcgetattr(0)
    tty.setraw(0)
    time.sleep(options.start_after)
    try:
        os.write(1, b"" if options.no_paste_marks else b"\x1b[?2004h")
        os.write(1, f"\x1b]2;{options.title}\x07".encode() if options.title else b"")
        signal.signal(signal.SIGUSR1, lambda *_: toggle(agent))
        signal.signal(signal.SIGWINCH, lambda *_: agent.screen.draw())
        agent.screen.draw()
        agent.note(started="yes")
        while True:
            if options.deaf:
                signal.pause()
            ready, _, _ = select.select([0], [], [], 1.0)
            data = os.read(0, 65536) if ready else None
            if data == b"":
                return
            if data:
                agent.read(data)
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)


def toggle(agent: Agent) -> None:
    """SIGUSR1: a permission dialog opens, or closes."""
    agent.screen.dialog = not agent.screen.dialog
    agent.screen.draw()


if __name__ == "__main__":
    sys.exit(main())
