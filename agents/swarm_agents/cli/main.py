"""Entry of `swarm`: finds the noun, loads only its file, and turns every end into an exit code."""

import contextlib
import importlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from swarm_agents.cli import output, process
from swarm_agents.errors import SwarmError, Usage

if TYPE_CHECKING:
    from argparse import Namespace

    from swarm_agents.cli.invocation import Call

_UNAVAILABLE = 69
_ASKED = 84

# One module each, loaded only when called: a verb must start in the time of bare Python and little more.
NOUNS = {
    "init": "make this repository's swarm database",
    "doctor": "look for what could go wrong here",
    "status": "the build, who repairs it, who waits, who is here",
    "commit": "git commit, and what to do when the hook refuses",
    "build": "report, claim, wait, fixed, failed, ... (the red build)",
    "agent": "join, leave, list, whoami, adopt",
    "escalation": "questions to the human: list, show, ack, resolve",
    "msg": "send, broadcast, poll, wait, ack, show, log, count, export",
    "inbox": "what you have not read yet",
    "task": "add, import, plan, list, claim, start, review, done, ... (work to share out)",
    "lock": "acquire, renew, release, list (files that one agent changes at a time)",
    "notice": "what became of the notices typed into panes",
    "setup": "git (the gate: hooks that refuse a commit while the build is red)",
    "gate": "what those hooks ask",
    "courier": "type queued notices into panes, without a dashboard",
    "events": "the audit trail",
    "db": "prune: remove old messages that nobody needs",
    "demo": "see all of it at work in a temporary repository",
}


def main() -> NoReturn:
    """The console script."""
    process.prepare()
    sys.exit(run(sys.argv[1:]))


def run(words: list[str]) -> int:
    """Run one command line; its exit code."""
    try:
        return _run_line(words)
    except _NotPrintedError as error:
        return error.exit


def _run_line(words: list[str]) -> int:
    noun, as_name, as_json, rest = "", None, "--json" in words, words
    try:
        noun, as_name, as_json, rest = _split(words)
        if not noun:
            raise Usage("Say what to do. 'swarm --help' lists what there is.")
        if noun in ("-h", "--help", "help"):
            return _give(output.Answer(_help().rstrip("\n")), as_json)
        if noun == "--version":
            return _version()
        if noun not in NOUNS:
            raise Usage(f"There is no '{_safe(noun)}'. 'swarm --help' lists what there is.")
        return _answer(noun, as_name, as_json, rest)
    except SwarmError as error:
        return _give(output.of_error(error), as_json)
    except KeyboardInterrupt:
        return 130
    except _NotPrintedError:
        raise
    except Exception as error:  # noqa: BLE001 - the one place: what nobody understood is shown, with a report
        return _give(output.Answer(_bug(words, error), 70), as_json)


def _answer(noun: str, as_name: str | None, as_json: bool, rest: list[str]) -> int:
    module = importlib.import_module(f"swarm_agents.cli.{noun}")
    from swarm_agents.cli.invocation import Call

    arguments = module.parse(rest)
    call = Call(arguments, as_name, as_json)
    try:
        answer = _run(arguments, call)
        try:
            code = _give(answer, as_json)
        finally:  # also when nobody reads the answer
            if answer.exit == _ASKED or "escalation" in answer.data or answer.data.get("escalations"):
                _tell_the_human(call)
        _follow_up(call, answer)
        if os.environ.get("SWARM_DEBUG"):
            _log(call, f"swarm {' '.join([noun, *rest])}: exit {code}: {answer.message}")
    finally:
        call.close()
    return code


def _run(arguments: "Namespace", call: "Call") -> output.Answer:
    try:
        answer: output.Answer = arguments.run(call)
    except SwarmError as error:
        return output.of_error(error)
    return answer


def _follow_up(call: "Call", answer: output.Answer) -> None:
    """What is true because the answer was printed; and what is due in the swarm, which whoever looks first does."""
    try:
        if answer.afterwards is not None:
            answer.afterwards()
        if call.looked:
            from swarm_agents.messages import acknowledgements

            if acknowledgements.pump(call.db):
                _tell_the_human(call)
    except SwarmError as error:
        output.talk(f"the answer stands, but what follows from it could not be written: {error.message}")


