"""Runs the examinations side by side, each with a limit, so that one that hangs takes only its own finding along."""

from __future__ import annotations

import functools
from pathlib import Path

from swarm_agents import place
from swarm_agents.config.config import Config
from swarm_agents.doctor import checks, database, findings, git_hooks, leases, panes, programs, storage
from swarm_agents.doctor.findings import Finding, Severity, error, make_error_finding
from swarm_agents.errors import SwarmError
from swarm_agents.place import Place
from swarm_agents.system.parallel import ParallelTasks
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

Examination: TypeAlias = "Callable[[], list[Finding]]"

LIMIT_S = 12.0  # each part has a shorter one of its own, except what the kernel does not end: a hung network mount


def examine(agent: str | None, with_check: bool) -> list[Finding]:
    """Every finding, the worst first. Without `with_check`, the check of the build is not run, which may take long."""
    found = _run(_about_programs())
    try:
        here = place.find()
    except SwarmError as nowhere:
        return findings.order([*found, make_error_finding("place", nowhere)])
    config = checks.read_config(here)
    found += [config if isinstance(config, Finding) else checks.describe_config(here, config)]
    found += _run(_about_place(here))
    if not isinstance(config, Finding):
        found += checks.examine_notify_command(config)
    if _is_usable(found):
        known = config if not isinstance(config, Finding) else Config()
        found += _run(_about_contents(here, known))
        if not isinstance(config, Finding):
            found += _run({"watching": functools.partial(checks.examine_watching, here)})
            if with_check and here.root is not None:
                found.append(_examine_check(here, config, agent))
    return findings.order(found)


def _about_programs() -> Mapping[str, Examination]:
    return {
        "python": programs.examine_python,
        "git": programs.examine_git,
        "tmux": programs.examine_tmux,
        "sqlite": programs.examine_sqlite,
    }


def _about_place(here: Place) -> Mapping[str, Examination]:
    """What needs no database, and whether there is one."""
    return {
        "file-system": functools.partial(storage.examine_file_system, here),
        "writing": functools.partial(storage.examine_writing, here),
        "database": functools.partial(database.examine_opening, here),
        "gate": functools.partial(git_hooks.examine_git_hooks, here),
    }


def _about_contents(here: Place, config: Config) -> Mapping[str, Examination]:
    """What needs a database that can be used."""
    return {
        "journal": functools.partial(database.examine_journal, here),
        "clock": functools.partial(database.examine_clock, here),
        "red-flag": functools.partial(database.examine_red_flag, here),
        "leases": functools.partial(leases.examine_leases, here),
        "panes": functools.partial(panes.examine_panes, here, config),
    }


def _is_usable(found: list[Finding]) -> bool:
    return any(finding.id == "database" and finding.severity is not Severity.ERROR for finding in found)


def _run(examinations: Mapping[str, Examination]) -> list[Finding]:
    """The findings of each, in this order."""
    tasks: ParallelTasks[list[Finding]] = ParallelTasks()
    done = tasks.run({name: functools.partial(_guard, name, one) for name, one in examinations.items()}, LIMIT_S)
    late = f"gave no answer within {LIMIT_S:g} s"
    return [
        finding
        for name in examinations
        for finding in done.get(name, [error(name, f"The examination of '{name}' {late}")])
    ]


def _guard(name: str, examination: Examination) -> list[Finding]:
    try:
        return examination()
    except SwarmError as raised:
        return [make_error_finding(name, raised)]
    except OSError as raised:
        return [error(name, f"'{name}' could not be examined: {raised}")]


def _examine_check(here: Place, config: Config, agent: str | None) -> Finding:
    try:
        with database.open_database(here) as db:
            return checks.examine_check(db, agent, config, Path(here.root or "."))
    except SwarmError as raised:
        return make_error_finding("check", raised)
