"""`swarm hook HOST`: answers one event of a coding agent. An error of ours never stops it: exit 0, no word."""

from __future__ import annotations

import contextlib
import os

from swarm_agents import place
from swarm_agents.cli import hook_input
from swarm_agents.cli.invocation import Arguments, Call
from swarm_agents.cli.output import Answer
from swarm_agents.cli.parsing import parser
from swarm_agents.db.database import Database
from swarm_agents.errors import NoSwarm, SwarmError
from swarm_agents.host_events import answer
from swarm_agents.hosts import registry
from swarm_agents.hosts.host import HookOutput
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from swarm_agents.host_events.answer import HookAnswer
    from swarm_agents.hosts.host import HookEvent, Host
    from swarm_agents.place import Place

_LOCK_TIMEOUT_S = 1.0  # the agent waits for its hook
_NOTES_LAST_S = 7 * 24 * 3600.0


def parse(words: list[str]) -> Arguments:
    if words and not words[0].startswith("-"):
        # A list of words is for argparse, which takes as long as the rest of a hook.
        arguments = Arguments()
        vars(arguments).update(run=_hook, host=words[0], words=words[1:])
        return arguments
    hook_parser = parser(
        "hook", "Answers an event of a coding agent's hooks: its JSON on standard input. See docs/hosts.md.", _hook
    )
    hook_parser.add_argument("host", metavar="HOST", help="claude, codex, gemini, opencode, aider or plain")
    hook_parser.add_argument("words", nargs="*", metavar="WORD", help="what the host adds, such as the files of aider")
    return hook_parser.parse_args(words)


def _hook(call: Call) -> Answer:
    body = hook_input.read()
    at: Place | None = None
    output = HookOutput()
    try:
        host = registry.load_host(call.arguments.host)
        event = host.read_event(body.decode("utf-8", "replace"), call.arguments.words, os.environ)
        if event is not None:
            with contextlib.suppress(OSError, ValueError):
                os.chdir(event.folder or ".")
            at = place.find()
            output = _answer(at, host, event)
    except NoSwarm:
        return Answer("")  # a repository without a swarm, where the hooks of the user's own configuration fire too
    except Exception as error:  # noqa: BLE001 - whatever it is, the agent goes on
        _log(at, call.arguments.host, error)
    return Answer("", exit=_write(output))


def _answer(at: Place, host: Host, event: HookEvent) -> HookOutput:
    # A hook hands out no fence, so that nothing of it has to survive a power loss.
    with Database(at.database, lock_timeout_s=_LOCK_TIMEOUT_S, durable=False) as db:
        found = answer.answer(db, at, host, event, os.environ)
    _keep_note(at, host, event, found)
    return host.write_reply(event, found.reply, os.environ)


def _keep_note(at: Place, host: Host, event: HookEvent, found: HookAnswer) -> None:
    try:
        if found.is_at_work:
            hook_input.write_note(at.database, host.name, event.session, host.quiet_events, host.telling_words)
        else:
            hook_input.remove_note(at.database, host.name, event.session)
            hook_input.remove_old_notes(at.database, _NOTES_LAST_S)
    except OSError as error:
        _log(at, host.name, error)


def _write(output: HookOutput) -> int:
    """Print the reply. The exit code: that of the reply, if the host can have it."""
    text = output.text.encode("utf-8", "replace")
    try:
        while text:
            text = text[os.write(1, text) :]
    except OSError:  # the host has gone, or has closed its end
        return 0
    return output.exit


def _log(at: Place | None, host: str, error: Exception) -> None:
    """A line in the log beside the database, if there is a place for it."""
    from swarm_agents.system import log  # loads logging, needed only for an error
    from swarm_agents.text import one_line  # likewise

    with contextlib.suppress(SwarmError, OSError):
        at = at or place.find()
        if os.path.isdir(os.path.dirname(at.database)):
            said = error.message if isinstance(error, SwarmError) else repr(error)
            log.error(at.database, f"swarm hook {one_line(host, 40)}: {one_line(said, 500)}")
