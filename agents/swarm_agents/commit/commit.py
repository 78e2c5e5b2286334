"""`swarm commit`: git and the build, until the commit lands or somebody has to do something about it."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from swarm_agents.build import build, retry_queue
from swarm_agents.build import wait as waiting
from swarm_agents.build.outcomes import (
    BuildPassing,
    CheckOutdated,
    Evidence,
    FenceRejected,
    HumanAsked,
    PlaceInLine,
    RoleGranted,
)
from swarm_agents.commit import arguments as commit_arguments
from swarm_agents.commit import notes_folder, verdict
from swarm_agents.commit.arguments import Chosen
from swarm_agents.commit.verdict import Verdict
from swarm_agents.config.config import Config
from swarm_agents.db.database import Database
from swarm_agents.errors import SwarmError, Unavailable
from swarm_agents.git import files, hooks, refs, stash
from swarm_agents.git.commit import CommitRun, act_as, find_landed_commit, run_commit
from swarm_agents.incidents import incidents
from swarm_agents.model import Moment, Rules
from swarm_agents.system import subprocesses
from swarm_agents.text import one_line, tail

if TYPE_CHECKING:
    from swarm_agents.commit.evidence import Finding

# What only a refused commit needs is imported late: one that lands must cost little more than git's.

_GIT_DIED = 128  # git's exit code for errors of its own
_RACE_TRIES = 12  # about ten seconds of lost races; then another git hangs, and git's message names its lock
_RACE_PAUSE_S = (0.05, 1.5)
_STALE_TRIES = 3  # the build turned while the hook ran; more often than this it is not bad luck
_GATE_TRIES = 5  # green, and red again before our turn; more often than this the gate and we look at two builds


class Landed(NamedTuple):
    """`commit` is None when git had nothing to write (a dry run). `ended` is the incident that this commit ended."""

    commit: str | None
    ended: int | None


class LandedElsewhere(NamedTuple):
    """The fixer's commit landed, but proves nothing yet; `why` says what is missing and `next` what to run."""

    commit: str
    why: str
    next: str
    yours: RoleGranted


class LandedLate(NamedTuple):
    """The commit landed, but the role had gone to someone else."""

    commit: str
    fenced: FenceRejected


class LandedUnrecorded(NamedTuple):
    """The commit landed, but the database could not be told, so the build is as it was."""

    commit: str
    error: SwarmError


class Red(NamedTuple):
    """The build is red, by this verdict, and `outcome` says what that means for the caller."""

    outcome: RoleGranted | PlaceInLine | HumanAsked | CheckOutdated
    verdict: Verdict


class Refused(NamedTuple):
    """Not the build: the finding says what it is."""

    finding: "Finding"
    conflict: bool


class Interrupted(NamedTuple):
    """Git was ended by this signal, by Ctrl-C for example: nobody has judged anything."""

    signal: int


class Behind(NamedTuple):
    """Refused by a breakage that `fix` ended and this branch does not have; `command` brings it in."""

    fix: str
    command: str


class SyncFailed(NamedTuple):
    """Bringing in the fix failed; the change of the caller is as it was, or kept under `saved`."""

    command: str
    saved: str | None


End = Landed | LandedElsewhere | LandedLate | LandedUnrecorded | Red | Refused | Interrupted | Behind | SyncFailed


class Talk(NamedTuple):
    """What to say while it takes time: standing in line for green, and for one's turn after it."""

    waiting: waiting.Tell
    turn: Callable[[int], None]
    quiet_stdout: bool
    """Standard output is kept for one JSON object."""


