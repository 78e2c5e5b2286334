"""Removes the demo, however it ends: waits until its standard input is closed, by the demo or by its death.

Run as `python -m swarm_agents.demo.watchdog FOLDER SOCKET KEEP`, in a session of its own, so that neither Ctrl-C nor
kill -9 of the demo reaches it. Ends only what the demo started, by its socket and by process ids.
"""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from swarm_agents.demo.server import DASHBOARD_WINDOW
from swarm_agents.panes import private

_REMOVE_LIMIT_S = 10.0  # the last git that a killed agent ran may still write for a moment
_START_LIMIT_S = 1.0  # a tmux that was just started listens within 20 ms
END_LIMIT_S = 30.0


def start(folder: Path, socket: str, keep: bool) -> subprocess.Popen[bytes]:
    """From now on everything is removed, even if this process is killed. `finish` waits for it at a normal end."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", __name__, str(folder), socket, "keep" if keep else "remove"],
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def finish(watchdog: subprocess.Popen[bytes]) -> bool:
    """Let the watchdog remove everything, and wait for it. Whether it succeeded."""
    assert watchdog.stdin is not None
    watchdog.stdin.close()
    try:
        return watchdog.wait(END_LIMIT_S) == 0
    except subprocess.TimeoutExpired:
        return False


def main(words: list[str]) -> None:
    folder, socket, keep = words
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    if keep == "keep":
        private.hang_up_panes(socket, spared_window=DASHBOARD_WINDOW)
        return
    _end_server(socket)
    give_up_at = time.monotonic() + _REMOVE_LIMIT_S
    while Path(folder).exists():
        shutil.rmtree(folder, ignore_errors=True)
        if time.monotonic() > give_up_at:
            sys.exit(1)
        time.sleep(0.05)


def _end_server(socket: str) -> None:
    """End the server, also when the demo was killed while it was starting it."""
    give_up_at = time.monotonic() + _START_LIMIT_S
    while not private.end_server(socket) and Path(socket).parent.exists() and time.monotonic() < give_up_at:
        time.sleep(0.05)


if __name__ == "__main__":
    main(sys.argv[1:])
