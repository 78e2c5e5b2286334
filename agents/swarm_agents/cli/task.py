"""`swarm task`: share out work. Add it, claim it, say how it ended; who has what."""

import argparse
from typing import TYPE_CHECKING

from swarm_agents.build.human_acts import HUMAN_LEASE_S
from swarm_agents.cli.invocation import Call
from swarm_agents.cli.output import Answer, format_clock, format_iso, make_listing
from swarm_agents.cli.parsing import Parser, Run, parser, read_body, seconds, verb, verbs, whole_number
from swarm_agents.errors import BadData, Usage
from swarm_agents.model import EVERYONE, HUMAN
from swarm_agents.tasks import reopening, tasks
from swarm_agents.tasks import rows as task_rows
from swarm_agents.tasks.drafts import TITLE_LIMIT
from swarm_agents.tasks.rows import Task, TaskStatus
from swarm_agents.tasks.tasks import TaskBlocked, TaskNotHeld, TaskTaken, TaskUpdated
from swarm_agents.text import one_line, printable

if TYPE_CHECKING:
    from swarm_agents.tasks.drafts import TaskDraft

_FORMATS = ("auto", "markdown", "yaml", "json")


def parse(words: list[str]) -> argparse.Namespace:
    task_parser = parser(
        "task", "Work to be shared out: one agent has a task at a time, and only when its turn has come."
    )
    of = verbs(task_parser)
    adding = verb(of, "add", _add, "a new task")
    adding.add_argument("title", metavar="TITLE")
    adding.add_argument("--id", metavar="ID", help="default: t1, t2, ...")
    adding.add_argument("--after", action="append", default=[], metavar="ID", help="wait for that task (repeatable)")
    adding.add_argument("--detail", default="", metavar="TEXT", help="what whoever claims it has to know")
    importing = verb(of, "import", _import, "all tasks of a file, or with the line that is wrong none of them")
    importing.add_argument("file", metavar="FILE", help="'-' for standard input")
    importing.add_argument("--format", choices=_FORMATS, default="auto", help="default: by the file's name")
    planning = verb(of, "plan", _plan, "tasks for a feature, from a template or from your own model")
    planning.add_argument("feature", metavar="FEATURE")
    planning.add_argument("--template", default=None, metavar="T", help="auto, auth, api, database, ui, generic")
    planning.add_argument(
        "--with", dest="command", metavar="COMMAND", help="answers the request on its input with JSON"
    )
    planning.add_argument("--timeout", type=seconds(0.1, 3600), default=300, metavar="S", help="for COMMAND")
    planning.add_argument("--dry-run", action="store_true", help="show them, add nothing")
    listing = verb(of, "list", _list, "all tasks, in an order in which they can be done")
    listing.add_argument("--status", choices=[one.value for one in TaskStatus])
    listing.add_argument("--claimable", action="store_true", help="only what can be claimed now")
    listing.add_argument("--mine", action="store_true", help="only what you have or had")
    listing.add_argument("--feature", metavar="FEATURE", help="only what was planned for it")
    _id(verb(of, "show", _show, "everything about one task"))
    progressing = verb(of, "progress", _progress, "how far it is, and what each agent has and did")
    progressing.add_argument("--feature", metavar="FEATURE", help="only what was planned for it")
    _id(verb(of, "claim", _claim, "take it"))
    _act(of, "start", _start, "you work on it now")
    reviewing = _act(of, "review", _review, "you ask for somebody's look before it is done")
    reviewing.add_argument("--by", default=EVERYONE, metavar="WHO", help="an agent, a role, 'human'; default: all")
    reviewing.add_argument("--note", default="", metavar="TEXT")
    finishing = _act(of, "done", _done, "you have done it")
    finishing.add_argument("--result", default="", metavar="TEXT")
    failing = _act(of, "fail", _fail, "you cannot do it; a human decides what next")
    failing.add_argument("--reason", required=True, metavar="TEXT")
    releasing = _act(of, "release", _release, "give it back; a human takes it from anybody")
    releasing.add_argument("--reason", default="", metavar="TEXT")
    reassigning = _act(of, "reassign", _reassign, "a human gives it to a named agent")
    reassigning.add_argument("agent", metavar="NAME")
    cancelling = verb(of, "cancel", _cancel, "nobody shall do it; what waits for it goes on")
    _id(cancelling)
    cancelling.add_argument("--reason", default="", metavar="TEXT")
    return task_parser.parse_args(words)


