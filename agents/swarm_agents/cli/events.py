"""`swarm events`: the audit trail, oldest first after an id."""

from __future__ import annotations

from swarm_agents.cli.invocation import Arguments, Call
from swarm_agents.cli.output import Answer, format_clock, format_iso, make_listing
from swarm_agents.cli.parsing import parser, whole_number
from swarm_agents.text import one_line
from swarm_agents.views import event_page


def parse(words: list[str]) -> Arguments:
    events_parser = parser("events", "What happened, one line for each change.", _events)
    events_parser.add_argument("--after", type=whole_number(0, 2**62), default=0, metavar="ID")
    events_parser.add_argument("--limit", type=whole_number(1, 1000), default=200, metavar="N")
    return events_parser.parse_args(words)


def _events(call: Call) -> Answer:
    call.record_read()
    page = event_page.read(call.db, call.arguments.after, call.arguments.limit)
    lines = (
        f"{one.id}  {format_clock(one.at)}  {one.actor}  {one.kind}  {one_line(one.detail, 160)}".rstrip()
        for one in page.events
    )
    data = [
        {
            "id": one.id,
            "at": format_iso(one.at),
            "actor": one.actor,
            "kind": one.kind,
            "incident": one.incident,
            "fence": one.fence,
            "detail": one.detail,
        }
        for one in page.events
    ]
    return make_listing(lines, "No events since.", {"events": data, "more": page.more, "cursor": page.cursor})
