"""Entry of `swarm`: finds the noun, loads only its module, and turns every outcome into an exit code."""

from __future__ import annotations

import contextlib
import errno
import os
import sys

from swarm_agents.cli import output, process
from swarm_agents.errors import NotFound, SwarmError, UsageError
from swarm_agents.late import load_late
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import NoReturn, TypeAlias

    from swarm_agents.cli.invocation import Arguments, Call
    from swarm_agents.cli.parsing import Parser
    from swarm_agents.messages import acknowledgements
    from swarm_agents.messages import rows as message_rows
else:
    acknowledgements = load_late("swarm_agents.messages.acknowledgements")
    message_rows = load_late("swarm_agents.messages.rows")

Show: TypeAlias = "Callable[[output.Answer, bool], int]"

_UNAVAILABLE = 69
_ESCALATED = 84

# One module each, loaded only when called: a verb must start almost as fast as bare Python.
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
    "notice": "how far the notices typed into panes came",
    "setup": "all, git (the gate), claude, codex, gemini, ... (tell them of the swarm)",
    "gate": "what those hooks ask",
    "hook": "what the hooks of coding agents call",
    "courier": "type queued notices into panes, without a dashboard",
    "events": "the audit trail",
    "db": "query: ask the database in SQL; prune: remove old messages",
    "mcp": "the swarm as an MCP server, for agents that call tools instead of commands",
    "completion": "bash, zsh, fish (what completes the command line there)",
    "demo": "see the swarm at work in a temporary repository",
}


def main() -> NoReturn:
    """The console script."""
    process.prepare()
    process.leave(run(sys.argv[1:]))


def run(words: list[str]) -> int:
    """Run one command line, and print its answer. The exit code."""
    try:
        return _run_line(words, _print_or_raise)
    except _NotPrintedError as error:
        return error.exit


def take_answer(words: list[str]) -> output.Answer:
    """Run one command line for a caller in this process that shows the answer itself. It counts as shown."""
    taken: list[output.Answer] = []

    def take(answer: output.Answer, as_json: bool) -> int:
        taken.append(answer)
        return answer.exit

    _run_line(words, take)
    return taken[0]


def _run_line(words: list[str], show: Show) -> int:
    noun, as_name, as_json, rest = "", None, "--json" in words, words
    try:
        noun, as_name, as_json, rest = _split_line(words)
        if not noun:
            raise UsageError("Say what to do. 'swarm --help' lists what there is.")
        if noun == "help" and rest and rest[0] != "--help":
            noun, rest = _find_helped(rest)
        if noun in ("-h", "--help", "help"):
            return show(output.Answer(_make_help().rstrip("\n")), as_json)
        if noun == "--version":
            return show(_answer_version(), as_json)
        if noun not in NOUNS:
            raise _make_unknown(noun)
        return _run_noun(noun, as_name, as_json, rest, show)
    except SwarmError as error:
        return show(output.make_error_answer(error), as_json)
    except KeyboardInterrupt:
        return 130
    except _NotPrintedError:
        raise
    except Exception as error:  # noqa: BLE001 - the only place: an unexpected error is shown, with a report
        return show(output.Answer(_report_bug(words, error), 70), as_json)


def _run_noun(noun: str, as_name: str | None, as_json: bool, rest: list[str], show: Show) -> int:
    module = __import__(f"swarm_agents.cli.{noun}", fromlist=["parse"])  # `importlib` loads `warnings`
    from swarm_agents.cli.invocation import Call  # `swarm --help` does without the database
    from swarm_agents.cli.parsing import UnusualLine  # likewise

    try:
        arguments = module.parse(rest)
    except UnusualLine as line:
        from swarm_agents.cli import full_parser  # loads argparse, which takes as long as a verb

        arguments = full_parser.parse(line.parser, rest)
    call = Call(arguments, as_name, as_json)
    try:
        answer = _run_verb(arguments, call)
        try:
            code = show(answer, as_json)
        finally:  # even when the answer could not be printed
            if answer.exit == _ESCALATED or "escalation" in answer.data or answer.data.get("escalations"):
                _announce_escalations(call)
        _follow_up(call, answer)
        if os.environ.get("SWARM_DEBUG"):
            _log(call, f"swarm {' '.join([noun, *rest])}: exit {code}: {answer.message}")
    finally:
        call.close()
    return code


def _run_verb(arguments: Arguments, call: Call) -> output.Answer:
    try:
        answer: output.Answer = arguments.run(call)
    except NotFound as error:
        from swarm_agents.cli import suggestions  # only what is mistyped needs it

        suggestions.add_to_error(call, error)
        return output.make_error_answer(error)
    except SwarmError as error:
        return output.make_error_answer(error)
    return answer


def _follow_up(call: Call, answer: output.Answer) -> None:
    """Record what depends on the printed answer, and send reminders of acknowledgements that are due."""
    try:
        if answer.afterwards is not None:
            answer.afterwards()
        if (
            call.used_database
            and message_rows.has_due_acknowledgement(call.db)
            and acknowledgements.process_due(call.db)
        ):
            _announce_escalations(call)
    except SwarmError as error:
        output.talk(f"the answer is valid, but a follow-up could not be recorded: {error.message}")


def _announce_escalations(call: Call) -> None:
    """Start a process that announces open escalations. The answer was printed, so errors only go to the log."""
    from swarm_agents.system import log  # loads logging, needed only here
    from swarm_agents.watch import announcer  # loads escalations and messages, needed only here

    try:
        announcer.spawn_if_due(call.db, call.config)
    except (SwarmError, OSError) as error:
        log.error(call.place.database, f"could not start to announce an escalation: {error}")