def commit(db: Database, root: Path, config: Config, agent: str, arguments: list[str], talk: Talk) -> End:
    """Try to commit; wait out a red build that somebody else repairs, bring in the fix, try again."""
    commit_arguments.refuse_bypass(arguments)
    chosen = commit_arguments.what_it_commits(arguments)
    act_as(agent)
    give_up_at: float | None = None
    synced = False
    stale = 0
    gated = 0
    if interrupted := _restore_interrupted(root, config):
        return interrupted
    while True:
        retry_queue.wait_for_turn(db, agent, talk.turn)
        began = db.moment()
        head, staged, unstaged = files.head_and_changes(root)
        # In a shared checkout others edit meanwhile: only what is about to be committed tells of the hook.
        watched = staged if chosen.only_staged else staged + unstaged
        run, files_changed = _try(db, root, agent, arguments, watched, talk.quiet_stdout)
        if run.code == 0 or _made_before_git_died(root, agent, run, head):
            return _kept(db, root, config, agent, run, began, head)
        retry_queue.end_turn(db, agent, landed=False)
        if run.code < 0:
            return Interrupted(-run.code)
        if run.refused_by_gate:
            give_up_at = give_up_at or time.monotonic() + config.rules.wait_s
            gated += 1
            if held := _held_at_gate(db, root, config, agent, gated, _until(config.rules, give_up_at), talk.waiting):
                return held
            continue
        meaning = verdict.judge(run, files_changed)
        if meaning is not Verdict.BROKEN:
            return _refused(db, root, agent, run, meaning)
        if (behind := _behind(db, root, config, agent)) is not None:
            if config.sync is None or synced:
                return behind
            synced = True
            if failed := _bring_in_fix(root, config.sync):
                return failed
            continue
        finding = _finding(db, root, config, agent, chosen, run)
        if not finding.elects:
            _record(db, agent, None, finding)
            return Refused(finding, conflict=False)
        reported = _report(db, root, agent, config.rules, finding, began)
        if isinstance(reported, CheckOutdated) and (stale := stale + 1) <= _STALE_TRIES:
            continue
        outcome: BuildPassing | RoleGranted | PlaceInLine | HumanAsked | CheckOutdated = reported
        if isinstance(reported, PlaceInLine):
            give_up_at = give_up_at or time.monotonic() + config.rules.wait_s
            outcome = waiting.wait(db, agent, _until(config.rules, give_up_at), talk.waiting)
        match outcome:
            case BuildPassing():
                synced = bool(config.sync and _behind(db, root, config, agent))
                if synced and (failed := _bring_in_fix(root, config.sync or "")):
                    return failed
            case _:
                return Red(outcome, finding.verdict)


def _held_at_gate(
    db: Database, root: Path, config: Config, agent: str, tries: int, rules: Rules, tell: waiting.Tell
) -> Red | SyncFailed | None:
    """Our own gate refused, which is no evidence of anything: wait for green. None when it is time to try again.

    Who becomes the fixer tries too: the gate lets it through, and the user's hooks say whether it is red still.
    """
    if tries > _GATE_TRIES:
        raise Unavailable("The gate refuses although nothing stands in the way.", next="swarm setup git --check")
    outcome = waiting.wait(db, agent, rules, tell)
    match outcome:
        case RoleGranted():
            return None
        case BuildPassing():
            behind = config.sync and _behind(db, root, config, agent)
            return _bring_in_fix(root, config.sync) if config.sync and behind else None
    return Red(outcome, Verdict.BROKEN)


def _try(
    db: Database, root: Path, agent: str, arguments: list[str], watched: list[str], quiet_stdout: bool
) -> tuple[CommitRun, bool]:
    """One commit, and whether what it commits changed under it. Lost races against other gits are run again."""
    with notes_folder.folder(db.path) as notes:
        for left in range(_RACE_TRIES, 0, -1):
            before = {name: _stamp(root / name) for name in watched}
            run = run_commit(arguments, agent, notes, quiet_stdout)
            if not verdict.lost_race(run) or left == 1:
                break
            import random  # only who lost a race pays for it

            time.sleep(random.uniform(*_RACE_PAUSE_S))
    if run.code == 0:
        return run, False
    touched = {name for name, stamp in before.items() if _stamp(root / name) != stamp}
    return run, bool(touched.intersection(files.unstaged_files(root)) if touched else ())


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _finding(db: Database, root: Path, config: Config, agent: str, chosen: Chosen, run: CommitRun) -> "Finding":
    """What the refusal of a code hook means: by evidence where a check is configured, else broken."""
    from swarm_agents.commit import evidence
    from swarm_agents.commit.evidence import Finding

    hook = run.refusing_hook()
    name = hook.name if hook else "pre-commit"
    output = tail(run.output)
    if config.check is None or build.current(db).fixer == agent:
        code = hook.code if hook else None
        return Finding(Verdict.BROKEN, f"{name} refused", True, output, name, None, code)
    found = evidence.find(db, root, config.check, agent, name, chosen)
    return found if found.output else found._replace(output=output)