def _id(of: Parser) -> None:
    of.add_argument("id", metavar="ID")


def _act(of: "argparse._SubParsersAction[Parser]", name: str, run: Run, help: str) -> Parser:  # noqa: A002 - argparse's word
    made = verb(of, name, run, help)
    _id(made)
    made.add_argument("--fence", type=whole_number(0, 2**62), metavar="N", help="the fencing token you were given")
    return made


# Making tasks.


def _add(call: Call) -> Answer:
    by = call.actor_or_human()
    arguments = call.arguments
    made = tasks.add(call.db, arguments.title, by, arguments.id, arguments.after, arguments.detail)
    waits = f" It waits for {', '.join(made.blocked_by)}." if made.blocked_by else ""
    return Answer(f"Task {made.id} is added.{waits}", data={"id": made.id, "task": _data(made)})


def _import(call: Call) -> Answer:
    from swarm_agents.tasks import task_file

    by = call.actor_or_human()
    text = read_body(None, call.arguments.file)
    format_ = call.arguments.format
    if format_ == "auto":
        format_ = task_file.choose_format(call.arguments.file, text)
    return _added(tasks.add_all(call.db, task_file.parse(text, format_), by))


def _plan(call: Call) -> Answer:
    from swarm_agents.tasks import plan as task_plan

    by = call.actor_or_human()
    arguments = call.arguments
    feature = arguments.feature.strip()
    if arguments.command is not None and arguments.template is not None:
        raise Usage("Give --template or --with, not both.")
    if not feature or len(feature) > TITLE_LIMIT or one_line(feature, TITLE_LIMIT) != feature:
        raise BadData(f"The feature must be one line of 1 to {TITLE_LIMIT} visible characters.")
    if arguments.command is not None:
        proposed = task_plan.propose_from_command(arguments.command, feature, arguments.timeout, call.root)
    else:
        proposed = task_plan.propose_from_template(arguments.template or "auto", feature)
    if arguments.dry_run:
        return _proposed(task_plan.prefix_ids(call.db, feature, proposed))
    return _added(task_plan.add_plan(call.db, feature, proposed, by))


def _proposed(drafts: "list[TaskDraft]") -> Answer:
    data = [{"id": one.id, "title": one.title, "after": list(one.after)} for one in drafts]
    lines = (f"{one.id}  {one.title}" + (f"  after {', '.join(one.after)}" if one.after else "") for one in drafts)
    return make_listing(lines, "Nothing is proposed.", {"tasks": data})


def _added(made: list[Task]) -> Answer:
    text = f"{len(made)} tasks are added: {', '.join(one.id for one in made[:10])}{', ...' if len(made) > 10 else ''}."
    return Answer(text, data={"ids": [one.id for one in made], "tasks": [_data(one) for one in made]})


# Holding a task.


def _claim(call: Call) -> Answer:
    agent = call.require_actor()
    outcome = tasks.claim(call.db, agent, call.arguments.id, _lease_s(call, agent))
    if not isinstance(outcome, TaskUpdated):
        return _refused(call, outcome)
    task = outcome.task
    again = "" if outcome.new else " already"
    return _ended(task, f"Task {task.id} is yours{again} (fence {task.fence}): {task.title}", call)


def _start(call: Call) -> Answer:
    agent = call.require_actor()
    outcome = tasks.start(call.db, agent, call.arguments.id, _lease_s(call, agent), call.arguments.fence)
    return _of(call, outcome, "is in progress")


