"""`swarm msg`: send messages to an agent, a role or all; read, wait for, acknowledge and search them."""

from __future__ import annotations

from swarm_agents import roster
from swarm_agents.cli.invocation import Arguments, Call
from swarm_agents.cli.message_lines import format_message, make_message_data, make_page_answer
from swarm_agents.cli.output import Answer, format_clock, format_iso, make_listing, talk
from swarm_agents.cli.parsing import Parser, parser, read_body, seconds, verb, whole_number
from swarm_agents.cli.phase import add_all_phases_option, find_phase, find_reading_phase
from swarm_agents.cli.times import SinceTime
from swarm_agents.late import load_late
from swarm_agents.messages import messages
from swarm_agents.messages.rows import MessageFilter
from swarm_agents.model import EVERYONE, HUMAN, Delivery, DeliveryState, MessageType
from swarm_agents.roster import Agent
from swarm_agents.text import checked_name
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from swarm_agents.messages import acknowledgements, reading
    from swarm_agents.messages import search as message_search
    from swarm_agents.messages import wait as message_waiting
    from swarm_agents.views import message_report
    from swarm_agents.views.message_report import MessageRecipient
else:
    acknowledgements = load_late("swarm_agents.messages.acknowledgements")
    reading = load_late("swarm_agents.messages.reading")
    message_search = load_late("swarm_agents.messages.search")
    message_waiting = load_late("swarm_agents.messages.wait")
    message_report = load_late("swarm_agents.views.message_report")

_DAY_S = 86_400
_WAIT_S = 300.0
_ID = whole_number(1, 2**62)


def parse(words: list[str]) -> Arguments:
    msg_parser = parser(
        "msg",
        "Messages between agents and people. Each is stored first; then a notice in the recipient's pane points to it.",
    )
    _add_sending_verbs(msg_parser)
    _add_reading_verbs(msg_parser)
    _add_lookup_verbs(msg_parser)
    return msg_parser.parse_args(words)


def _add_sending_verbs(of: Parser) -> None:
    sending = verb(of, "send", _send, "to an agent, a role, 'all', or 'human'")
    sending.add_argument("to", metavar="TO")
    _add_body(sending)
    _add_body(verb(of, "broadcast", _broadcast, "to all agents"))


def _add_reading_verbs(of: Parser) -> None:
    polling = verb(of, "poll", _poll, "what concerns you after the given message, read or not, oldest first")
    polling.add_argument("--after", type=whole_number(0, 2**62), metavar="ID", help="the cursor of the last poll")
    polling.add_argument("--include-self", action="store_true", help="also your own messages")
    add_all_phases_option(polling)
    _add_filter(polling, "--type")
    waiting = verb(of, "wait", _wait, "wait for a message that you have not read; prints it")
    waiting.add_argument(
        "--after", type=whole_number(0, 2**62), metavar="ID", help="any message after this one, read or not"
    )
    waiting.add_argument("--timeout", type=seconds(0, _DAY_S), default=_WAIT_S, metavar="S", help="default: 300")
    add_all_phases_option(waiting)
    _add_filter(waiting, "--for")
    acking = verb(of, "ack", _ack, "acknowledge a message")
    acking.add_argument("id", type=_ID, metavar="ID", help="the id of the message or of any retry")
    acking.add_argument("--for", dest="for_", metavar="NAME", help="a human excuses this agent from acknowledging it")


def _add_lookup_verbs(of: Parser) -> None:
    showing = verb(of, "show", _show, "one message, and who read and acknowledged it")
    showing.add_argument("id", type=_ID, metavar="ID")
    logging = verb(of, "log", _log, "the newest messages of all senders")
    logging.add_argument("--grep", metavar="TEXT", help="messages that hold these words, newest first")
    _add_filter(logging, "--type")
    counting = verb(of, "count", _count, "how many messages there are of each type")
    counting.add_argument("--since", type=SinceTime, metavar="WHEN")
    exporting = verb(of, "export", _export, "write messages into a new file, .jsonl or .md")
    exporting.add_argument("file", metavar="FILE")
    exporting.add_argument("--format", choices=["jsonl", "markdown"])
    _add_filter(exporting, "--type", limited=False)


