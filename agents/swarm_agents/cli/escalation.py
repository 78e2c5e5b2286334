"""`swarm escalation`: the questions to the human, their channels, and the human's answers."""

from __future__ import annotations

from swarm_agents.build.outcomes import RoleGranted
from swarm_agents.cli import answers
from swarm_agents.cli.invocation import Arguments, Call
from swarm_agents.cli.output import Answer, format_clock, format_iso, make_listing
from swarm_agents.cli.parsing import Parser, parser, verb, whole_number
from swarm_agents.escalations import announcements
from swarm_agents.escalations.escalations import AckResolution, Escalation, Resolution
from swarm_agents.text import checked_name, one_line, printable
from swarm_agents.views import escalation_report
from swarm_agents.views.human_commands import AcknowledgeEscalationCommand, AnswerUnacknowledgedCommand, ResolveCommand

_LATEST = 1000  # escalations that `list --all` shows
_MARGIN = 11  # of the channels' names and states
_BUILD_OPTIONS = [one.value for one in Resolution]
_MESSAGE_OPTIONS = [one.value for one in AckResolution]


def parse(words: list[str]) -> Arguments:
    escalation_parser = parser("escalation", "Questions to the human, each with options that act.")
    listing = verb(escalation_parser, "list", _list, "the open ones")
    listing.add_argument("--all", action="store_true", help="also the resolved ones, newest first")
    _id(verb(escalation_parser, "show", _show, "the whole text"))
    _id(verb(escalation_parser, "ack", _ack, "acknowledge that you have seen it; resolves nothing"))
    announcing = verb(escalation_parser, "announce", _announce, "try every channel that is due now")
    announcing.add_argument("--until-told", action="store_true", help="stay for some minutes, and try again what fails")
    resolving = verb(escalation_parser, "resolve", _resolve, "a human's answer")
    _id(resolving)
    resolving.add_argument("--option", required=True, choices=[*_BUILD_OPTIONS, *_MESSAGE_OPTIONS])
    resolving.add_argument("--agent", metavar="NAME", help="who gets the build; of several recipients, this one")
    resolving.add_argument("--reason", metavar="TEXT", default="")
    return escalation_parser.parse_args(words)


def _id(of: Parser) -> None:
    of.add_argument("id", type=whole_number(1, 2**62), metavar="ID")


def _list(call: Call) -> Answer:
    call.record_read()
    every = call.arguments.all
    found = escalation_report.read_latest(call.db, _LATEST) if every else escalation_report.read_open(call.db)
    lines = [f"{one.id}  {format_clock(one.raised_at)}  {_state(one)}  {one_line(one.reason, 100)}" for one in found]
    open_ones = sum(one.resolved_at is None for one in found)
    message = f"{open_ones} open: 'swarm escalation show ID' says more." if open_ones else "No open escalation."
    return Answer(message, data={"escalations": [_data(one) for one in found]}, lines=tuple(lines))


def _show(call: Call) -> Answer:
    call.record_read()
    found, channels = escalation_report.read(call.db, call.arguments.id)
    data = _data(found) | {"text": found.text, "channels": [_channel_data(one) for one in channels]}
    told = [f"  {_channel_line(call, one)}" for one in channels]
    return Answer(found.reason, data=data, lines=(printable(found.text), *_answered(found), "Channels:", *told))


def _ack(call: Call) -> Answer:
    call.require_human()
    AcknowledgeEscalationCommand(call.arguments.id).carry_out(call.db, call.config)
    return Answer(f"Escalation {call.arguments.id} is acknowledged; it stays open.", data={"id": call.arguments.id})


def _announce(call: Call) -> Answer:
    from swarm_agents.watch import announcer  # loads subprocess; the other verbs do without it

    if call.arguments.until_told:
        announcer.announce_until_settled(call.db, call.config)
    else:
        announcer.announce_due(call.db, call.config)
    channels = escalation_report.read_open_channels(call.db)
    lines = (f"{one.escalation}  {_channel_line(call, one)}" for one in channels)
    return make_listing(lines, "No open escalation.", {"channels": [_channel_data(one) for one in channels]})


def _resolve(call: Call) -> Answer:
    call.require_human()
    arguments = call.arguments
    reason = one_line(arguments.reason, 500)
    if arguments.option in _MESSAGE_OPTIONS:
        return _answer_about_message(call, AckResolution(arguments.option), reason)
    option = Resolution(arguments.option)
    outcome = ResolveCommand(arguments.id, option, arguments.agent, reason).carry_out(call.db, call.config)
    if isinstance(outcome, RoleGranted):
        message = f"{outcome.build.fixer} is the fixer now (fence {outcome.build.fence})."
    else:
        message = answers.describe_build(outcome.build)
    return Answer(message, data=answers.role_data(outcome.build) | {"escalation": arguments.id})


def _answer_about_message(call: Call, option: AckResolution, reason: str) -> Answer:
    escalation, agent = call.arguments.id, call.arguments.agent
    named = checked_name(agent) if agent is not None else None
    command = AnswerUnacknowledgedCommand(escalation, option, reason, named)
    about = ", ".join(command.carry_out(call.db, call.config))
    said = (
        f"The message is sent again to {about}."
        if option is AckResolution.SAY_AGAIN
        else f"An acknowledgement by {about} is no longer required."
    )
    return Answer(said, data={"escalation": escalation})


def _state(one: Escalation) -> str:
    if one.resolution:
        return one.resolution
    return "acknowledged" if one.acked_at else "open"


def _answered(one: Escalation) -> list[str]:
    if one.resolved_at is None:
        return []
    said = f": {one_line(one.answer, 500)}" if one.answer else ""
    return [f"Answered at {format_clock(one.resolved_at)} by {one.resolved_by}: {one.resolution}{said}"]


def _channel_line(call: Call, one: announcements.Announcement) -> str:
    line = f"{one.channel:<{_MARGIN}}{one.state:<{_MARGIN}}{format_clock(one.at)}"
    notes = [one.reason, _held_back(call, one), "perhaps twice" if one.repeated else ""]
    return "  ".join([line, *(one_line(note, 200) for note in notes if note)])


def _held_back(call: Call, one: announcements.Announcement) -> str:
    """Why a channel still waits under this repository's configuration."""
    if one.state not in ("waiting", "failed") or one.channel not in (announcements.TMUX, announcements.COMMAND):
        return ""
    if one.channel == announcements.COMMAND and not call.config.notify.command:
        return "[notify] command is not configured"
    from swarm_agents.watch import announcer  # see `_announce`

    until = announcer.find_quiet_end(call.config.notify, call.db.now())
    return f"quiet hours until {until}" if until else ""


def _channel_data(one: announcements.Announcement) -> dict[str, str | int | bool | None]:
    return {
        "escalation": one.escalation,
        "channel": one.channel,
        "state": one.state,
        "reason": one.reason,
        "tries": one.tries,
        "repeated": one.repeated,
        "at": format_iso(one.at),
    }


def _data(one: Escalation) -> dict[str, str | int | None]:
    return {
        "id": one.id,
        "incident": one.incident,
        "message": one.message,
        "raised_at": format_iso(one.raised_at),
        "raised_by": one.raised_by,
        "reason": one.reason,
        "state": _state(one),
        "acked_at": format_iso(one.acked_at),
        "resolved_at": format_iso(one.resolved_at),
        "resolved_by": one.resolved_by,
        "answer": one.answer,
    }
