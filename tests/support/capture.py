"""Runs the real tools on the small failing projects in tests/data/signatures, and keeps what they print.

Run it as `python -m tests.support.capture [TOOL ...]` with the tools on PATH; where NODE_MODULES names a folder, each
project gets it by a symlink. Every command runs four times: plain through a pipe and in colour on a terminal, each 80
and 200 columns wide.
"""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
import tomllib
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "data" / "signatures"
VARIANTS = [("plain", 80), ("plain", 200), ("colour", 80), ("colour", 200)]
LIMIT_S = 300

_PLACES = {  # no path of the machine that captured
    os.path.expanduser("~/.pyenv/versions/") + r"[^/\s]+": "/usr",
    os.path.expanduser("~") + r"(?=/)": "/home/user",
    re.escape(sys.prefix): "/usr",
}


def capture(tool: str) -> None:
    """Write the outputs of one tool, or tell that it is not installed."""
    project = tomllib.loads((FOLDER / tool / "project.toml").read_text(encoding="utf-8"))
    if "version" not in project:
        return
    with tempfile.TemporaryDirectory() as made:
        root = Path(made).resolve() / "repo"
        _write(root, project["files"])
        environment = os.environ | {"TMPDIR": str(root.parent), "CI": ""} | project.get("environment", {})
        asked = subprocess.run(["sh", "-c", project["version"]], cwd=root, capture_output=True, text=True)
        if asked.returncode != 0:
            sys.stderr.write(f"{tool}: not installed\n")
            return
        version = next(line for line in (asked.stdout + asked.stderr).splitlines() if line.strip()).strip()
        for name, run in project["runs"].items():
            if name.startswith("by-hand"):
                continue
            for look, width in VARIANTS:
                output = _run(run["command"], root, environment, look == "colour", width)
                head = f"captured from {tool}, {version}: {run['command']} ({look}, {width} columns)\n"
                where = FOLDER / tool / f"{name}-{look}-{width}.txt"
                where.write_bytes((head + _hide_places(output, root)).encode())
        sys.stderr.write(f"{tool}: {version}\n")


def _write(root: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, encoding="utf-8")
    if shared := os.environ.get("NODE_MODULES"):
        (root / "node_modules").symlink_to(shared)


def _run(command: str, root: Path, environment: dict[str, Any], coloured: bool, width: int) -> str:
    chosen = {"COLUMNS": str(width), "LINES": "50"}
    chosen |= {"TERM": "xterm-256color"} if coloured else {"TERM": "dumb", "NO_COLOR": "1"}
    words = ["sh", "-c", command]
    if not coloured:
        out, err = subprocess.PIPE, subprocess.STDOUT
        ran = subprocess.run(words, cwd=root, env=environment | chosen, stdout=out, stderr=err, timeout=LIMIT_S)
        return ran.stdout.decode(errors="replace")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    child = subprocess.Popen(words, cwd=root, env=environment | chosen, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    read = bytearray()
    try:
        while chunk := os.read(ours, 65_536):
            read += chunk
    except OSError:  # the last process that held the terminal has ended
        pass
    os.close(ours)
    child.wait(LIMIT_S)
    return read.decode(errors="replace")


def _hide_places(output: str, root: Path) -> str:
    output = output.replace(str(root), "/repo").replace(str(root.parent), "/tmp").replace(root.parent.name, "work")
    if shared := os.environ.get("NODE_MODULES"):
        output = re.sub(r"(?:(?:\.\./)+|/)" + re.escape(shared.lstrip("/")), "node_modules", output)
    for place, shown in _PLACES.items():
        output = re.sub(place, shown, output)
    return output


if __name__ == "__main__":
    for one in sys.argv[1:] or sorted(path.parent.name for path in FOLDER.glob("*/project.toml")):
        capture(one)