def _add_body(of: Parser) -> None:
    of.add_argument("body", nargs="?", metavar="BODY", help="default: standard input")
    of.add_argument("--file", metavar="F", help="read the body from a file")
    of.add_argument("--type", choices=[one.value for one in MessageType], default="INFO")
    of.add_argument("--reply-to", type=_ID, metavar="ID", help="the message that this one answers")
    of.add_argument(
        "--requires-ack", action="store_true", help="send it again to recipients that do not acknowledge it"
    )
    of.add_argument(
        "--ack-within", type=seconds(0.1, _DAY_S), metavar="S", help="seconds until it is sent again; default: 30"
    )


def _add_filter(of: Parser, type_option: str, limited: bool = True) -> None:
    of.add_argument(type_option, dest="type", choices=[one.value for one in MessageType])
    of.add_argument("--from", dest="sender", metavar="WHO", help="an agent or a role")
    of.add_argument("--thread", type=_ID, metavar="ID", help="the id of any of its messages")
    of.add_argument("--since", type=SinceTime, metavar="WHEN", help="90s, 2h, 7d, or a date and time")
    if limited:
        of.add_argument("--limit", type=whole_number(1, 1000), default=50, metavar="N")


def _send(call: Call) -> Answer:
    return _send_to(call, call.arguments.to)


def _broadcast(call: Call) -> Answer:
    return _send_to(call, EVERYONE)


def _send_to(call: Call, to: str) -> Answer:
    arguments, sender = call.arguments, call.actor_or_human()
    ack_within_s = arguments.ack_within or (messages.FIRST_WAIT_S if arguments.requires_ack else None)
    message, queued = messages.send(
        call.db,
        sender,
        to,
        read_body(arguments.body, arguments.file),
        MessageType(arguments.type),
        call.config.messages_per_minute,
        arguments.reply_to,
        ack_within_s,
        find_phase(call),
    )
    data = {"id": message, "recipients": [_make_recipient_data(one) for one in queued]}
    if not queued and to == EVERYONE:
        return Answer(f"Message {message} is stored, but no recipient is present.", 92, data, "swarm agent list")
    notices = sum(one.state is DeliveryState.QUEUED for one in queued)
    return Answer(
        f"Message {message} is stored for {_count_agents(len(queued))}; {_describe_notices(notices)}", data=data
    )


def _count_agents(count: int) -> str:
    return "1 agent" if count == 1 else f"{count} agents"


def _describe_notices(notices: int) -> str:
    """Only promises what is known: a queued notice is not typed yet, and a typed one not read."""
    if not notices:
        return "none of them has a pane: they find it in their inbox."
    return f"a notice is queued for {notices} of their panes."


def _poll(call: Call) -> Answer:
    reader, after = _find_reader(call), call.arguments.after
    only = _make_filter(call, find_reading_phase(call))
    page, pruned = message_report.poll(
        call.db, reader, after or 0, call.arguments.limit, only, call.arguments.include_self
    )
    missing = pruned if after is not None and after < pruned else 0
    if missing:
        talk(f"old messages were pruned: some up to #{missing} may be missing between your cursor and these")
    return _answer_page(call, page, reader, "Nothing new.", {"pruned_through": missing})


def _wait(call: Call) -> Answer:
    reader, arguments = _find_reader(call), call.arguments
    only = _make_filter(call, find_reading_phase(call))
    from swarm_agents.phases import Phase  # `send` does without

    match message_waiting.wait(call.db, reader, only, arguments.timeout, arguments.after):
        case None:
            again = call.add_identity(f"swarm msg wait{_repeat_options(call)}")
            return Answer(f"No such message came within {arguments.timeout:g} s.", 75, next=again)
        case Phase() as ended:
            return Answer(f"Phase {ended.name} has ended ({ended.id}); no more messages come in it.", 75)
        case page:
            return _answer_page(call, page, reader, "")


def _ack(call: Call) -> Answer:
    message, excused = call.arguments.id, call.arguments.for_
    if excused is not None:
        call.require_human()
        from swarm_agents.views.human_commands import ExcuseCommand  # loads what agents' verbs do without

        outcome = ExcuseCommand(message, checked_name(excused)).carry_out(call.db, call.config)
        text = f"{excused} is excused from acknowledging message {outcome.message}."
        return Answer(text, data={"id": outcome.message})
    outcome = acknowledgements.acknowledge(call.db, call.actor_or_human(), message)
    text = (
        f"Message {outcome.message} is acknowledged."
        if outcome.new
        else f"You had acknowledged message {outcome.message} before."
    )
    return Answer(text, data={"id": outcome.message})


