"""`swarm courier`: types queued notices into panes until it is stopped, and ends leases that have run out."""

import argparse
import signal
import threading

from swarm_agents.cli.invocation import Call
from swarm_agents.cli.output import Answer, talk
from swarm_agents.cli.parsing import parser, seconds
from swarm_agents.courier.courier import Courier, CourierRound
from swarm_agents.db.database import Database
from swarm_agents.messages import acknowledgements
from swarm_agents.watch import announcer
from swarm_agents.watch.reaper import Reaper

_DAY_S = 86_400


def parse(words: list[str]) -> argparse.Namespace:
    courier_parser = parser(
        "courier",
        "Type queued notices into panes. One courier of a host types, others stand by; every dashboard has one, too.",
    )
    courier_parser.add_argument("--seconds", type=seconds(0, _DAY_S), metavar="S", help="stop after this; 0: one round")
    courier_parser.set_defaults(run=_run)
    return courier_parser.parse_args(words)


def _run(call: Call) -> Answer:
    call.require_human()
    courier = Courier(call.place.database, call.config.profiles, call.config.notices_on_borders)
    if call.arguments.seconds == 0:
        return _run_one_round(call, courier)
    reaper = Reaper()

    def after(db: Database, done: CourierRound) -> None:
        reaper.end_leases(db, done)
        acknowledgements.process_due(db)

    stop = _make_stop_event(call.arguments.seconds)
    # In a thread of its own: a user's command that hangs must not hold up the notices.
    arguments = (call.place.database, call.config, stop)
    threading.Thread(target=announcer.run_until_stopped, args=arguments, daemon=True).start()
    talk("courier: typing notices; Ctrl-C stops it")
    courier.run(stop, after, lambda error: talk(f"courier: {error.message}"))
    return Answer("The courier stopped; queued notices wait for the next one.", data={"leads": False})


def _run_one_round(call: Call, courier: Courier) -> Answer:
    done = courier.run_round()
    if done is not None:
        Reaper().end_leases(call.db, done)
    leads = done is not None and done.leads
    courier.retire()
    announcer.announce_due(call.db, call.config)
    return Answer("One round is done." if leads else "Another courier types on this host.", data={"leads": leads})


def _make_stop_event(after_s: float | None) -> threading.Event:
    """An event that a signal sets, or the end of that time."""
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda *_: stop.set())
    if after_s is not None:
        timer = threading.Timer(after_s, stop.set)
        timer.daemon = True
        timer.start()
    return stop