def _review(call: Call) -> Answer:
    arguments = call.arguments
    outcome = tasks.request_review(
        call.db, call.require_actor(), arguments.id, arguments.by, arguments.note, arguments.fence
    )
    return _of(call, outcome, "waits for a review; it stays yours")


def _done(call: Call) -> Answer:
    outcome = tasks.complete(
        call.db, call.require_actor(), call.arguments.id, call.arguments.result, call.arguments.fence
    )
    return _of(call, outcome, "is completed")


def _fail(call: Call) -> Answer:
    if not call.arguments.reason.strip():
        raise Usage("--reason must not be empty.")
    outcome = tasks.fail(call.db, call.require_actor(), call.arguments.id, call.arguments.reason, call.arguments.fence)
    return _of(call, outcome, "has failed; a human decides what next")


def _release(call: Call) -> Answer:
    arguments = call.arguments
    outcome = tasks.release(call.db, call.actor_or_human(), arguments.id, arguments.reason, arguments.fence)
    return _of(call, outcome, "is open again")


def _reassign(call: Call) -> Answer:
    call.require_human()
    arguments = call.arguments
    lease_s = _lease_s(call, arguments.agent)
    outcome = tasks.reassign(call.db, arguments.id, arguments.agent, lease_s, arguments.fence)
    if not isinstance(outcome, TaskUpdated):
        return _refused(call, outcome)
    return _ended(outcome.task, f"Task {outcome.task.id} is {outcome.task.claimant}'s now.", call)


def _cancel(call: Call) -> Answer:
    outcome = tasks.cancel(call.db, call.actor_or_human(), call.arguments.id, call.arguments.reason)
    if isinstance(outcome, TaskNotHeld):
        status = outcome.task.status.value
        rule = "A human may cancel what is not completed, and who added it what is open"
        message = f"Task {outcome.task.id} is {status}. {rule}."
        return Answer(message, 77, _data(outcome.task))
    return _of(call, outcome, "is cancelled")


def _lease_s(call: Call, agent: str) -> float:
    return HUMAN_LEASE_S if agent == HUMAN else call.config.task_lease_s


def _of(call: Call, outcome: TaskUpdated | TaskNotHeld, how: str) -> Answer:
    if isinstance(outcome, TaskNotHeld):
        return _not_yours(call, outcome.task)
    return _ended(outcome.task, f"Task {outcome.task.id} {how}.", call)


def _ended(task: Task, message: str, call: Call) -> Answer:
    then = {
        TaskStatus.CLAIMED: f"swarm task start {task.id}",
        TaskStatus.IN_PROGRESS: f"swarm task done {task.id}",
    }.get(task.status)
    mine = task.claimant is not None and task.claimant == call.identity
    return Answer(message, data={"id": task.id, **_data(task)}, next=call.add_identity(then) if then and mine else None)


def _refused(call: Call, outcome: TaskTaken | TaskBlocked) -> Answer:
    task = outcome.task
    if isinstance(outcome, TaskBlocked):
        reason, message = "blocked_by", f"Task {task.id} is blocked by {', '.join(task.blocked_by)}."
    elif task.claimant is not None:
        reason, message = "taken_by", f"Task {task.id} is taken by {task.claimant} ({task.status.value})."
    else:
        reason, message = task.status.value, f"Task {task.id} is {task.status.value}."
    data = {"reason": reason, "taken_by": task.claimant, "blocked_by": list(task.blocked_by), "id": task.id}
    return Answer(message, 90, data | {"status": task.status.value}, call.add_identity("swarm task list --claimable"))


def _not_yours(call: Call, task: Task) -> Answer:
    if getattr(call.arguments, "fence", None) is not None and task.claimant == call.identity:
        message = f"Task {task.id} was claimed anew since; its fence is {task.fence}. Nothing was changed."
        return Answer(message, 82, _data(task), call.add_identity(f"swarm task show {task.id}"))
    if task.claimant is not None:
        who = f"it is {task.claimant}'s ({task.status.value})"
    elif task.former is not None and task.former == call.identity:
        who = f"it is not yours any more ({task.status.value})"
    else:
        who = f"nobody has claimed it ({task.status.value})"
    then = f"swarm task claim {task.id}" if task.claimable else f"swarm task show {task.id}"
    return Answer(f"Task {task.id}: {who}. Nothing was changed.", 77, _data(task), call.add_identity(then))


