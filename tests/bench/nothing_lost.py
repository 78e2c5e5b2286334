"""Counts what `swarm commit` loses of a user's work in random repositories: 2,000 cases, a third of them killed."""

import os
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.random_work import BUILDS, Case, make_template, run_case

CASES = int(os.environ.get("SWARM_CASES", "2000"))


def main() -> None:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="nothing-lost-") as name:
        folder = Path(name)
        templates = {build: make_template(folder, build) for build in sorted(set(BUILDS))}
        ends: Counter[str] = Counter()
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            for case in threads.map(lambda number: run_case(number, templates, folder), range(CASES)):
                ends["killed" if case.exit == -9 else str(case.exit)] += 1
                if case.lost or case.exit == 70:
                    _show(case)
                    ends["LOST"] += bool(case.lost)
    print(f"{CASES} cases in {time.monotonic() - began:.0f} s, lost in {ends['LOST']}; how they ended: {dict(ends)}")


def _show(case: Case) -> None:
    print(f"case {case.number} ended {case.exit} and lost {case.lost}")
    for line in case.told:
        print(f"    {line}")
