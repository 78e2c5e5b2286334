"""`swarm db`: maintenance of the database, by a human."""

import argparse

from swarm_agents.cli.invocation import Call
from swarm_agents.cli.output import Answer
from swarm_agents.cli.parsing import parser, verb, verbs
from swarm_agents.cli.times import parse_duration_s
from swarm_agents.messages import retention


def parse(words: list[str]) -> argparse.Namespace:
    db_parser = parser("db", "Maintain the database.")
    of = verbs(db_parser)
    pruning = verb(of, "prune", _prune, "remove old messages that were read and acknowledged and that nothing needs")
    pruning.add_argument(
        "--older-than", type=parse_duration_s, required=True, metavar="AGE", help="90s, 30m, 2h, 7d, 4w"
    )
    return db_parser.parse_args(words)


def _prune(call: Call) -> Answer:
    call.require_human()
    done = retention.prune(call.db, call.arguments.older_than)
    text = f"{done.removed} messages were removed; {done.kept} as old are kept: unread, unacknowledged or in use."
    return Answer(text, data={"removed": done.removed, "kept": done.kept})
