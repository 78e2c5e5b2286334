"""The declared arguments of a noun and its verbs, for what lists them: completion, suggestions, help by verb."""

from __future__ import annotations

from swarm_agents.cli.parsing import Parser, UnusualLine


def find_parser(noun: str) -> Parser | None:
    """What the noun declares; None for `commit`, whose arguments are git's."""
    module = __import__(f"swarm_agents.cli.{noun}", fromlist=["parse"])
    try:
        module.parse(["--help"])
    except UnusualLine as line:  # help is made by argparse, from the declarations in here
        return line.parser
    return None
