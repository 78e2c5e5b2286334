"""A hook refused the commit: finds out what that means, records it, and reports a broken build.

Only a refused commit loads this file, and with it what checks trees.
"""

from swarm_agents.build import build
from swarm_agents.build.outcomes import CheckOutdated, HumanAsked, PlaceInLine, RoleGranted
from swarm_agents.commit import could_not_run, evidence
from swarm_agents.commit.attempt import CommitAttempt
from swarm_agents.commit.context import CommitContext
from swarm_agents.commit.ends import CommitRefused
from swarm_agents.commit.signature.naming import name_failures
from swarm_agents.commit.signature.plain_text import read_plain_text
from swarm_agents.commit.verdict import RefusalFinding, Verdict, record_finding
from swarm_agents.git import files
from swarm_agents.model import Moment
from swarm_agents.text import one_line, tail


def refuse(context: CommitContext, attempt: CommitAttempt, meaning: Verdict) -> CommitRefused:
    """End with a verdict that needs no evidence, as git's own record shows that it is not the build."""
    run, hook = attempt.run, attempt.run.refusing_hook()
    conflict = meaning is Verdict.NOT_BUILD and bool(files.list_unmerged(context.root))
    why = f"{hook.name} ended with {hook.code}" if hook else "see git's message"
    if run.errors:
        why = run.errors[-1]
    elif hook and meaning is Verdict.INFRA:
        why = f"{why}: {could_not_run.explain(hook.code, run.output)}"
    changed = attempt.changes.by_hook if meaning is Verdict.FILES_MODIFIED else ()
    if changed:
        why = f"{hook.name if hook else 'the hook'} changed {', '.join(changed)}"
    output = tail(read_plain_text(run.output))
    finding = RefusalFinding(meaning, one_line(why, 200), False, output, hook.name if hook else None, files=changed)
    record(context, None, finding)
    return CommitRefused(finding, conflict)


def find_cause(context: CommitContext, attempt: CommitAttempt) -> RefusalFinding:
    """What the refusal of a hook that judges code means: by evidence where a check is configured, else broken."""
    hook = attempt.run.refusing_hook()
    name = hook.name if hook else "pre-commit"
    output = tail(read_plain_text(attempt.run.output))
    signature = name_failures(attempt.run.output, context.root, context.config.naming, attempt.reports)
    check = context.config.check
    if check is None or build.current(context.db).fixer == context.agent:
        code = hook.code if hook else None
        return RefusalFinding(
            Verdict.BROKEN, f"{name} refused", True, output, name, exit_status=code, signature=signature
        )
    found = evidence.find_cause(context, check, attempt)
    return found if found.output else found._replace(output=output, signature=signature)


def report_broken(
    context: CommitContext, finding: RefusalFinding, began: Moment
) -> RoleGranted | PlaceInLine | HumanAsked | CheckOutdated:
    """Report the build with this finding, which is recorded; the first report of an incident also names a suspect."""
    green = not build.current(context.db).red
    outcome = build.report(
        context.db,
        context.agent,
        _summarize(finding),
        context.config.rules,
        evidence=tail(finding.output),
        hook=finding.hook,
        began=began,
        symptom=finding.signature.key if finding.signature else None,
        suspect=evidence.find_first_red(context.db, context.root) if green else None,
    )
    record(context, outcome.build.incident, finding)
    return outcome


def record(context: CommitContext, incident: int | None, finding: RefusalFinding) -> None:
    """Keep the finding, with its incident if it has one."""
    with context.db.transaction() as tx:
        record_finding(tx, context.agent, incident, finding)


def _summarize(finding: RefusalFinding) -> str:
    """Names what fails; where no tool that is known names anything, the line that says most, and the hook."""
    signature = finding.signature
    told = signature.summarize() if signature else ""
    if not signature or not signature.ids:
        told = f"{finding.hook}: {told or 'failed without output'}"
    return f"{told} (the patterns of [signatures] took too long)" if signature and signature.patterns_ended else told
