"""Runs the configured check on a tree, in a clean working tree of its own, once for all agents.

The result is kept by (tree, check), and a later caller gets it. A caller during a run waits for the process that runs
the check, and takes over when that process was killed and its lease ran out.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from swarm_agents.commit import could_not_run, flakes
from swarm_agents.commit.signature.naming import name_failures
from swarm_agents.commit.signature.plain_text import read_plain_text
from swarm_agents.commit.signature.report_files import stamp_reports
from swarm_agents.commit.signature.signature import Signature
from swarm_agents.config.config import CheckConfig, NamingConfig
from swarm_agents.db.database import Database
from swarm_agents.db.deadlines import columns, value_in
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.git import repository, worktrees
from swarm_agents.system import subprocesses
from swarm_agents.text import tail
from swarm_agents.values import TYPE_CHECKING, NamedTuple, StrEnum

if TYPE_CHECKING:
    from pathlib import Path

_RUNS_UNTIL = columns("runner")
_LEASE_MS = 20_000  # of the process that runs a check; renewed every 5 s while it runs
_LOOK_EVERY_S = 1.0  # in case a wake-up is lost
_FAILURE_LASTS_MS = 600_000  # then it is checked again, as the machine may have failed; a success stays
_MORE_TIME = 2  # a timed-out check runs again only with this much more time; it may have got just the rest of a budget

Tick = Callable[[], None]


class CheckState(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    FLAKY = "flaky"
    """Failed, and passed or failed elsewhere when it was run again on the same tree."""
    TIMED_OUT = "timed_out"
    STILL_RUNNING = "still_running"
    """Another process was running it when this one gave up; never stored."""
    COULD_NOT_RUN = "could_not_run"
    """Not found, not executable, killed, no memory or space left: no evidence about the tree."""


class CheckRun(NamedTuple):
    """The result of one check, the end of its output, and what failed, by name."""

    state: CheckState
    exit_status: int | None
    output: str
    duration_ms: int
    signature: Signature | None = None


def run_on_tree(
    db: Database,
    root: Path,
    check: CheckConfig,
    tree: str,
    runner: str,
    give_up_at: float,
    failure_lasts_ms: int = _FAILURE_LASTS_MS,
    tick: Tick = lambda: None,
) -> CheckRun:
    """The result of the check on this tree, until `give_up_at` (monotonic seconds).

    A kept failure that is older than `failure_lasts_ms` is checked again. `tick` is called every 5 s while it runs.
    """
    with db.subscribe() as commits:
        while True:
            with db.transaction() as tx:
                left_s = min(give_up_at - time.monotonic(), check.timeout_s)
                mine = _claim(tx, tree, check, runner, left_s, failure_lasts_ms)
                known = None if mine else _read_result(tx, tree, check)
            if known:
                return known
            if mine:
                return _run_and_keep(db, root, check, tree, runner, give_up_at, tick)
            if time.monotonic() >= give_up_at:
                return CheckRun(CheckState.STILL_RUNNING, None, "", 0)
            commits.wait(_LOOK_EVERY_S)


def run_in_place(root: Path, check: CheckConfig, give_up_at: float, tick: Tick = lambda: None) -> CheckRun:
    """The result of the check on the working tree as it is, with everything that lies in it."""
    environment = repository.scrub_environment(root)
    return _run_twice(check, root, environment, give_up_at, tick)


def describe_end(run: CheckRun) -> str:
    """How a check ended, in words: `exit status 1`, or why it could not run."""
    status = f"exit status {run.exit_status}"
    reason = could_not_run.explain(run.exit_status or 0, run.output)
    return f"{status}: {reason}" if reason else status


def has_ever_passed(tx: Transaction, check: CheckConfig) -> bool:
    """Whether this check passed in a clean tree of any commit."""
    row = tx.one(
        "select 1 from check_runs where check_key = :key and state in ('passed', 'flaky') limit 1",
        key=_check_key(check),
    )
    return row is not None


def _check_key(check: CheckConfig) -> str:
    """Results are kept under this key: with another command, setup or link the check is another one."""
    return "\n".join([check.command, check.setup or "", *check.link])


def _claim(tx: Transaction, tree: str, check: CheckConfig, runner: str, left_s: float, failure_lasts_ms: int) -> bool:
    claimed = tx.one(
        f"insert into check_runs (tree, check_key, state, at, runner, {_RUNS_UNTIL.names}) "
        f"values (:tree, :key, 'running', :now, :runner, {value_in(':lease_ms')}) "
        "on conflict (tree, check_key) do update set state = 'running', at = excluded.at, runner = excluded.runner, "
        f"{_RUNS_UNTIL.taken_over} where (check_runs.state = 'running' and {_RUNS_UNTIL.of('check_runs').has_passed}) "
        "or (check_runs.state not in ('running', 'passed') and check_runs.at <= :old) "
        "or (check_runs.state = 'timed_out' and check_runs.duration_ms * :more_time <= :left_ms) returning tree",
        tree=tree,
        key=_check_key(check),
        now=tx.now,
        old=tx.now - failure_lasts_ms,
        more_time=_MORE_TIME,
        left_ms=int(left_s * 1000),
        runner=runner,
        **tx.clock,
        lease_ms=_LEASE_MS,
    )
    return claimed is not None


def _read_result(tx: Transaction, tree: str, check: CheckConfig) -> CheckRun | None:
    row = tx.one(
        "select * from check_runs where tree = :tree and check_key = :key and state <> 'running'",
        tree=tree,
        key=_check_key(check),
    )
    return _to_check_run(row) if row else None


def _run_and_keep(
    db: Database, root: Path, check: CheckConfig, tree: str, runner: str, give_up_at: float, tick: Tick
) -> CheckRun:
    def renew_lease() -> None:
        tick()
        with db.transaction() as tx:
            tx.execute(
                f"update check_runs set {_RUNS_UNTIL.set_in(':lease_ms')} where tree = :tree and check_key = :key "
                "and runner = :runner and state = 'running'",
                **tx.clock,
                lease_ms=_LEASE_MS,
                tree=tree,
                key=_check_key(check),
                runner=runner,
            )

    try:
        found = _run_in_clean_tree(root, check, tree, give_up_at, renew_lease)
    except BaseException:
        with db.transaction() as tx:  # no result: the next process may try at once
            tx.execute(
                "delete from check_runs where tree = :tree and check_key = :key and runner = :runner",
                tree=tree,
                key=_check_key(check),
                runner=runner,
            )
        raise
    with db.transaction() as tx:
        tx.execute(
            "update check_runs set state = :state, exit_status = :exit_status, output = :output, "
            "duration_ms = :duration_ms, signature = :signature, at = :now "
            "where tree = :tree and check_key = :key and runner = :runner",
            state=found.state.value,
            exit_status=found.exit_status,
            output=found.output,
            duration_ms=found.duration_ms,
            signature=json.dumps(found.signature) if found.signature else None,
            now=tx.now,
            tree=tree,
            key=_check_key(check),
            runner=runner,
        )
    return found


def _run_in_clean_tree(root: Path, check: CheckConfig, tree: str, give_up_at: float, renew: Tick) -> CheckRun:
    environment = repository.scrub_environment(root)
    with worktrees.temporary_worktree(root, tree) as where:
        _link(root, where, check.link)
        if check.setup:
            prepared = _run(check.setup, where, environment, give_up_at, renew)
            if prepared.state is not CheckState.PASSED:
                return prepared._replace(state=CheckState.COULD_NOT_RUN)
        return _run_twice(check, where, environment, give_up_at, renew)


def _run_twice(
    check: CheckConfig, where: Path, environment: dict[str, str], give_up_at: float, renew: Tick
) -> CheckRun:
    """The result of the check; what fails is run again, as only the same failure twice is one."""

    def run() -> CheckRun:
        until = min(give_up_at, time.monotonic() + check.timeout_s)
        return _run(check.command, where, environment, until, renew, check.naming)

    found = run()
    if found.state is not CheckState.FAILED:
        return found
    again = run()
    if again.state is CheckState.PASSED:
        return found._replace(state=CheckState.FLAKY)
    if found.signature and again.signature and flakes.fail_apart(found.signature, again.signature):
        return found._replace(state=CheckState.FLAKY)
    return found


def _link(root: Path, where: Path, names: tuple[str, ...]) -> None:
    for name in names:
        if (root / name).exists() and not (where / name).exists():
            (where / name).parent.mkdir(parents=True, exist_ok=True)
            (where / name).symlink_to(root / name)


def _run(
    command: str,
    where: Path,
    environment: dict[str, str],
    give_up_at: float,
    renew: Tick,
    naming: NamingConfig = NamingConfig(),  # noqa: B008 - immutable
) -> CheckRun:
    began = time.monotonic()
    reports = stamp_reports(where, naming.report)
    words = ["sh", "-c", command]
    ended = subprocesses.run_with_limit(give_up_at - began, words, where, environment, merged=True, tick=renew)
    duration_ms = int((time.monotonic() - began) * 1000)
    whole = ended.output.decode("utf-8", errors="replace")
    output = tail(read_plain_text(whole), lines=200, characters=20_000)
    state = _state(ended.code, ended.in_time, output)
    signature = name_failures(whole, where, naming, reports) if state is CheckState.FAILED else None
    return CheckRun(state, ended.code, output, duration_ms, signature)


def _state(code: int, in_time: bool, output: str) -> CheckState:
    if not in_time:
        return CheckState.TIMED_OUT
    if code == 0:
        return CheckState.PASSED
    return CheckState.COULD_NOT_RUN if could_not_run.explain(code, output) else CheckState.FAILED


def _to_check_run(row: Row) -> CheckRun:
    kept = json.loads(row["signature"]) if row["signature"] else None
    signature = Signature(tuple(kept[0]), kept[1], tuple(kept[2]), kept[3]) if kept else None
    return CheckRun(CheckState(row["state"]), row["exit_status"], row["output"], row["duration_ms"], signature)
