"""`swarm task`: add, plan, claim, complete and list tasks."""

from __future__ import annotations

from swarm_agents.cli.invocation import Arguments, Call
from swarm_agents.cli.output import Answer, make_listing
from swarm_agents.cli.parsing import Parser, Run, parser, read_bytes, seconds, verb, whole_number
from swarm_agents.cli.task_lines import format_details, format_task, make_task_data
from swarm_agents.errors import BadData, UsageError
from swarm_agents.model import EVERYONE, HUMAN, HUMAN_LEASE_S
from swarm_agents.tasks import reopening, tasks
from swarm_agents.tasks import rows as task_rows
from swarm_agents.tasks.drafts import TITLE_LIMIT, TaskDraft
from swarm_agents.tasks.rows import Task, TaskStatus
from swarm_agents.tasks.tasks import TaskBlocked, TaskNotHeld, TaskTaken, TaskUpdated
from swarm_agents.text import one_line
from swarm_agents.values import TYPE_CHECKING
from swarm_agents.views import task_report

if TYPE_CHECKING:
    from swarm_agents.tasks.imports import ImportedTasks

_FORMATS = ("auto", "markdown", "yaml", "json", "taskmaster", "beads", "github")


def parse(words: list[str]) -> Arguments:
    task_parser = parser("task", "Tasks: an agent claims one, and only when the tasks that it waits for are done.")
    _add_adding_verbs(task_parser)
    _add_reading_verbs(task_parser)
    _add_acting_verbs(task_parser)
    return task_parser.parse_args(words)


def _add_adding_verbs(of: Parser) -> None:
    adding = verb(of, "add", _add, "a new task")
    adding.add_argument("title", metavar="TITLE")
    adding.add_argument("--id", metavar="ID", help="default: t1, t2, ...")
    adding.add_argument("--after", action="append", default=[], metavar="ID", help="wait for that task; repeatable")
    adding.add_argument("--detail", default="", metavar="TEXT", help="what the agent that claims it has to know")
    importing = verb(of, "import", _import, "add the tasks of a file that are new; none when a line is wrong")
    importing.add_argument("file", metavar="FILE", help="'-' for standard input")
    importing.add_argument("--format", choices=_FORMATS, default="auto", help="default: by name and content")
    importing.add_argument("--tag", default=None, metavar="TAG", help="of Task Master's tasks.json; default: master")
    planning = verb(of, "plan", _plan, "add tasks for a feature, from a template or from your own model")
    planning.add_argument("feature", metavar="FEATURE")
    planning.add_argument("--template", default=None, metavar="T", help="auto, auth, api, database, ui, generic")
    planning.add_argument(
        "--with", dest="command", metavar="COMMAND", help="reads the request on standard input, writes JSON"
    )
    planning.add_argument(
        "--timeout", type=seconds(0.1, 3600), default=300, metavar="S", help="limit for COMMAND; default: 300"
    )
    planning.add_argument("--dry-run", action="store_true", help="show them, add nothing")


def _add_reading_verbs(of: Parser) -> None:
    listing = verb(of, "list", _list, "all tasks, in an order in which they can be done")
    listing.add_argument("--status", choices=[one.value for one in TaskStatus])
    listing.add_argument("--claimable", action="store_true", help="only tasks that can be claimed now")
    listing.add_argument("--mine", action="store_true", help="only those that you hold, completed or failed")
    listing.add_argument("--feature", metavar="FEATURE", help="only tasks that were planned for it")
    _add_id(verb(of, "show", _show, "everything about one task"))
    progressing = verb(of, "progress", _progress, "how many tasks are done, and the workload of each agent")
    progressing.add_argument("--feature", metavar="FEATURE", help="only tasks that were planned for it")


