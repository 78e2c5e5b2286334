"""`swarm msg`: say something to one, to a role, to all; read, wait for, acknowledge and search what was said."""

import argparse
from pathlib import Path

from swarm_agents import roster
from swarm_agents.cli.invocation import Call
from swarm_agents.cli.message_lines import format_message, make_message_data, make_page_answer
from swarm_agents.cli.output import Answer, format_clock, format_iso, make_listing, talk
from swarm_agents.cli.parsing import Parser, parser, read_body, seconds, verb, verbs, whole_number
from swarm_agents.cli.phase import add_all_phases_option, find_phase, find_reading_phase
from swarm_agents.cli.times import SinceTime
from swarm_agents.messages import ack_escalations, acknowledgements, deliveries, messages, reading, retention
from swarm_agents.messages import rows as message_rows
from swarm_agents.messages.rows import MessageFilter
from swarm_agents.model import EVERYONE, HUMAN, Delivery, DeliveryState, MessageType
from swarm_agents.phases import Phase
from swarm_agents.roster import Agent
from swarm_agents.text import checked_name

_DAY_S = 86_400
_WAIT_S = 300.0
_ID = whole_number(1, 2**62)


def parse(words: list[str]) -> argparse.Namespace:
    msg_parser = parser("msg", "Messages between agents and people. Stored first, then pointed at in panes.")
    of = verbs(msg_parser)
    sending = verb(of, "send", _send, "to an agent, a role, 'all', or 'human'")
    sending.add_argument("to", metavar="TO")
    _body(sending)
    _body(verb(of, "broadcast", _broadcast, "to everybody"))
    polling = verb(of, "poll", _poll, "what concerns you after a message you know, read or not, oldest first")
    polling.add_argument("--after", type=whole_number(0, 2**62), metavar="ID", help="the cursor of the last poll")
    polling.add_argument("--include-self", action="store_true", help="also what you wrote")
    add_all_phases_option(polling)
    _which(polling, "--type")
    waiting = verb(of, "wait", _wait, "until a message comes that you have not read; prints it")
    waiting.add_argument("--after", type=whole_number(0, 2**62), metavar="ID", help="any that follows this one")
    waiting.add_argument("--timeout", type=seconds(0, _DAY_S), default=_WAIT_S, metavar="S", help="default: 300")
    add_all_phases_option(waiting)
    _which(waiting, "--for")
    acking = verb(of, "ack", _ack, "say that you have taken note of a message")
    acking.add_argument("id", type=_ID, metavar="ID", help="as it was shown to you")
    acking.add_argument("--for", dest="for_", metavar="NAME", help="a human: wait no more for this agent to do it")
    showing = verb(of, "show", _show, "one message, and who read and acknowledged it")
    showing.add_argument("id", type=_ID, metavar="ID")
    logging = verb(of, "log", _log, "the newest messages, whoever wrote them")
    logging.add_argument("--grep", metavar="TEXT", help="those that hold these words, newest first")
    _which(logging, "--type")
    counting = verb(of, "count", _count, "how many there are of each type")
    counting.add_argument("--since", type=SinceTime, metavar="WHEN")
    exporting = verb(of, "export", _export, "write messages into a new file, .jsonl or .md")
    exporting.add_argument("file", metavar="FILE")
    exporting.add_argument("--format", choices=["jsonl", "markdown"])
    _which(exporting, "--type", limited=False)
    return msg_parser.parse_args(words)


def _body(of: Parser) -> None:
    of.add_argument("body", nargs="?", metavar="BODY", help="default: standard input")
    of.add_argument("--file", metavar="F", help="read the body from a file")
    of.add_argument("--type", choices=[one.value for one in MessageType], default="INFO")
    of.add_argument("--reply-to", type=_ID, metavar="ID", help="the message that this one answers")
    of.add_argument("--requires-ack", action="store_true", help="say it again to whoever does not acknowledge it")
    of.add_argument(
        "--ack-within", type=seconds(0.1, _DAY_S), metavar="S", help="until it is said again first; default: 30"
    )


