"""`swarm msg`: say something to one, to a role, to all; read what was said."""

import argparse

from swarm_agents import messages
from swarm_agents.cli.call import Call, body_of, parser, verb, verbs, whole_number
from swarm_agents.cli.output import Answer, clock, iso
from swarm_agents.model import EVERYONE, Delivery, DeliveryState, Message, MessageType
from swarm_agents.text import printable


def parse(words: list[str]) -> argparse.Namespace:
    msg_parser = parser("msg", "Messages between agents and people. Stored first, then pointed at in panes.")
    of = verbs(msg_parser)
    sending = verb(of, "send", _send, "to an agent, a role, or 'all'")
    sending.add_argument("to", metavar="TO")
    _body(sending)
    broadcasting = verb(of, "broadcast", _broadcast, "to everybody")
    _body(broadcasting)
    logging = verb(of, "log", _log, "the newest messages, whoever wrote them")
    logging.add_argument("--limit", type=whole_number(1, 1000), default=50, metavar="N")
    return msg_parser.parse_args(words)


def _body(of: argparse.ArgumentParser) -> None:
    of.add_argument("body", nargs="?", metavar="BODY", help="default: standard input")
    of.add_argument("--file", metavar="F", help="read the body from a file")
    of.add_argument("--type", choices=[one.value for one in MessageType], default="INFO")


def _send(call: Call) -> Answer:
    return _sent(call, call.arguments.to)


def _broadcast(call: Call) -> Answer:
    return _sent(call, EVERYONE)


def _sent(call: Call, to: str) -> Answer:
    sender = call.anyone()
    body = body_of(call.arguments.body, call.arguments.file)
    kind = MessageType(call.arguments.type)
    message, deliveries = messages.send(call.db, sender, to, body, kind, call.config.messages_per_minute)
    queued = sum(one.state is DeliveryState.QUEUED for one in deliveries)
    text = f"Message {message} is stored for {len(deliveries)} agents; {queued} of them get a notice in their pane."
    if not deliveries and to == EVERYONE:
        text = f"Message {message} is stored, but nobody is here to read it."
    return Answer(text, data={"id": message, "recipients": [recipient(one) for one in deliveries]})


def _log(call: Call) -> Answer:
    call.glance()
    with call.db.reading() as tx:
        page = messages.log(tx, call.arguments.limit)
    return page_answer(page, "Nothing was said yet.")


def recipient(delivery: Delivery) -> dict[str, str | None]:
    return {"agent": delivery.agent, "state": delivery.state.value, "reason": delivery.reason}


def page_answer(page: messages.Page, when_empty: str) -> Answer:
    data = {"messages": [_data(one) for one in page.messages], "more": page.more, "cursor": page.cursor}
    return Answer(when_empty, data=data, lines=tuple(_line(one) for one in page.messages))


def _data(message: Message) -> dict[str, str | int | None]:
    return {
        "id": message.id,
        "at": iso(message.at),
        "from": message.sender,
        "to": message.recipient,
        "type": message.type.value,
        "body": message.body,
    }


def _line(message: Message) -> str:
    body = printable(message.body).replace("\n", "\n    ")
    return f"#{message.id} {clock(message.at)} {message.sender} -> {message.recipient} {message.type.value}: {body}"