def _report(
    db: Database, root: Path, agent: str, rules: Rules, finding: "Finding", began: Moment
) -> RoleGranted | PlaceInLine | HumanAsked | CheckOutdated:
    from swarm_agents.commit import evidence, signature

    lines = [line for line in finding.output.splitlines() if line.strip()]
    what = one_line(_telling_line(lines), 160) if lines else "refused without a word"
    outcome = build.report(
        db,
        agent,
        f"{finding.hook}: {what}",
        rules,
        evidence=tail(finding.output),
        hook=finding.hook,
        began=began,
        symptom=signature.of(finding.output).key,
    )
    _record(db, agent, outcome.build.incident, finding)
    if isinstance(outcome, RoleGranted) and outcome.new and (suspect := evidence.first_red(db, root)):
        with db.transaction() as tx:
            incidents.record_first_red(tx, outcome.build.incident or 0, *suspect)
    return outcome


def _record(db: Database, agent: str, incident: int | None, finding: "Finding") -> None:
    from swarm_agents.commit import evidence

    with db.transaction() as tx:
        evidence.record(tx, agent, incident, finding)


def _telling_line(lines: list[str]) -> str:
    """The line that says most about a failure: the last that names one, else the last."""
    telling = [line for line in lines if re.search(r"\b(FAILED|FAIL|ERROR|Error|error|failed)\b", line)]
    return telling[-1] if telling else lines[-1]


def _refused(db: Database, root: Path, agent: str, run: CommitRun, meaning: Verdict) -> Refused:
    from swarm_agents.commit.evidence import Finding

    conflict = meaning is Verdict.NOT_BUILD and bool(files.unmerged_files(root))
    hook = run.refusing_hook()
    why = f"{hook.name} ended with {hook.code}" if hook else "see git's message"
    if run.errors:
        why = run.errors[-1]
    finding = Finding(meaning, one_line(why, 200), False, tail(run.output), hook.name if hook else None)
    _record(db, agent, None, finding)
    return Refused(finding, conflict)


# Landed: is it the evidence that ends the incident?


def _kept(
    db: Database, root: Path, config: Config, agent: str, run: CommitRun, began: Moment, head_before: str | None
) -> Landed | LandedElsewhere | LandedLate | LandedUnrecorded:
    """What git has done stays done, also when the database cannot be told."""
    try:
        retry_queue.end_turn(db, agent, landed=True)
        return _landed(db, root, config, agent, run, began, head_before)
    except SwarmError as error:
        landed = find_landed_commit(root, agent, head_before)
        if landed is None:
            raise
        return LandedUnrecorded(landed[0], error)


def _made_before_git_died(root: Path, agent: str, run: CommitRun, head_before: str | None) -> bool:
    """Git may be ended by a signal while a later hook runs, or find no room for its index: the commit stands."""
    if run.refused_by_gate or verdict.lost_race(run) or not (run.code < 0 or run.code == _GIT_DIED):
        return False
    return find_landed_commit(root, agent, head_before) is not None