def _log(call: Call, text: str) -> None:
    from swarm_agents.system import log  # loads logging, needed only with SWARM_DEBUG

    with contextlib.suppress(SwarmError):  # some verbs need no swarm, and there may be none
        log.copy_to_stderr(call.place.database)
        log.debug(call.place.database, text)


class _NotPrintedError(Exception):
    """The answer could not be printed. `exit` is the exit code all the same."""

    def __init__(self, exit_code: int) -> None:
        self.exit = exit_code


def _print_or_raise(answer: output.Answer, as_json: bool) -> int:
    try:
        _print(answer, as_json)
    except OSError as error:
        process.discard_output("stdout")
        if isinstance(error, BrokenPipeError):  # the reader went away, as `head` does
            raise _NotPrintedError(answer.exit) from None
        lost = "nothing was marked as read" if answer.afterwards else answer.message or "ask again"
        output.talk(f"the answer could not be written ({error.strerror}): {lost}")
        # Who closes standard output wants no word about an act, but rows that were asked for are missing.
        unwanted = error.errno == errno.EBADF and not answer.lines
        raise _NotPrintedError(answer.exit if unwanted else answer.exit or _UNAVAILABLE) from None
    return answer.exit


def _print(answer: output.Answer, as_json: bool) -> None:
    try:
        output.print_answer(answer, as_json)
    except UnicodeEncodeError:  # the terminal cannot show it (LC_ALL=C), so print ASCII
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        sys.stderr.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        output.print_answer(answer, as_json, ascii_only=True)


def _split_line(words: list[str]) -> tuple[str, str | None, bool, list[str]]:
    """Take `--as NAME` and `--json` out of the line, anywhere before `--`. The noun, both options, and the rest."""
    noun, as_name, as_json = "", None, False
    rest: list[str] = []
    i = 0
    while i < len(words):
        word = words[i]
        if word == "--":
            rest += words[i:]
            break
        if word == "--json" and not _is_option_value(noun, rest):
            as_json = True
        elif word == "--as" and not _is_option_value(noun, rest):
            i += 1
            if i >= len(words) or words[i].startswith("-"):
                raise UsageError("--as needs a name.")
            as_name = words[i]
        elif word.startswith("--as=") and not _is_option_value(noun, rest):
            as_name = word.removeprefix("--as=")
        elif not noun:
            noun = word
        else:
            rest.append(word)
        i += 1
    return noun, as_name, as_json, rest


def _is_option_value(noun: str, rest: list[str]) -> bool:
    """Whether the next word is the value of an option of git's, as in `swarm commit -m --json`."""
    if noun != "commit" or not rest:
        return False

    from swarm_agents.commit.arguments import takes_value  # only swarm commit takes options of git

    return takes_value(rest)


def _find_helped(words: list[str]) -> tuple[str, list[str]]:
    """The noun and the rest of the line that `swarm help WORDS` stands for. A verb alone is enough where one has it."""
    noun, *verbs = words
    if noun in NOUNS:
        return noun, [*verbs[:1], "--help"]
    parsers = _find_parsers()
    having = [one for one, parser in parsers.items() if noun in parser.verbs]
    if len(having) == 1:
        return having[0], [noun, "--help"]
    if having:
        lines = ", ".join(f"'swarm help {one} {noun}'" for one in having)
        raise UsageError(f"'{noun}' is a verb of several nouns: {lines}.")
    raise _make_unknown(noun, [*NOUNS, *(verb for parser in parsers.values() for verb in parser.verbs)])


def _find_parsers() -> dict[str, Parser]:
    from swarm_agents.cli.parsers import find_parser  # only help by a verb alone loads every noun

    return {noun: parser for noun in NOUNS if (parser := find_parser(noun))}


def _make_unknown(noun: str, known: Iterable[str] = NOUNS) -> UsageError:
    from swarm_agents.cli import suggestions  # only what is mistyped needs it
    from swarm_agents.text import one_line  # likewise

    told = suggestions.describe_closest(noun, known)
    return UsageError(f"There is no '{one_line(noun, 40)}'.{told} 'swarm --help' lists what there is.")


def _make_help() -> str:
    lines = [
        "usage: swarm [--as NAME] [--json] NOUN [VERB] ...",
        "",
        "A red build is exactly one agent's job; the others wait and are woken.",
        "",
        *[f"  {noun:<11} {text}" for noun, text in NOUNS.items()],
        "",
        "Who you are: --as NAME, SWARM_AGENT, or the tmux pane you joined from. See also 'swarm help NOUN [VERB]'.",
        "Exit codes: 0 ok, 80 wait, 81 you repair it, 82 another agent has the role, 84 a human was asked.",
    ]
    return "\n".join(lines) + "\n"


def _answer_version() -> output.Answer:
    from importlib.metadata import version  # loads email and zipfile, needed only here

    return output.Answer(f"swarm {version('swarm-tui')}")


def _report_bug(words: list[str], error: Exception) -> str:
    """Write a report and a log entry (reports are temporary files). The message for the caller."""
    from swarm_agents import place  # needed only after a bug
    from swarm_agents.system import log  # needed only after a bug

    message = f"A bug in swarm: {error!r}. Report: {_write_report(words)}"
    with contextlib.suppress(SwarmError, OSError):  # there may be no swarm here
        log.error(place.find().database, f"swarm {' '.join(words[:2])}: {message}")
    return message


def _write_report(words: list[str]) -> str:
    import tempfile  # needed only after a bug
    import traceback  # needed only after a bug

    with tempfile.NamedTemporaryFile("w", prefix="swarm-bug-", suffix=".txt", delete=False, encoding="utf-8") as report:
        report.write(f"swarm {' '.join(map(repr, words))}\n\n{traceback.format_exc()}")
    return report.name


if __name__ == "__main__":
    main()