# Reading.


def _list(call: Call) -> Answer:
    found = _read(call)
    arguments = call.arguments
    if arguments.mine:
        if call.identity is None:
            raise Usage("--mine needs to know who you are: --as NAME, or SWARM_AGENT.")
        found = [one for one in found if one.claimant == call.identity]
    if arguments.status is not None:
        found = [one for one in found if one.status.value == arguments.status]
    if arguments.claimable:
        found = [one for one in found if one.claimable]
    return make_listing(map(_line, found), "No tasks.", {"tasks": [_data(one) for one in found]})


def _show(call: Call) -> Answer:
    call.record_read()
    reopening.reap(call.db)
    with call.db.reading() as tx:
        task = task_rows.find(tx, call.arguments.id)
    lines = [_line(task), f"added by {task.created_by} at {format_iso(task.created_at)}"]
    if task.files:
        lines.append(f"files: {', '.join(task.files)}")
    if task.estimate_min:
        lines.append(f"estimate: {task.estimate_min} min")
    if task.lease_expires_at:
        lines.append(
            f"the lease of {task.claimant} (fence {task.fence}) lasts until {format_clock(task.lease_expires_at)}"
        )
    lines += [f"{what}: {printable(text)}" for what, text in (("detail", task.detail), ("result", task.result)) if text]
    return Answer(task.title, data=_data(task), lines=tuple(lines))


def _progress(call: Call) -> Answer:
    found = [one for one in _read(call) if one.status is not TaskStatus.CANCELLED]
    counts = {status.value: sum(one.status is status for one in found) for status in TaskStatus}
    done, minutes = counts["completed"], sum(one.estimate_min or 0 for one in found)
    done_min = sum(one.estimate_min or 0 for one in found if one.status is TaskStatus.COMPLETED)
    workloads = task_rows.count_workloads(found)
    held = sum(one.held for one in workloads)
    head = f"{done} of {len(found)} done, {held} in hand, {sum(one.claimable for one in found)} claimable"
    estimated = f" ({done_min} of {minutes} min)" if minutes else ""
    lines = [head + estimated]
    lines += [f"{one.agent}  {one.held} in hand  {one.completed} completed  {one.failed} failed" for one in workloads]
    data = {
        "total": len(found),
        "claimable": sum(one.claimable for one in found),
        "by_status": counts,
        "estimate_min": minutes,
        "completed_min": done_min,
        "agents": [one._asdict() for one in workloads],
    }
    return Answer(head, data=data, lines=tuple(lines))


def _read(call: Call) -> list[Task]:
    call.record_read()
    reopening.reap(call.db)
    with call.db.reading() as tx:
        found = task_rows.list_tasks(tx)
    feature = call.arguments.feature
    return [one for one in found if feature is None or one.feature == feature]


def _line(task: Task) -> str:
    whose = f"  {task.claimant}" if task.claimant else ""
    waits = f"  after {', '.join(task.blocked_by)}" if task.blocked_by else ""
    return f"{task.id}  {task.status.value}{whose}  {one_line(task.title, TITLE_LIMIT)}{waits}"


def _data(task: Task) -> dict[str, str | int | list[str] | None]:
    return {
        "id": task.id,
        "title": task.title,
        "status": task.status.value,
        "claimant": task.claimant,
        "fence": task.fence,
        "after": list(task.after),
        "blocked_by": list(task.blocked_by),
        "files": list(task.files),
        "estimate_min": task.estimate_min,
        "feature": task.feature,
        "detail": task.detail,
        "result": task.result,
        "created_at": format_iso(task.created_at),
        "created_by": task.created_by,
        "changed_at": format_iso(task.changed_at),
        "lease_expires_at": format_iso(task.lease_expires_at),
    }
