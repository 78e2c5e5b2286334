"""`swarm commit`: turns every end of a commit into a line and an exit code. Its arguments are git's own."""

from __future__ import annotations

from pathlib import Path

from swarm_agents.build.outcomes import CheckOutdated
from swarm_agents.cli.invocation import Call
from swarm_agents.cli.output import Answer, talk
from swarm_agents.commit import commit
from swarm_agents.commit.arguments import read_arguments, refuse_hook_bypass
from swarm_agents.commit.context import CommitContext
from swarm_agents.commit.ends import (
    CommitBehind,
    CommitBlocked,
    CommitEnd,
    CommitGone,
    CommitInterrupted,
    CommitLanded,
    CommitLandedLate,
    CommitLandedUnproven,
    CommitLandedUnrecorded,
    CommitMixed,
    CommitMoved,
    CommitRefused,
    SyncFailed,
)
from swarm_agents.commit.verdict import Verdict
from swarm_agents.errors import UsageError
from swarm_agents.late import load_late
from swarm_agents.model import HUMAN
from swarm_agents.text import name_some, one_line, printable
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from swarm_agents.cli import answers
else:
    answers = load_late("swarm_agents.cli.answers")

_HELP = """usage: swarm commit [git commit arguments]

Runs 'git commit' with these arguments. When a hook refuses because the build is red, one agent becomes the fixer; if
that is another one, this command waits for green, brings in the fix ([build] sync), and tries again.

Exit codes: 0 landed, 1 git was interrupted, 81 you repair it, 80 still red (wait), 82 the role went to someone else,
83 your own change fails, 84 a human was asked, 85 see git's message, 86 resolve the conflict, 87 stage what the hook
changed, 88 commit again, 89 ask who edits the named files, 93 bring in the named fix."""


_UNPROVEN = (
    "But the check never passed in a clean tree here, so that proves nothing: perhaps [build] setup or link is "
    "missing. 'swarm build check' shows what differs."
)
_NAMED_FILES = 5  # in a message; the JSON object has them all


class _CommitWords(NamedTuple):
    """The words are git's, so argparse does not read them."""

    run: Callable[[Call], Answer]
    words: list[str]


def parse(words: list[str]) -> _CommitWords:
    asks_help = words[:1] in (["-h"], ["--help"])
    return _CommitWords(_help if asks_help else _commit, words)


def _help(_: Call) -> Answer:
    return Answer(_HELP)


def _commit(call: Call) -> Answer:
    arguments = read_arguments(call.arguments.words)
    refuse_hook_bypass(arguments)
    agent = call.require_actor()
    if agent == HUMAN:
        raise UsageError("Humans use 'git commit'; 'swarm commit' is for agents.")
    context = CommitContext(
        call.db,
        call.root,
        call.config,
        agent,
        arguments,
        notes_parent=Path(call.place.commit_notes),
        tell_waiting=lambda now, left_s: talk(answers.waiting_line(now, left_s)),
        tell_second_sync=lambda: talk("with your changes in place that failed; trying it while they are put aside"),
        tell_turn=lambda ahead: talk(f"green; {ahead} others who waited longer try first"),
        quiet_stdout=call.as_json,
    )
    return _answer(call, commit.commit(context))


def _answer(call: Call, end: CommitEnd) -> Answer:
    match end:
        case CommitLanded(None, _):
            return _ended(0, "git had nothing to write.", None)
        case CommitLanded(landed, ended):
            green = f" Incident {ended} is over; the build is passing." if ended else ""
            return _ended(0, f"Landed {landed and landed[:10]}.{green}", None, landed, incident=ended)
        case CommitLandedUnproven(landed, why, then, yours):
            message = f"Landed {landed[:10]}, but {why}. You stay the fixer."
            return _ended(81, message, None, landed, call.add_identity(then), yours.build.incident, yours.build.fence)
        case CommitLandedLate(landed, fenced):
            now_line = answers.describe_build(fenced.build)
            message = f"Landed {landed[:10]}, but you are no longer the fixer. Stop repairing it. {now_line}"
            return _ended(82, message, None, landed, None, fenced.build.incident, fenced.build.fence)
        case CommitLandedUnrecorded(landed, error):
            message = f"Landed {landed[:10]}; do not commit it again. It could not be recorded: {error.message}"
            return _ended(error.exit, message, None, landed, error.next)
        case CommitBlocked(outcome, verdict):
            answer = answers.answer_outcome(call, outcome)
            exit_code = 80 if isinstance(outcome, CheckOutdated) else answer.exit
            now = outcome.build
            message = f"{answer.message} {_UNPROVEN}" if verdict is Verdict.UNKNOWN else answer.message
            return _ended(exit_code, message, verdict.value, None, answer.next, now.incident, now.fence)
        case CommitInterrupted(signal):
            return _ended(1, f"Not committed: git was ended by signal {signal}. Run the command again.", None)
        case CommitBehind():
            message, then = _explain_behind(end)
            return _ended(93, message, Verdict.BROKEN.value, None, then)
        case CommitMoved(meant, head):
            message = (
                f"Nothing was changed: --amend meant commit {_short(meant)}, and {_short(head)} is checked out now. "
                "Look at both, then commit without --amend, or go back to the one that you mean."
            )
            return _ended(93, message, Verdict.BROKEN.value, None, "git log --oneline -5")
        case CommitMixed(others, partly):
            message = (
                f"Not committed: while you waited, {name_some(others)} was staged too, and of {name_some(partly)} only "
                "a part is staged, so git cannot commit yours alone. Ask the agent that staged it, then commit again."
            )
            return _ended(89, one_line(message, 500), Verdict.DIRTY_TREE.value)
        case CommitGone(paths):
            message = (
                f"Nothing is left to commit: {name_some(paths)} has no change any more that you meant. It was "
                "committed or taken back while you waited; 'git log' shows by whom."
            )
            return _ended(85, one_line(message, 500), Verdict.NOT_BUILD.value)
        case SyncFailed():
            answer = _ended(86, one_line(f"{end.why}.", 700), Verdict.BROKEN.value, None, end.next)
            return answer._replace(data=answer.data | {"conflicts": list(end.files)})
        case CommitRefused():
            return _refused(call, end)