def _which(of: Parser, type_option: str, limited: bool = True) -> None:
    of.add_argument(type_option, dest="type", choices=[one.value for one in MessageType])
    of.add_argument("--from", dest="sender", metavar="WHO", help="an agent or a role")
    of.add_argument("--thread", type=_ID, metavar="ID", help="any message of it")
    of.add_argument("--since", type=SinceTime, metavar="WHEN", help="90s, 2h, 7d, or a date and time")
    if limited:
        of.add_argument("--limit", type=whole_number(1, 1000), default=50, metavar="N")


def _send(call: Call) -> Answer:
    return _sent(call, call.arguments.to)


def _broadcast(call: Call) -> Answer:
    return _sent(call, EVERYONE)


def _sent(call: Call, to: str) -> Answer:
    said, sender = call.arguments, call.actor_or_human()
    ack_within_s = said.ack_within or (messages.FIRST_WAIT_S if said.requires_ack else None)
    message, queued = messages.send(
        call.db,
        sender,
        to,
        read_body(said.body, said.file),
        MessageType(said.type),
        call.config.messages_per_minute,
        said.reply_to,
        ack_within_s,
        find_phase(call),
    )
    data = {"id": message, "recipients": [recipient(one) for one in queued]}
    if not queued and to == EVERYONE:
        return Answer(f"Message {message} is stored, but nobody is here to read it.", 92, data, "swarm agent list")
    notices = sum(one.state is DeliveryState.QUEUED for one in queued)
    return Answer(f"Message {message} is stored for {_agents(len(queued))}; {_told(notices)}", data=data)


def _agents(count: int) -> str:
    return "1 agent" if count == 1 else f"{count} agents"


def _told(notices: int) -> str:
    """Queued is not typed, and typed is not read."""
    if not notices:
        return "none of them has a pane, so they find it in their inbox."
    return f"a notice is queued for {notices} of their panes."


def _poll(call: Call) -> Answer:
    reader, after = _reader(call), call.arguments.after
    asked = _asked(call, find_reading_phase(call))
    with call.db.reading() as tx:
        page = reading.poll(tx, reader, after or 0, call.arguments.limit, asked, call.arguments.include_self)
        pruned = retention.find_pruned_through(tx)
    missing = pruned if after is not None and after < pruned else 0
    if missing:
        talk(f"old messages were pruned: some up to #{missing} are missing between your cursor and these")
    return _read(call, page, reader, "Nothing new.", {"pruned_through": missing})


def _wait(call: Call) -> Answer:
    from swarm_agents.messages import wait as message_waiting

    reader, said = _reader(call), call.arguments
    match message_waiting.wait(call.db, reader, _asked(call, find_reading_phase(call)), said.timeout, said.after):
        case None:
            again = call.add_identity(f"swarm msg wait{_options(call)}")
            return Answer(f"No such message came within {said.timeout:g} s.", 75, next=again)
        case Phase() as ended:
            return Answer(f"Phase {ended.name} has ended ({ended.id}); nobody says more in it.", 75)
        case page:
            return _read(call, page, reader, "")


def _ack(call: Call) -> Answer:
    message, excused = call.arguments.id, call.arguments.for_
    if excused is not None:
        call.require_human()
        done = acknowledgements.excuse(call.db, checked_name(excused), message)
        text = f"Nobody waits any more for {excused} to acknowledge message {done.message}."
        return Answer(text, data={"id": done.message})
    done = acknowledgements.acknowledge(call.db, call.actor_or_human(), message)
    text = f"Message {done.message} is acknowledged." if done.new else f"You had acknowledged message {done.message}."
    return Answer(text, data={"id": done.message})


