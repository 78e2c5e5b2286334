"""`swarm commit`: every end of the commit loop as a line and an exit code. Its arguments are git's own."""

import argparse

from swarm_agents import commit
from swarm_agents.cli import answers
from swarm_agents.cli.call import Call
from swarm_agents.cli.output import Answer, talk
from swarm_agents.errors import Usage
from swarm_agents.model import HUMAN, Asked, Stale, Waiting
from swarm_agents.verdict import Verdict

_HELP = """usage: swarm commit [git commit arguments]

Runs 'git commit' with these arguments. When the hook refuses because the build is red, one agent is elected to repair
it; this command waits for green if that is another one, brings in the fix ([build] sync), and tries again.

Exit codes: 0 landed, 81 you repair it, 80 still red (wait), 82 the role went to someone else, 84 a human was asked,
85 see git's message, 86 resolve the conflict, 87 the hook changed files: stage them, 93 bring in the named fix."""


def parse(words: list[str]) -> argparse.Namespace:
    asks_help = words[:1] in (["-h"], ["--help"])
    return argparse.Namespace(run=_help if asks_help else _commit, words=words)


def _help(_: Call) -> Answer:
    return Answer(_HELP)


def _commit(call: Call) -> Answer:
    words = call.arguments.words
    commit.refuse_bypass(words)
    agent = call.actor()
    if agent == HUMAN:
        raise Usage("Humans use 'git commit'; 'swarm commit' is for agents.")
    end = commit.commit(
        call.db,
        call.root,
        call.config,
        agent,
        words,
        lambda now, left_s: talk(answers.waiting_line(now, left_s)),
        call.as_json,
    )
    return _answer(call, end)


def _answer(call: Call, end: commit.End) -> Answer:
    match end:
        case commit.Landed(None, _):
            return _ended(0, "git had nothing to write.", None)
        case commit.Landed(landed, ended):
            green = f" Incident {ended} is over; the build is passing." if ended else ""
            return _ended(0, f"Landed {landed and landed[:10]}.{green}", None, landed, incident=ended)
        case commit.LandedElsewhere(landed, why, then, yours):
            message = f"Landed {landed[:10]}, but {why}. You stay the fixer."
            return _ended(81, message, None, landed, call.me(then), yours.build.incident, yours.build.fence)
        case commit.LandedLate(landed, fenced):
            message = f"Landed {landed[:10]}, but the build is no longer yours. {answers.line(fenced.build)}"
            return _ended(82, message, None, landed, None, fenced.build.incident, fenced.build.fence)
        case commit.YoursToFix(yours):
            line = answers.yours_line(yours.build, yours.new)
            return _ended(81, line, "broken", None, call.me("swarm commit"), yours.build.incident, yours.build.fence)
        case Waiting() | Asked() | Stale():
            answer = answers.of(call, end)
            exit_code = 80 if isinstance(end, Stale) else answer.exit
            now = end.build
            return _ended(exit_code, answer.message, "broken", None, answer.next, now.incident, now.fence)
        case commit.Behind(fix, command):
            message = (
                f"Refused by a breakage that {fix[:10]} repaired; your branch lacks it. Bring it in, commit again."
            )
            return _ended(93, message, "broken", None, command)
        case commit.SyncFailed(command, saved):
            kept = f" Your change is kept: git stash apply --index {saved}" if saved else ""
            return _ended(
                86, f"Bringing in the fix failed: '{command}'.{kept} Resolve it, then commit again.", "broken"
            )
        case commit.Refused():
            return _refused(end)


def _refused(end: commit.Refused) -> Answer:
    if end.conflict:
        return _ended(86, f"Not committed: {end.why}. Resolve the conflict, then commit again.", "not_build")
    match end.verdict:
        case Verdict.FILES_MODIFIED:
            return _ended(87, "The hook changed files. Look at them, stage them, commit again.", "files_modified")
        case Verdict.INFRA:
            return _ended(85, f"The hook could not run ({end.why}). That is not the build; mend the hook.", "infra")
    return _ended(85, f"Not committed, and not the build: {end.why}.", "not_build")


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
