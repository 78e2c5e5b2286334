"""Runs the configured check on a tree, in a clean working tree of its own, once for everybody.

What a check said of a tree is kept by (tree, check): whoever asks next is told at once, whoever asks meanwhile waits
for the one process that runs it. A killed one is replaced when its short lease has run out.
"""

import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from swarm_agents.config.config import CheckConfig
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.git import repository, worktrees
from swarm_agents.system import subprocesses
from swarm_agents.text import tail

_LEASE_MS = 20_000  # of the process that runs a check; shown to be alive every 5 s while it runs
_LOOK_EVERY_S = 1.0  # when a wake-up is lost
_BAD_NEWS_LASTS_MS = 600_000  # a failure may have been the machine's; success of a tree stays
_MUCH_MORE = 2  # times the time in which a check did not end: worth another try, it may have had what a budget left

ShowLife = Callable[[], None]


class State(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    FLAKY = "flaky"
    """Failed, and passed when it was run again on the same tree."""
    TIMED_OUT = "timed_out"
    COULD_NOT_RUN = "could_not_run"
    """Not found, not executable, killed, no space left: it says nothing about the tree."""


class CheckRun(NamedTuple):
    state: State
    exit_status: int | None
    output: str
    duration_ms: int


def on_tree(db: Database, root: Path, check: CheckConfig, tree: str, runner: str, give_up_at: float) -> CheckRun:
    """What the check says of this tree. Out of budget (`give_up_at`, monotonic seconds) is `TIMED_OUT`."""
    with db.subscribe() as commits:
        while True:
            with db.transaction() as tx:
                mine = _claim(tx, tree, check, runner, min(give_up_at - time.monotonic(), check.timeout_s))
                known = None if mine else _known(tx, tree, check)
            if known:
                return known
            if mine:
                return _run_and_keep(db, root, check, tree, runner, give_up_at)
            if time.monotonic() >= give_up_at:
                return CheckRun(State.TIMED_OUT, None, "another process was still running the check", 0)
            commits.wait(_LOOK_EVERY_S)


def in_place(root: Path, command: str, give_up_at: float) -> CheckRun:
    """What the check says of the working tree as it is, with everything that lies in it."""
    return _run(command, root, repository.scrubbed_environment(root), give_up_at, lambda: None)


def ever_passed(tx: Transaction, check: CheckConfig) -> bool:
    row = tx.one("select 1 from check_runs where check_key = :key and state = 'passed' limit 1", key=key(check))
    return row is not None


def known_good(tx: Transaction, tree: str) -> bool:
    """Whether this tree is known to be good: its check passed, or it landed through the hook."""
    return bool(
        tx.one("select 1 from check_runs where tree = :tree and state = 'passed'", tree=tree)
        or tx.one("select 1 from landings where tree = :tree", tree=tree)
    )


def key(check: CheckConfig) -> str:
    """Runs are comparable when all of this is equal."""
    return "\n".join([check.command, check.setup or "", *check.link])


def _claim(tx: Transaction, tree: str, check: CheckConfig, runner: str, left_s: float) -> bool:
    claimed = tx.one(
        "insert into check_runs (tree, check_key, state, at, runner, runner_mono_ms, runner_boot_id) "
        "values (:tree, :key, 'running', :now, :runner, :mono + :lease, :boot) "
        "on conflict (tree, check_key) do update set state = 'running', at = excluded.at, runner = excluded.runner, "
        "runner_mono_ms = excluded.runner_mono_ms, runner_boot_id = excluded.runner_boot_id "
        "where (check_runs.state = 'running' "
        "and (check_runs.runner_boot_id <> :boot or check_runs.runner_mono_ms <= :mono)) "
        "or (check_runs.state not in ('running', 'passed') and check_runs.at <= :old) "
        "or (check_runs.state = 'timed_out' and check_runs.duration_ms * :much_more <= :left_ms) returning tree",
        tree=tree,
        key=key(check),
        now=tx.now,
        old=tx.now - _BAD_NEWS_LASTS_MS,
        much_more=_MUCH_MORE,
        left_ms=int(left_s * 1000),
        runner=runner,
        mono=tx.moment.mono_ms,
        lease=_LEASE_MS,
        boot=tx.moment.boot_id,
    )
    return claimed is not None


def _known(tx: Transaction, tree: str, check: CheckConfig) -> CheckRun | None:
    row = tx.one(
        "select * from check_runs where tree = :tree and check_key = :key and state <> 'running'",
        tree=tree,
        key=key(check),
    )
    return _check_run(row) if row else None


def _run_and_keep(db: Database, root: Path, check: CheckConfig, tree: str, runner: str, give_up_at: float) -> CheckRun:
    def show_life() -> None:
        with db.transaction() as tx:
            tx.execute(
                "update check_runs set runner_mono_ms = :mono + :lease where tree = :tree and check_key = :key "
                "and runner = :runner and state = 'running'",
                mono=tx.moment.mono_ms,
                lease=_LEASE_MS,
                tree=tree,
                key=key(check),
                runner=runner,
            )

    try:
        found = _run_in_clean_tree(root, check, tree, give_up_at, show_life)
    except BaseException:
        with db.transaction() as tx:  # nothing was found out: the next one may try at once
            tx.execute(
                "delete from check_runs where tree = :tree and check_key = :key and runner = :runner",
                tree=tree,
                key=key(check),
                runner=runner,
            )
        raise
    with db.transaction() as tx:
        tx.execute(
            "update check_runs set state = :state, exit_status = :exit_status, output = :output, "
            "duration_ms = :duration_ms, at = :now where tree = :tree and check_key = :key and runner = :runner",
            state=found.state.value,
            exit_status=found.exit_status,
            output=found.output,
            duration_ms=found.duration_ms,
            now=tx.now,
            tree=tree,
            key=key(check),
            runner=runner,
        )
    return found


def _run_in_clean_tree(root: Path, check: CheckConfig, tree: str, give_up_at: float, show_life: ShowLife) -> CheckRun:
    environment = repository.scrubbed_environment(root)
    with worktrees.clean_tree(root, tree) as where:
        _link(root, where, check.link)
        if check.setup:
            prepared = _run(check.setup, where, environment, give_up_at, show_life)
            if prepared.state is not State.PASSED:
                return prepared._replace(state=State.COULD_NOT_RUN)
        until = min(give_up_at, time.monotonic() + check.timeout_s)
        found = _run(check.command, where, environment, until, show_life)
        if found.state is not State.FAILED:
            return found
        until = min(give_up_at, time.monotonic() + check.timeout_s)
        again = _run(check.command, where, environment, until, show_life)
        return found._replace(state=State.FLAKY) if again.state is State.PASSED else found


def _link(root: Path, where: Path, names: tuple[str, ...]) -> None:
    for name in names:
        if (root / name).exists() and not (where / name).exists():
            (where / name).parent.mkdir(parents=True, exist_ok=True)
            (where / name).symlink_to(root / name)


def _run(command: str, where: Path, environment: dict[str, str], give_up_at: float, show_life: ShowLife) -> CheckRun:
    began = time.monotonic()
    words = ["sh", "-c", command]
    ended = subprocesses.within(give_up_at - began, words, where, environment, merged=True, show_life=show_life)
    output = tail(ended.output.decode("utf-8", errors="replace"), lines=200, characters=20_000)
    duration_ms = int((time.monotonic() - began) * 1000)
    return CheckRun(_state(ended.code, ended.in_time, output), ended.code, output, duration_ms)


def _state(code: int, in_time: bool, output: str) -> State:
    if not in_time:
        return State.TIMED_OUT
    if code == 0:
        return State.PASSED
    if code < 0 or code >= 126 or "No space left on device" in output:
        return State.COULD_NOT_RUN
    return State.FAILED


def _check_run(row: Row) -> CheckRun:
    return CheckRun(State(row["state"]), row["exit_status"], row["output"], row["duration_ms"])