def _show(call: Call) -> Answer:
    call.record_read()
    message, recipients = message_report.read(call.db, call.arguments.id)
    lines = [format_message(message), *(_format_recipient(one) for one in recipients)]
    data = make_message_data(message) | {"recipients": [_make_receipt_data(one) for one in recipients]}
    return Answer(lines[0], data=data, lines=tuple(lines))


def _format_recipient(one: MessageRecipient) -> str:
    words = [f"read {format_clock(one.read_at)}" if one.read_at else "not read"]
    words += [f"acknowledgement: {one.ack}"] if one.ack else []
    return "  ".join([f"    {one.agent}", *words])


def _make_receipt_data(one: MessageRecipient) -> dict[str, str | None]:
    return {
        "agent": one.agent,
        "state": one.state.value if one.state else None,
        "read_at": format_iso(one.read_at),
        "acked_at": format_iso(one.acked_at),
        "ack": one.ack,
    }


def _log(call: Call) -> Answer:
    call.record_read()
    arguments, only = call.arguments, _make_filter(call)
    if arguments.grep is None:
        page = message_report.read_log(call.db, arguments.limit, only)
        return _answer_log(call, page, "There are no messages yet." if only == MessageFilter() else "No such messages.")
    page = message_search.grep(call.db, arguments.grep, arguments.limit, only)
    return _answer_log(call, page, "No message holds these words.")


def _count(call: Call) -> Answer:
    call.record_read()
    since = call.arguments.since
    found = message_report.count_by_type(call.db, since.at_ms(call.db.now()) if since else 0)
    total = sum(found.values())
    lines = (f"{type_.value:<16}{number}" for type_, number in found.items() if number)
    data = {"counts": {type_.value: number for type_, number in found.items()}, "total": total}
    return make_listing(lines, "There are no messages.", data)


def _export(call: Call) -> Answer:
    from pathlib import Path  # `send` does without

    from swarm_agents.messages import export as message_export  # loads json, which `send` does without

    call.record_read()
    file = Path(call.arguments.file)
    format_ = message_export.choose_format(file, call.arguments.format)
    number = message_export.export(call.db, file, _make_filter(call), format_)
    return Answer(f"{number} messages are in {file}.", data={"file": str(file), "messages": number})


def _find_reader(call: Call) -> Agent | None:
    """The agent that calls; None for the human."""
    name = call.actor_or_human()
    return None if name == HUMAN else roster.read(call.db, name)


def _answer_page(
    call: Call, page: reading.MessagePage, reader: Agent | None, when_empty: str, more: dict[str, int] | None = None
) -> Answer:
    """Answer with the page. Its messages are marked as read after they were printed."""
    name = reader.name if reader else HUMAN

    def mark() -> None:
        reading.record_read(call.db, name, page)

    answer = make_page_answer(call, page, when_empty, more)
    return answer._replace(afterwards=mark) if page.messages else answer


def _answer_log(call: Call, page: reading.MessagePage, when_empty: str) -> Answer:
    """Answer with the page. Only for the human, who has no inbox, the log marks messages to `human` as read."""
    to_human = [one for one in page.messages if one.recipient == HUMAN]
    answer = make_page_answer(call, page, when_empty)
    if call.identity not in (None, HUMAN) or not to_human:
        return answer
    return answer._replace(afterwards=_answer_page(call, page._replace(messages=to_human), None, "").afterwards)


def _make_filter(call: Call, phase: str | None = None) -> MessageFilter:
    arguments = call.arguments
    return MessageFilter(
        type=MessageType(arguments.type) if arguments.type else None,
        sender=checked_name(arguments.sender, "sender") if arguments.sender is not None else None,
        thread=arguments.thread,
        since=arguments.since.at_ms(call.db.now()) if arguments.since else None,
        phase=phase,
    )


def _repeat_options(call: Call) -> str:
    """The options of this command line, for the command that repeats it."""
    arguments = call.arguments
    options = {
        "for": arguments.type,
        "from": arguments.sender,
        "thread": arguments.thread,
        "after": arguments.after,
        "since": arguments.since,
        "timeout": f"{arguments.timeout:g}",
    }
    return "".join(f" --{name} {value}" for name, value in options.items() if value is not None) + (
        " --all-phases" if arguments.all_phases else ""
    )


def _make_recipient_data(delivery: Delivery) -> dict[str, str | None]:
    return {"agent": delivery.agent, "state": delivery.state.value, "reason": delivery.reason}
