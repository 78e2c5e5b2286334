"""`swarm courier`: runs the background loop until it is stopped: types queued notices into panes, ends leases."""

import signal
import threading
from pathlib import Path

from swarm_agents.cli.invocation import Arguments, Call
from swarm_agents.cli.output import Answer, talk
from swarm_agents.cli.parsing import parser, seconds
from swarm_agents.courier.courier import Courier
from swarm_agents.db.database import Database
from swarm_agents.errors import BadConfig, SwarmError
from swarm_agents.watch import announcer
from swarm_agents.watch.live_config import LiveConfig
from swarm_agents.watch.loop import BackgroundLoop
from swarm_agents.watch.reaper import Reaper

_DAY_S = 86_400


class _StandardErrorListener:
    """Tells what the loop tells, a line each."""

    def on_failure(self, error: SwarmError) -> None:
        talk(f"courier: {error.message}")

    def on_database_written(self) -> None:
        """The loop itself looks; there is nothing to show."""

    def on_config_read(self, error: BadConfig | None) -> None:
        what = (
            f"the old configuration goes on: {error.message}" if error else "swarm.toml was read again and is in effect"
        )
        talk(f"courier: {what}")


def parse(words: list[str]) -> Arguments:
    courier_parser = parser(
        "courier",
        "Type queued notices into panes. One courier of a host types, others stand by; every dashboard has one, too.",
        _run,
    )
    courier_parser.add_argument("--seconds", type=seconds(0, _DAY_S), metavar="S", help="stop after this; 0: one round")
    return courier_parser.parse_args(words)


def _run(call: Call) -> Answer:
    call.require_human()
    if call.arguments.seconds == 0:
        return _run_one_round(call)
    Database(call.place.database).close()  # where it cannot be opened, the courier ends here and does not retry
    loop = BackgroundLoop(LiveConfig(call.place, call.config), _StandardErrorListener())
    _stop_on_signal(loop, call.arguments.seconds)
    talk("courier: typing notices; Ctrl-C stops it")
    loop.run()
    return Answer("The courier stopped; queued notices wait for the next one.", data={"leads": False})


def _run_one_round(call: Call) -> Answer:
    courier = Courier(Path(call.place.database), call.config.profiles, call.config.notices_on_borders)
    done = courier.run_round()
    if done is not None:
        Reaper().end_leases(call.db, done)
    leads = done is not None and done.leads
    courier.retire()
    announcer.announce_due(call.db, call.config)
    return Answer("One round is done." if leads else "Another courier types on this host.", data={"leads": leads})


def _stop_on_signal(loop: BackgroundLoop, after_s: float | None) -> None:
    """Stop the loop on a signal, or after that time."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda *_: loop.stop())
    if after_s is not None:
        timer = threading.Timer(after_s, loop.stop)
        timer.daemon = True
        timer.start()