def _explain_behind(end: CommitBehind) -> tuple[str, str]:
    """What is missing, and the command that brings it in without a loss."""
    missing = f"The hook met a breakage that commit {end.fix[:10]} has repaired, and your branch lacks that commit."
    if end.operation:
        name, abort, _ = end.operation
        message = (
            f"{missing} A {name} is in progress, and was left as it is. Apply the fix to it, then commit again; or "
            f"give the {name} up with '{abort}', run '{end.command}', and begin it again."
        )
        return message, f"git diff {end.fix[:10]}^ {end.fix[:10]} | git apply --3way"
    if end.amended:
        message = (
            f"{missing} After '{end.command}', --amend would mean another commit than {end.amended[:10]}, so nothing "
            "was changed. Rebase your commit onto the fix, then amend it."
        )
        return message, f"git rebase --autostash {end.fix[:10]}"
    return f"{missing} Bring it in, then commit again.", end.command


def _short(commit: str | None) -> str:
    return commit[:10] if commit else "none"


def _refused(call: Call, end: CommitRefused) -> Answer:
    found = end.finding
    why = found.why[:1].upper() + found.why[1:]
    match found.verdict:
        case Verdict.FILES_MODIFIED:
            return _changed_by_hook(found.files)
        case Verdict.INFRA:
            exit_code, message = 85, f"Not committed: {found.why}. That says nothing about the build. Repair it first."
        case Verdict.MINE:
            exit_code, message = (
                83,
                f"Your own change fails; the build is fine. {why}. Correct your change, then commit again.",
            )
        case Verdict.FLAKY | Verdict.UNKNOWN:
            exit_code, message = 88, f"{why}. Commit again."
        case Verdict.DIRTY_TREE:
            return _dirty(call, found.files, why)
        case _ if end.conflict:
            exit_code, message = 86, f"Not committed: {found.why.rstrip('.')}. Resolve the conflict, then commit again."
        case _:
            exit_code = 85
            message = f"Not committed: {found.why.rstrip('.')}. This is no broken build. Correct it as git says, then "
            message += "commit again."
    return _ended(exit_code, one_line(message, 500), found.verdict.value)


def _changed_by_hook(files: tuple[str, ...]) -> Answer:
    message = f"The hook changed files: {_name_files(files)}. Look at them, stage them, commit again."
    ended = _ended(87, one_line(message, 500), Verdict.FILES_MODIFIED.value)
    return ended._replace(data=ended.data | {"files": [printable(file) for file in files]})


def _name_files(files: tuple[str, ...]) -> str:
    more = f" (+{len(files) - _NAMED_FILES} more)" if len(files) > _NAMED_FILES else ""
    return ", ".join(files[:_NAMED_FILES]) + more


def _dirty(call: Call, dirty: tuple[str, ...], why: str) -> Answer:
    """Names the agents that have locked the files."""
    from swarm_agents.locks import locks  # takes milliseconds, and only this verdict needs it

    owners = locks.read_holders(call.db, dirty)
    shown = ", ".join(f"{path} ({owners[path]})" if path in owners else path for path in dirty[:5])
    ask = f"Ask {', '.join(sorted(set(owners.values())))}" if owners else "Ask the agent that edits them"
    ended = _ended(89, one_line(f"{why}: {shown}. {ask}.", 500), Verdict.DIRTY_TREE.value)
    return ended._replace(data=ended.data | {"owners": owners, "files": [printable(file) for file in dirty]})


def _ended(
    exit_code: int,
    message: str,
    verdict: str | None,
    landed: str | None = None,
    then: str | None = None,
    incident: int | None = None,
    fence: int | None = None,
) -> Answer:
    data = {"verdict": verdict, "commit": landed, "incident": incident, "fence": fence}
    return Answer(message, exit_code, data, then)
