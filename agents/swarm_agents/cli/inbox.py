"""`swarm inbox`: prints what you have not read yet, and marks exactly that as read."""

from swarm_agents.cli.invocation import Arguments, Call
from swarm_agents.cli.message_lines import make_page_answer
from swarm_agents.cli.output import Answer
from swarm_agents.cli.parsing import parser, whole_number
from swarm_agents.cli.phase import add_all_phases_option, find_reading_phase
from swarm_agents.errors import UsageError
from swarm_agents.messages import reading
from swarm_agents.messages.rows import NO_FILTER
from swarm_agents.model import HUMAN

_FAR = 1000  # unread ids to skip that justify a write: after it, the next inbox starts behind them


def parse(words: list[str]) -> Arguments:
    inbox_parser = parser("inbox", "What you have not read yet, oldest first.", _inbox)
    inbox_parser.add_argument("--limit", type=whole_number(1, 1000), default=50, metavar="N")
    inbox_parser.add_argument("--peek", action="store_true", help="mark nothing as read")
    add_all_phases_option(inbox_parser)
    return inbox_parser.parse_args(words)


def _inbox(call: Call) -> Answer:
    agent = call.require_actor()
    if agent == HUMAN:
        raise UsageError("A human has no inbox and reads everything: swarm msg log")
    only = NO_FILTER._replace(phase=find_reading_phase(call))
    page = reading.read_inbox(call.db, agent, call.arguments.limit, peek=True, only=only)

    def mark() -> None:
        reading.record_read(call.db, agent, page)

    answer = make_page_answer(call, page, "Nothing new.")
    worth_a_write = page.messages or page.read_through > page.cursor + _FAR
    return answer._replace(afterwards=mark) if worth_a_write and not call.arguments.peek else answer