def _add_acting_verbs(of: Parser) -> None:
    _add_id(verb(of, "claim", _claim, "claim a task"))
    _add_act(of, "start", _start, "begin to work on a task of yours, or go on after a review")
    reviewing = _add_act(of, "review", _review, "ask for a review before you complete it")
    reviewing.add_argument("--by", default=EVERYONE, metavar="WHO", help="an agent, a role, 'human'; default: all")
    reviewing.add_argument("--note", default="", metavar="TEXT")
    finishing = _add_act(of, "done", _done, "complete it")
    finishing.add_argument("--result", default="", metavar="TEXT")
    failing = _add_act(of, "fail", _fail, "say that you cannot do it; a human decides what next")
    failing.add_argument("--reason", required=True, metavar="TEXT")
    releasing = _add_act(of, "release", _release, "return it to open; a human may release any task")
    releasing.add_argument("--reason", default="", metavar="TEXT")
    reassigning = _add_act(of, "reassign", _reassign, "give it to a named agent (only a human may)")
    reassigning.add_argument("agent", metavar="NAME")
    cancelling = verb(of, "cancel", _cancel, "cancel it; tasks that wait for it are unblocked")
    _add_id(cancelling)
    cancelling.add_argument("--reason", default="", metavar="TEXT")


def _add_id(of: Parser) -> None:
    of.add_argument("id", metavar="ID")


def _add_act(of: Parser, name: str, run: Run, help: str) -> Parser:  # noqa: A002 - argparse's word
    made = verb(of, name, run, help)
    _add_id(made)
    made.add_argument("--fence", type=whole_number(0, 2**62), metavar="N", help="the fencing token you were given")
    return made


# Adding tasks.


def _add(call: Call) -> Answer:
    by = call.actor_or_human()
    arguments = call.arguments
    made = tasks.add(call.db, arguments.title, by, arguments.id, arguments.after, arguments.detail)
    waits = f" It waits for {', '.join(made.blocked_by)}." if made.blocked_by else ""
    return Answer(f"Task {made.id} is added.{waits}", data={"id": made.id, "task": make_task_data(made)})


def _import(call: Call) -> Answer:
    # These load json, Markdown and YAML, which agents' verbs do without.
    from swarm_agents.tasks import imports, task_file  # see above

    by = call.actor_or_human()
    name = call.arguments.file
    try:
        text = task_file.decode(read_bytes(name, task_file.SIZE_LIMIT + 1))
        format_ = call.arguments.format
        if format_ == "auto":
            format_ = task_file.choose_format(name, text)
        outcome = imports.import_all(call.db, task_file.parse(text, format_, call.arguments.tag), by)
    except BadData as error:
        where = "standard input" if name == "-" else one_line(name, 200)
        raise BadData(f"{where}: {error.message} Nothing was added.") from None
    return _answer_imported(outcome)


def _answer_imported(outcome: ImportedTasks) -> Answer:
    counts = (
        (outcome.present, "there already"),
        (outcome.ended, "done or cancelled in the file and left out"),
        (outcome.deferred, "put off in the file, or wait for such a task, and left out"),
    )
    text = _describe_added(outcome.added) if outcome.added else "Nothing is new."
    text += "".join(
        f" {len(ids)} {'is' if len(ids) == 1 else 'are'} {how}: {_list_ids(ids)}." for ids, how in counts if ids
    )
    if outcome.unlinked:
        pairs = _list_ids([f"{one} after {new}" for one, new in outcome.unlinked])
        text += f" What was there does not wait for what is new, though the file says so: {pairs}."
    data = {
        "ids": [one.id for one in outcome.added],
        "tasks": [make_task_data(one) for one in outcome.added],
        "present": outcome.present,
        "ended": outcome.ended,
        "deferred": outcome.deferred,
        "unlinked": [list(pair) for pair in outcome.unlinked],
    }
    return Answer(text, data=data)


