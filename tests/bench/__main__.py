"""Runs benches one after the other: `python -m tests.bench [NAME...]`. A bench is a module here with a `main()`."""

import compileall
import importlib
import os
import pkgutil
import platform
import sqlite3
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def main(names: list[str]) -> int:
    known = [found.name for found in pkgutil.iter_modules([str(Path(__file__).parent)]) if found.name != "__main__"]
    unknown = sorted(set(names) - set(known))
    if unknown:
        print(f"There is no bench {', '.join(unknown)}; there are {', '.join(known)}.", file=sys.stderr)
        return 64
    # As after an installation: under PYTHONDONTWRITEBYTECODE a bench would measure the compiler.
    for source in ("agents", "swarm_tui"):
        compileall.compile_dir(str(ROOT / source), quiet=2)
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    print(f"{versions}, {os.cpu_count()} cores, {platform.platform()}")
    for name in names or known:
        print(f"\n== {name}", flush=True)
        importlib.import_module(f"tests.bench.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