def _landed(
    db: Database, root: Path, config: Config, agent: str, run: CommitRun, began: Moment, head_before: str | None
) -> Landed | LandedElsewhere | LandedLate:
    landed = find_landed_commit(root, agent, head_before)
    if landed is None:
        return Landed(None, None)
    commit, tree = landed
    with db.reading() as tx:
        now = build.state(tx)
        refused_by = incidents.find_refusing_hook(tx, now.incident)
    if run.passed_hook("pre-commit"):
        with db.transaction() as tx:
            incidents.record_landing(tx, agent, commit, tree)
    proven = run.passed_hook(refused_by or "pre-commit") or (
        refused_by is None and (run.gate_alone or not hooks.has_hook(root, "pre-commit"))
    )
    evidence = Evidence(f"{commit[:10]} landed through the hook", began, commit)
    if now.fixer == agent:
        return _fixer_landed(db, root, config, agent, commit, proven, evidence, RoleGranted(now, new=False))
    if run.passed_hook("pre-commit") and on_shared_branch(root, config, commit):
        healed = build.heal(db, agent, evidence) if now.red else None
        return Landed(commit, healed.incident if healed else None)
    return Landed(commit, None)


def _fixer_landed(
    db: Database,
    root: Path,
    config: Config,
    agent: str,
    commit: str,
    proven: bool,
    evidence: Evidence,
    yours: RoleGranted,
) -> Landed | LandedElsewhere | LandedLate:
    if not proven:
        why = "the hook that had refused did not run, so it proves nothing"
        return LandedElsewhere(commit, why, "swarm build fixed", yours)
    with db.transaction() as tx:
        incidents.keep_landed_commit(tx, agent, commit)
    if not on_shared_branch(root, config, commit):
        why = f"it is not on {config.branch} yet: land it there"
        return LandedElsewhere(commit, why, "swarm build fixed", yours)
    outcome = build.mark_fixed(db, agent, evidence, yours.build.fence)
    if isinstance(outcome, FenceRejected):
        return LandedLate(commit, outcome)
    return Landed(commit, outcome.incident)


def on_shared_branch(root: Path, config: Config, commit: str) -> bool:
    """Whether a fix in this commit counts: it is on the shared branch, or none is configured."""
    return config.branch is None or refs.contains(root, config.branch, commit) is True


# Refused: is it a breakage that is repaired elsewhere already?


def _behind(db: Database, root: Path, config: Config, agent: str) -> Behind | None:
    with db.reading() as tx:
        fix = incidents.find_last_fix(tx)
        mine = build.state(tx).fixer == agent
    if fix is None or mine or refs.contains(root, "HEAD", fix[1]) is not False:
        return None
    command = config.sync or f"git merge --no-edit {config.branch or fix[1]}"
    return Behind(fix[1], command)


def _bring_in_fix(root: Path, command: str) -> SyncFailed | None:
    """Run the configured sync; changes in the tree, which git will not merge into, are put aside meanwhile."""
    if _merged(root, command):
        return None
    saved = stash.save_changes(root)
    if saved is None:
        return SyncFailed(command, None)
    merged = restored = False
    try:
        merged = _merged(root, command)
    finally:
        restored = stash.restore_changes(root, saved)
    if merged and restored:
        return None
    return SyncFailed(command, None if restored else saved)


def _restore_interrupted(root: Path, config: Config) -> SyncFailed | None:
    """A sync that was killed in the middle left the caller's changes aside: bring them back before anything else."""
    if config.sync is None or (saved := stash.saved_changes(root)) is None:
        return None
    return None if stash.restore_changes(root, saved) else SyncFailed(config.sync, saved)


def _merged(root: Path, command: str) -> bool:
    """Run the sync; a merge that it leaves half done is undone."""
    merged = False
    try:
        merged = subprocesses.on_terminal(["sh", "-c", command], root) == 0
    finally:
        if not merged:
            stash.abort_merge(root)
    return merged


def _until(rules: Rules, give_up_at: float) -> Rules:
    return Rules(rules.max_attempts, rules.lease_s, max(0.0, give_up_at - time.monotonic()))