def _tell_the_human(call: "Call") -> None:
    """The answer is given already: what goes wrong here is no part of it."""
    from swarm_agents.system import log
    from swarm_agents.watch import notifier

    try:
        notifier.spawn_if_due(call.db, call.config)
    except (SwarmError, OSError) as error:
        log.error(call.place.database, f"nobody was sent to tell a human of an escalation: {error}")


def _log(call: "Call", text: str) -> None:
    from swarm_agents.system import log

    with contextlib.suppress(SwarmError):  # a verb that needs no swarm is called where there is none
        log.to_stderr(call.place.database)
        log.debug(call.place.database, text)


class _NotPrintedError(Exception):
    """The answer could not be printed; `exit` says it nevertheless."""

    def __init__(self, exit_code: int) -> None:
        self.exit = exit_code


def _give(answer: output.Answer, as_json: bool) -> int:
    try:
        _print(answer, as_json)
    except OSError as error:
        process.silence("stdout")
        if isinstance(error, BrokenPipeError):  # the reader went away, as `head` does
            raise _NotPrintedError(answer.exit) from None
        output.talk(f"the answer could not be written ({error.strerror}): {answer.message}")
        raise _NotPrintedError(answer.exit or _UNAVAILABLE) from None
    return answer.exit


def _print(answer: output.Answer, as_json: bool) -> None:
    try:
        output.give(answer, as_json)
    except UnicodeEncodeError:  # a terminal that cannot show it (LC_ALL=C): say it in ASCII rather than not at all
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        sys.stderr.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        output.give(answer, as_json, ascii_only=True)


def _split(words: list[str]) -> tuple[str, str | None, bool, list[str]]:
    """Take `--as NAME` and `--json` out of the line, wherever they stand before `--`; the noun, and the rest."""
    noun, as_name, as_json = "", None, False
    rest: list[str] = []
    i = 0
    while i < len(words):
        word = words[i]
        if word == "--":
            rest += words[i:]
            break
        if word == "--json" and not _is_value(noun, rest):
            as_json = True
        elif word == "--as" and not _is_value(noun, rest):
            i += 1
            if i >= len(words) or words[i].startswith("-"):
                raise Usage("--as needs a name.")
            as_name = words[i]
        elif word.startswith("--as=") and not _is_value(noun, rest):
            as_name = word.removeprefix("--as=")
        elif not noun:
            noun = word
        else:
            rest.append(word)
        i += 1
    return noun, as_name, as_json, rest


def _is_value(noun: str, rest: list[str]) -> bool:
    """`swarm commit -m --json`: there the word belongs to git."""
    if noun != "commit" or not rest:
        return False
    from swarm_agents.commit.arguments import wants_value

    return wants_value(rest[-1])


def _safe(text: str) -> str:
    from swarm_agents.text import one_line

    return one_line(text, 40)


def _help() -> str:
    lines = [
        "usage: swarm [--as NAME] [--json] NOUN [VERB] ...",
        "",
        "A red build is exactly one agent's job; the others wait and are woken.",
        "",
        *[f"  {noun:<11} {text}" for noun, text in NOUNS.items()],
        "",
        "Who you are: --as NAME, SWARM_AGENT, or the tmux pane you joined from. 'swarm NOUN --help' says more.",
        "Exit codes: 0 ok, 80 wait, 81 you repair it, 82 the role went to someone else, 84 a human was asked.",
    ]
    return "\n".join(lines) + "\n"


def _version() -> int:
    from importlib.metadata import version

    sys.stdout.write(f"swarm {version('swarm-tui')}\n")
    return 0


def _bug(words: list[str], error: Exception) -> str:
    """What is said of it, and kept in the log as well: reports lie where temporary files do not stay."""
    from swarm_agents import place
    from swarm_agents.system import log

    said = f"A bug in swarm: {error!r}. Report: {_report(words)}"
    with contextlib.suppress(SwarmError, OSError):  # there is no swarm here
        log.error(place.find().database, f"swarm {' '.join(words[:2])}: {said}")
    return said


def _report(words: list[str]) -> Path:
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="swarm-bug-", suffix=".txt", delete=False, encoding="utf-8") as report:
        report.write(f"swarm {' '.join(map(repr, words))}\n\n{traceback.format_exc()}")
    return Path(report.name)


if __name__ == "__main__":
    main()
