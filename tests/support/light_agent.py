"""The smallest program with Claude Code's composer, for benches with hundreds of them; records what it reads.

    light_agent.py RECORD

A line costs it a third of what it costs `fake_agent.py`, so that a bench does not measure the agents.
"""

import os
import signal
import sys
import tty

RULE, PROMPT, HINT = "─", "❯ ", "\x1b[2mTry something\x1b[0m"
MARKS = (b"\x1b[200~", b"\x1b[201~")


class LightProgram:
    def __init__(self) -> None:
        self.text = ""

    def draw(self, *_: object) -> None:
        width = os.get_terminal_size(0).columns
        room = width - len(PROMPT)
        rows = [self.text[at : at + room] for at in range(0, max(1, len(self.text)), room)]
        body = "\r\n  ".join(rows) if self.text else HINT
        cursor = f"\x1b[{len(rows) + 1};{len(rows[-1]) + len(PROMPT) + 1}H"
        screen = f"\x1b[?25l\x1b[H\x1b[2J{RULE * width}\r\n{PROMPT}{body}\r\n{RULE * width}{cursor}\x1b[?25h"
        os.write(1, screen.encode())

    def read(self, data: bytes) -> None:
        for mark in MARKS:
            data = data.replace(mark, b"")
        self.text = "" if data.endswith(b"\r") else self.text + data.decode()
        self.draw()


def main() -> None:
    tty.setraw(0)
    os.write(1, b"\x1b[?2004h")
    agent = LightProgram()
    agent.draw()
    signal.signal(signal.SIGWINCH, agent.draw)
    record = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    while data := os.read(0, 65536):
        os.write(record, data)
        agent.read(data)


if __name__ == "__main__":
    main()