def _show(call: Call) -> Answer:
    call.record_read()
    with call.db.reading() as tx:
        one = message_rows.find(tx, call.arguments.id)
        told = {each.agent: each for each in deliveries.list_for_message(tx, one.id)}
        read = reading.read_receipts(tx, one.id)
        expected = {each.agent: each for each in ack_escalations.list_required(tx, one.retry_of or one.id)}
    lines, data = [format_message(one)], []
    for name in sorted({*told, *read, *expected}):
        state = told[name].state.value if name in told else None
        read_at, acked_at = read.get(name, (None, None))
        ack = expected[name].state if name in expected else None
        data.append(
            {
                "agent": name,
                "state": state,
                "read_at": format_iso(read_at),
                "acked_at": format_iso(acked_at),
                "ack": ack,
            }
        )
        words = [
            f"read {format_clock(read_at)}" if read_at else "not read",
            *([f"acknowledgement: {ack}"] if ack else []),
        ]
        lines.append("  ".join([f"    {name}", *words]))
    return Answer(lines[0], data=make_message_data(one) | {"recipients": data}, lines=tuple(lines))


def _log(call: Call) -> Answer:
    call.record_read()
    said, asked = call.arguments, _asked(call)
    if said.grep is None:
        with call.db.reading() as tx:
            page = reading.read_log(tx, said.limit, asked)
        return _read_by_human(
            call, page, "Nothing was said yet." if asked == MessageFilter() else "Nothing of that kind."
        )
    from swarm_agents.messages import search as message_search

    page = message_search.grep(call.db, said.grep, said.limit, asked)
    return _read_by_human(call, page, "No message holds these words.")


def _count(call: Call) -> Answer:
    call.record_read()
    since = call.arguments.since
    with call.db.reading() as tx:
        found = reading.count_by_type(tx, since.at_ms(tx.now) if since else 0)
    total = sum(found.values())
    lines = (f"{type_.value:<16}{number}" for type_, number in found.items() if number)
    data = {"counts": {type_.value: number for type_, number in found.items()}, "total": total}
    return make_listing(lines, "Nothing was said.", data)


def _export(call: Call) -> Answer:
    from swarm_agents.messages import export as message_export

    call.record_read()
    file = Path(call.arguments.file)
    format_ = message_export.choose_format(file, call.arguments.format)
    number = message_export.export(call.db, file, _asked(call), format_)
    return Answer(f"{number} messages are in {file}.", data={"file": str(file), "messages": number})


def _reader(call: Call) -> Agent | None:
    """The agent that reads; None for the human."""
    name = call.actor_or_human()
    if name == HUMAN:
        return None
    with call.db.reading() as tx:
        return roster.find(tx, name)


def _read(
    call: Call, page: reading.MessagePage, reader: Agent | None, when_empty: str, more: dict[str, int] | None = None
) -> Answer:
    """The page; what is on it is read once it was printed."""
    name = reader.name if reader else HUMAN

    def mark() -> None:
        with call.db.transaction() as tx:
            reading.mark_read(tx, name, page)

    answer = make_page_answer(call, page, when_empty, more)
    return answer._replace(afterwards=mark) if page.messages else answer


def _read_by_human(call: Call, page: reading.MessagePage, when_empty: str) -> Answer:
    """A log is no inbox: only the human, who has none, reads by it, and only what was said to them."""
    to_human = [one for one in page.messages if one.recipient == HUMAN]
    answer = make_page_answer(call, page, when_empty)
    if call.identity not in (None, HUMAN) or not to_human:
        return answer
    return answer._replace(afterwards=_read(call, page._replace(messages=to_human), None, "").afterwards)


def _asked(call: Call, phase: str | None = None) -> MessageFilter:
    said = call.arguments
    return MessageFilter(
        type=MessageType(said.type) if said.type else None,
        sender=checked_name(said.sender, "sender") if said.sender is not None else None,
        thread=said.thread,
        since=said.since.at_ms(call.db.now()) if said.since else None,
        phase=phase,
    )


def _options(call: Call) -> str:
    """What was said on the command line, to be said again."""
    said = call.arguments
    options = {
        "for": said.type,
        "from": said.sender,
        "thread": said.thread,
        "after": said.after,
        "since": said.since,
        "timeout": f"{said.timeout:g}",
    }
    return "".join(f" --{name} {value}" for name, value in options.items() if value is not None) + (
        " --all-phases" if said.all_phases else ""
    )


def recipient(delivery: Delivery) -> dict[str, str | None]:
    return {"agent": delivery.agent, "state": delivery.state.value, "reason": delivery.reason}
