"""`swarm mcp`: runs the MCP server on standard input and output, until the host closes them."""

from __future__ import annotations

from swarm_agents.cli.invocation import Arguments, Call
from swarm_agents.cli.output import Answer
from swarm_agents.cli.parsing import parser
from swarm_agents.errors import Unavailable


def parse(words: list[str]) -> Arguments:
    of = parser("mcp", "Serve the swarm's verbs as tools by MCP, over standard input and output.", _serve)
    return of.parse_args(words)


def _serve(call: Call) -> Answer:
    try:
        from swarm_agents.cli import mcp_server  # the SDK is an extra, and takes half a second
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in ("mcp", "mcp_types"):
            raise
        raise Unavailable(
            "'swarm mcp' needs the MCP SDK, which is not installed.", next="uv tool install 'swarm-tui[mcp]'"
        ) from None
    mcp_server.serve(call.as_name)
    return Answer("")
