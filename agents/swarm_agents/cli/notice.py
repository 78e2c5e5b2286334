"""`swarm notice`: shows how far notices came on their way into panes, and has them typed again."""

from __future__ import annotations

from swarm_agents.cli.invocation import Arguments, Call
from swarm_agents.cli.output import Answer, format_clock, format_iso, make_listing
from swarm_agents.cli.parsing import parser, verb, whole_number
from swarm_agents.errors import NotFound
from swarm_agents.messages.deliveries import DeliveryTimeline
from swarm_agents.model import Delivery
from swarm_agents.values import TYPE_CHECKING
from swarm_agents.views import delivery_report

if TYPE_CHECKING:
    from typing import Any

_ID = whole_number(1, 2**53)


def parse(words: list[str]) -> Arguments:
    notice_parser = parser("notice", "Notices: short lines, typed into panes, that point to a message.")
    listing = verb(notice_parser, "list", _list, "the newest deliveries, or those of one message")
    listing.add_argument("--message", type=_ID, metavar="ID")
    listing.add_argument("--limit", type=whole_number(1, 1000), default=50, metavar="N")
    showing = verb(notice_parser, "show", _show, "how far each delivery of one message came, and when")
    showing.add_argument("id", type=_ID, metavar="ID")
    retrying = verb(
        notice_parser, "retry", _retry, "type again what failed, was skipped, or is unknown (only a human may)"
    )
    retrying.add_argument("id", type=_ID, metavar="ID")
    retrying.add_argument("--agent", metavar="NAME")
    testing = verb(notice_parser, "selftest", _selftest, "test on a live pane that notices get through")
    testing.add_argument("pane", metavar="PANE", help="%%N, as tmux list-panes -a shows it")
    testing.add_argument("--look", action="store_true", help="only check whether it is ready; type nothing")
    return notice_parser.parse_args(words)


def _list(call: Call) -> Answer:
    call.record_read()
    if call.arguments.message:
        found = delivery_report.read_message(call.db, call.arguments.message)
    else:
        found = delivery_report.read_latest(call.db, call.arguments.limit)
    data = {"deliveries": [_make_data(one) for one in found]}
    return make_listing(map(_format_line, found), "There are no deliveries.", data)


def _show(call: Call) -> Answer:
    call.record_read()
    found = delivery_report.read_timelines(call.db, call.arguments.id)
    if not found:
        raise NotFound(f"Message {call.arguments.id} has no deliveries.", next="swarm notice list")
    data = {"deliveries": [_make_data(one.delivery) | _make_times(one) for one in found]}
    return Answer("", data=data, lines=tuple(f"{_format_line(one.delivery)}; {_format_times(one)}" for one in found))


def _retry(call: Call) -> Answer:
    call.require_human()
    from swarm_agents.views.human_commands import RetryCommand  # loads what the other verbs do without

    again = RetryCommand(call.arguments.id, call.arguments.agent).carry_out(call.db, call.config).deliveries
    data = {"deliveries": [_make_data(one) for one in again]}
    if not again:
        return Answer(
            "There is nothing to type again: every delivery is queued, submitted or read, or its agent has no pane.",
            data=data,
        )
    return Answer(
        f"{len(again)} notices are queued again.", data=data, next=f"swarm notice list --message {again[0].message}"
    )


def _selftest(call: Call) -> Answer:
    call.require_human()
    from swarm_agents.courier import selftest  # the other verbs need no courier
    from swarm_agents.hosts import screen_profiles  # likewise
    from swarm_agents.panes import address  # likewise

    pane = address.find_address(call.arguments.pane)
    proof = selftest.run(pane, screen_profiles.load_profiles(call.config.profiles), type_it=not call.arguments.look)
    data = {"passed": proof.passed, "profile": proof.profile, "seen": list(proof.seen)}
    verdict = "Notices get through." if proof.passed else "Notices do not get through."
    return Answer(verdict, 0 if proof.passed else 1, data, lines=(*proof.seen, verdict))


def _make_data(one: Delivery) -> dict[str, Any]:
    return {
        "message": one.message,
        "agent": one.agent,
        "pane": one.pane,
        "state": one.state.value,
        "reason": one.reason,
        "detail": one.detail,
        "at": format_iso(one.at),
    }


def _make_times(one: DeliveryTimeline) -> dict[str, str | None]:
    return {
        "queued_at": format_iso(one.queued_at),
        "typed_at": format_iso(one.typed_at),
        "submitted_at": format_iso(one.submitted_at),
        "read_at": format_iso(one.read_at),
    }


def _format_line(one: Delivery) -> str:
    why = f" ({one.reason}{', ' + one.detail if one.detail else ''})" if one.reason else ""
    return f"#{one.message} {one.agent} {one.pane or 'no pane'} {one.state.value}{why} {format_clock(one.at)}"


def _format_times(one: DeliveryTimeline) -> str:
    times = {"queued": one.queued_at, "typed": one.typed_at, "submitted": one.submitted_at, "read": one.read_at}
    return ", ".join(f"{name} {format_clock(at)}" for name, at in times.items() if at is not None)
