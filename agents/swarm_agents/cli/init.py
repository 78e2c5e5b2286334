"""`swarm init`: create this repository's database. Harmless to repeat; upgrades an older one."""

from pathlib import Path

from swarm_agents.cli.invocation import Arguments, Call
from swarm_agents.cli.output import Answer
from swarm_agents.cli.parsing import parser
from swarm_agents.db import database


def parse(words: list[str]) -> Arguments:
    init_parser = parser("init", "Create this repository's swarm database; all its worktrees share it.", _init)
    return init_parser.parse_args(words)


def _init(call: Call) -> Answer:
    path = call.place.database
    _ = call.config  # a wrong swarm.toml is an error now, not at the first red build
    made = database.create(Path(path))
    return Answer(f"{'Made' if made else 'Here already:'} {path}", data={"db": path, "made": made})
