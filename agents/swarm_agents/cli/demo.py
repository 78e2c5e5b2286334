"""`swarm demo`: shows the swarm at work in a temporary repository, on a private tmux server."""

import os
import sys

from swarm_agents.cli.invocation import Arguments, Call
from swarm_agents.cli.output import Answer, talk
from swarm_agents.cli.parsing import parser, seconds
from swarm_agents.demo import checks, run
from swarm_agents.demo.run import DemoResult

HEADLESS_S = 60.0
SHORTEST_S = 15.0  # enough for one breakage, its repair, and the end


def parse(words: list[str]) -> Arguments:
    demo_parser = parser(
        "demo",
        "Five scripted agents, a colleague who breaks main, a fixer that is killed: all of it real, in a temporary "
        "repository. Leave it with 'q' in the dashboard.",
        _demo,
    )
    demo_parser.add_argument("--headless", action="store_true", help="do not attach; print a summary at the end")
    demo_parser.add_argument(
        "--seconds",
        type=seconds(SHORTEST_S, 86_400),
        metavar="N",
        help=f"how long it runs; default: until you leave, {HEADLESS_S:g} without a terminal",
    )
    demo_parser.add_argument("--keep", action="store_true", help="keep everything at the end, and print where it is")
    return demo_parser.parse_args(words)


def _demo(call: Call) -> Answer:
    arguments = call.arguments
    attached = not arguments.headless and _why_not_attached(call.as_json) is None
    if not arguments.headless and not attached:
        talk(f"{_why_not_attached(call.as_json)}; running without a screen. The next line tells how to see it.")
    seconds_long = arguments.seconds or (None if attached else HEADLESS_S)
    return _answer(run.run_demo(run.DemoOptions(seconds_long, attached, arguments.keep), talk))


def _why_not_attached(as_json: bool) -> str | None:
    if as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return "there is no terminal to attach to"
    if os.environ.get("TMUX"):
        return "a tmux inside your tmux would take the keys of both"
    if os.environ.get("TERM", "dumb") == "dumb":
        return "this terminal cannot show a screen"
    return None


def _answer(result: DemoResult) -> Answer:
    promises = checks.check_promises(result.record)
    data = checks.summarize(result.record) | {"kept": str(result.kept) if result.kept else None}
    broken = [one for one in promises if not one.held]
    lines = [
        f"{data['incidents']} incidents, {data['attempts']} attempts, {len(data['waits'])} waits, "
        f"{data['commits']} commits landed, {data['duplicate_fixes']} duplicate fixes",
        *[f"  {'held  ' if one.held else 'BROKEN'}  {one.text}{': ' + one.why if one.why else ''}" for one in promises],
    ]
    message = "Every promise held." if not broken else f"Broken: {'; '.join(one.text for one in broken)}."
    return Answer(message, 1 if broken or not result.cleaned else 0, data, lines=(*lines, message))
