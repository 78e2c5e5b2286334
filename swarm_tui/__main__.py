"""The command `swarm-tui`: finds the swarm, then opens the dashboard. Quick to refuse: Textual is loaded last."""

import argparse
import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn, TextIO

from swarm_agents import place
from swarm_agents.errors import NoSwarm, SwarmError, UsageError

USAGE = 64  # not argparse's 2, which agents' hosts read as "block"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        _tell(f"{self.format_usage()}{self.prog}: {message}")
        self.exit(USAGE)


def main(arguments: list[str] | None = None) -> int:
    """The exit code: 0, 64 for a wrong call or no terminal, 66 where there is no swarm, 78 for a wrong swarm.toml."""
    options = _parser().parse_args(arguments)
    if options.version:
        from importlib.metadata import version  # loads email and zipfile, needed only here

        sys.stdout.write(f"swarm-tui {version('swarm-tui')}\n")
        return 0
    try:
        return _run(options)
    except SwarmError as error:
        _tell(f"swarm-tui: {error.message}" + (f"\nRun: {error.next}" if error.next else ""))
        return error.exit


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="swarm-tui", description="The swarm's dashboard: the build, its fixer, who waits, the messages."
    )
    parser.add_argument("--version", action="store_true", help="print the version, and open nothing")
    parser.add_argument("--db", metavar="PATH", help="the database (default: SWARM_DB, else this repository's)")
    parser.add_argument(
        "--read-only", action="store_true", help="show everything, change nothing: no acts, no notices typed"
    )
    parser.add_argument("--no-courier", action="store_true", help="type no notices into panes; 'swarm courier' does")
    parser.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")
    parser.add_argument(
        "--theme", metavar="NAME", help="swarm-dark (default), swarm-light, swarm-contrast, or one of Textual's"
    )
    return parser


def _run(options: argparse.Namespace) -> int:
    found = place.find() if options.db is None else place.Place(place.make_absolute(options.db), None)
    if not Path(found.database).exists():
        raise NoSwarm(f"No swarm here: {found.database} does not exist.", next="swarm init")
    config = found.config()
    _check_terminal()

    from swarm_agents.system import log  # loads logging
    from swarm_agents.watch.live_config import LiveConfig  # a refusal does without it
    from swarm_tui.app import SwarmApp  # loads Textual, 200 ms that a refusal and --help do without
    from swarm_tui.settings import Settings  # loads themes, and with them Textual
    from swarm_tui.themes import DEFAULT  # loads Textual

    settings = Settings(
        LiveConfig(found, config),
        read_only=options.read_only,
        courier=not options.no_courier,
        theme=options.theme or DEFAULT,
    )
    for frozen in ("COLUMNS", "LINES"):  # exported by some shells and runners; the terminal itself knows better
        os.environ.pop(frozen, None)
    log.capture_libraries(found.database)  # a library that warns onto standard error would write across the screen
    app = SwarmApp(settings)
    for end in (signal.SIGTERM, signal.SIGHUP):  # else the terminal keeps the mouse and the other screen
        signal.signal(end, lambda *_: app.leave_by_signal())
    app.run(mouse=not options.no_mouse)
    return app.return_code or 0


def _check_terminal() -> None:
    """Raise `UsageError` where no dashboard can be drawn: Textual draws on standard error, and on anything."""
    names = {"standard input": sys.stdin, "standard output": sys.stdout, "standard error": sys.stderr}
    elsewhere = [name for name, stream in names.items() if not _is_terminal(stream)]
    if elsewhere:
        raise UsageError(
            f"The dashboard needs a terminal, but {' and '.join(elsewhere)} of this command "
            f"{'is' if len(elsewhere) == 1 else 'are'} not one. For a pipe or a file 'swarm status' prints the same.",
            next="swarm status",
        )
    if (kind := os.environ.get("TERM", "")) in ("", "dumb", "unknown"):
        raise UsageError(
            f"This terminal cannot show a dashboard: TERM is {kind or 'not set'}. Where it can, say which it is.",
            next="TERM=xterm-256color swarm-tui",
        )


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def _tell(text: str) -> None:
    """Print it on standard error, and on the terminal where that goes elsewhere."""
    streams = [sys.stderr] if _is_terminal(sys.stderr) or not _is_terminal(sys.stdout) else [sys.stderr, sys.stdout]
    for stream in filter(None, streams):  # a closed one is None
        with contextlib.suppress(OSError):
            print(text, file=stream, flush=True)


if __name__ == "__main__":
    sys.exit(main())