def _plan(call: Call) -> Answer:
    from swarm_agents.tasks import plan as task_plan  # loads subprocess and tomllib, which the others do without

    by = call.actor_or_human()
    arguments = call.arguments
    feature = arguments.feature.strip()
    if arguments.command is not None and arguments.template is not None:
        raise UsageError("Give --template or --with, not both.")
    if not feature or len(feature) > TITLE_LIMIT or one_line(feature, TITLE_LIMIT) != feature:
        raise BadData(f"The feature must be one line of 1 to {TITLE_LIMIT} visible characters.")
    if arguments.command is not None:
        proposed = task_plan.propose_from_command(arguments.command, feature, arguments.timeout, call.root)
    else:
        proposed = task_plan.propose_from_template(arguments.template or "auto", feature)
    if arguments.dry_run:
        return _answer_proposed(task_plan.prefix_ids(call.db, feature, proposed))
    return _answer_added(task_plan.add_plan(call.db, feature, proposed, by))


def _answer_proposed(drafts: list[TaskDraft]) -> Answer:
    data = [{"id": one.id, "title": one.title, "after": list(one.after)} for one in drafts]
    lines = (f"{one.id}  {one.title}" + (f"  after {', '.join(one.after)}" if one.after else "") for one in drafts)
    return make_listing(lines, "Nothing is proposed.", {"tasks": data})


def _answer_added(made: list[Task]) -> Answer:
    data = {"ids": [one.id for one in made], "tasks": [make_task_data(one) for one in made]}
    return Answer(_describe_added(made), data=data)


def _describe_added(made: list[Task]) -> str:
    return f"{len(made)} {'task is' if len(made) == 1 else 'tasks are'} added: {_list_ids([one.id for one in made])}."


def _list_ids(ids: list[str]) -> str:
    return f"{', '.join(ids[:10])}{', ...' if len(ids) > 10 else ''}"


# Acts on one task.


def _claim(call: Call) -> Answer:
    agent = call.require_actor()
    outcome = tasks.claim(call.db, agent, call.arguments.id, _choose_lease_s(call, agent))
    if not isinstance(outcome, TaskUpdated):
        return _answer_refused(call, outcome)
    task = outcome.task
    again = "" if outcome.new else " already"
    return _answer_updated(task, f"Task {task.id} is yours{again} (fence {task.fence}): {task.title}", call)


def _start(call: Call) -> Answer:
    agent = call.require_actor()
    outcome = tasks.start(call.db, agent, call.arguments.id, _choose_lease_s(call, agent), call.arguments.fence)
    return _answer(call, outcome, "is in progress")


def _review(call: Call) -> Answer:
    arguments = call.arguments
    outcome = tasks.request_review(
        call.db, call.require_actor(), arguments.id, arguments.by, arguments.note, arguments.fence
    )
    return _answer(call, outcome, "waits for a review; it stays yours")


def _done(call: Call) -> Answer:
    outcome = tasks.complete(
        call.db, call.require_actor(), call.arguments.id, call.arguments.result, call.arguments.fence
    )
    return _answer(call, outcome, "is completed")


def _fail(call: Call) -> Answer:
    if not call.arguments.reason.strip():
        raise UsageError("--reason must not be empty.")
    outcome = tasks.fail(call.db, call.require_actor(), call.arguments.id, call.arguments.reason, call.arguments.fence)
    return _answer(call, outcome, "has failed; a human decides what next")


def _release(call: Call) -> Answer:
    arguments = call.arguments
    outcome = tasks.release(call.db, call.actor_or_human(), arguments.id, arguments.reason, arguments.fence)
    return _answer(call, outcome, "is open again")


def _reassign(call: Call) -> Answer:
    call.require_human()
    from swarm_agents.views.human_commands import ReassignTaskCommand  # loads what agents' verbs do without

    arguments = call.arguments
    outcome = ReassignTaskCommand(arguments.id, arguments.agent, arguments.fence).carry_out(call.db, call.config)
    if not isinstance(outcome, TaskUpdated):
        return _answer_refused(call, outcome)
    return _answer_updated(outcome.task, f"Task {outcome.task.id} is {outcome.task.claimant}'s now.", call)


def _cancel(call: Call) -> Answer:
    outcome = tasks.cancel(call.db, call.actor_or_human(), call.arguments.id, call.arguments.reason)
    if isinstance(outcome, TaskNotHeld):
        status = outcome.task.status.value
        rule = "A human may cancel it until it is completed, and the agent that added it while it is open"
        message = f"Task {outcome.task.id} is {status}. {rule}."
        return Answer(message, 77, make_task_data(outcome.task))
    return _answer(call, outcome, "is cancelled")


def _choose_lease_s(call: Call, agent: str) -> float:
    return HUMAN_LEASE_S if agent == HUMAN else call.config.task_lease_s


def _answer(call: Call, outcome: TaskUpdated | TaskNotHeld, how: str) -> Answer:
    if isinstance(outcome, TaskNotHeld):
        return _answer_not_held(call, outcome.task)
    return _answer_updated(outcome.task, f"Task {outcome.task.id} {how}.", call)


def _answer_updated(task: Task, message: str, call: Call) -> Answer:
    then = {
        TaskStatus.CLAIMED: f"swarm task start {task.id}",
        TaskStatus.IN_PROGRESS: f"swarm task done {task.id}",
    }.get(task.status)
    mine = task.claimant is not None and task.claimant == call.identity
    return Answer(
        message, data={"id": task.id, **make_task_data(task)}, next=call.add_identity(then) if then and mine else None
    )


def _answer_refused(call: Call, outcome: TaskTaken | TaskBlocked) -> Answer:
    task = outcome.task
    if isinstance(outcome, TaskBlocked):
        reason, message = "blocked_by", f"Task {task.id} is blocked by {', '.join(task.blocked_by)}."
    elif task.claimant is not None:
        reason, message = "taken_by", f"Task {task.id} is taken by {task.claimant} ({task.status.value})."
    else:
        reason, message = task.status.value, f"Task {task.id} is {task.status.value}."
    data = {"reason": reason, "taken_by": task.claimant, "blocked_by": list(task.blocked_by), "id": task.id}
    return Answer(message, 90, data | {"status": task.status.value}, call.add_identity("swarm task list --claimable"))


def _answer_not_held(call: Call, task: Task) -> Answer:
    if getattr(call.arguments, "fence", None) is not None and task.claimant == call.identity:
        message = f"Task {task.id} was claimed again since; its fence is now {task.fence}. Nothing was changed."
        return Answer(message, 82, make_task_data(task), call.add_identity(f"swarm task show {task.id}"))
    if task.claimant is not None:
        why = f"it is {task.claimant}'s ({task.status.value})"
    elif task.former is not None and task.former == call.identity:
        why = f"it is not yours any more ({task.status.value})"
    else:
        why = f"it is not claimed ({task.status.value})"
    then = f"swarm task claim {task.id}" if task.claimable else f"swarm task show {task.id}"
    return Answer(f"Task {task.id}: {why}. Nothing was changed.", 77, make_task_data(task), call.add_identity(then))


# Reading.


def _list(call: Call) -> Answer:
    found = _read_tasks(call)
    arguments = call.arguments
    if arguments.mine:
        if call.identity is None:
            raise UsageError("--mine needs to know who you are: --as NAME, or SWARM_AGENT.")
        found = [one for one in found if one.claimant == call.identity]
    if arguments.status is not None:
        found = [one for one in found if one.status.value == arguments.status]
    if arguments.claimable:
        found = [one for one in found if one.claimable]
    return make_listing(map(format_task, found), "No tasks.", {"tasks": [make_task_data(one) for one in found]})


def _show(call: Call) -> Answer:
    call.record_read()
    reopening.reap(call.db)
    task = task_report.read(call.db, call.arguments.id).task
    return Answer(task.title, data=make_task_data(task), lines=tuple(format_details(task)))


def _progress(call: Call) -> Answer:
    found = [one for one in _read_tasks(call) if one.status is not TaskStatus.CANCELLED]
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


def _read_tasks(call: Call) -> list[Task]:
    call.record_read()
    reopening.reap(call.db)
    found = task_report.read_all(call.db)
    feature = call.arguments.feature
    return [one for one in found if feature is None or one.feature == feature]
