"""`swarm lock`: lock the files that you work on, release them, list who holds what."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from swarm_agents import place
from swarm_agents.cli.invocation import Arguments, Call
from swarm_agents.cli.output import Answer, format_clock, format_iso, make_listing
from swarm_agents.cli.parsing import Parser, parser, seconds, verb, whole_number
from swarm_agents.errors import BadData
from swarm_agents.git import repository
from swarm_agents.locks import locks
from swarm_agents.locks import paths as lock_paths
from swarm_agents.locks.locks import Lock, LockConflict, LocksNotHeld
from swarm_agents.locks.paths import LockName
from swarm_agents.model import HUMAN, HUMAN_LEASE_S
from swarm_agents.text import one_line
from swarm_agents.values import TYPE_CHECKING
from swarm_agents.views import lock_report

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_NAMED = 5  # paths named in one line


def parse(words: list[str]) -> Arguments:
    lock_parser = parser(
        "lock", "Leases on files, folders and globs. They keep honest agents apart; no file is protected."
    )
    acquiring = verb(lock_parser, "acquire", _acquire, "lock all of these paths, or none and learn who holds them")
    _add_paths(acquiring)
    acquiring.add_argument(
        "--ttl", type=seconds(0.1, 7 * 86_400), metavar="S", help="how long it lasts without a command of yours"
    )
    acquiring.add_argument("--reason", default="", metavar="TEXT", help="shown to others")
    acquiring.add_argument("--any-case", action="store_true", help="upper and lower case are equal")
    renewing = verb(lock_parser, "renew", _renew, "renew your leases; any other command of yours does so too")
    _add_paths(renewing, "default: all that you hold")
    _add_fence(renewing)
    releasing = verb(lock_parser, "release", _release, "release your locks")
    _add_paths(releasing, "default: all that you hold")
    _add_fence(releasing)
    verb(lock_parser, "list", _list, "all locks with their holders and ends")
    forcing = verb(lock_parser, "force-release", _force_release, "release locks of any agent (only a human may)")
    _add_paths(forcing)
    forcing.add_argument("--reason", default="", metavar="TEXT")
    _add_fence(forcing)
    return lock_parser.parse_args(words)


def _add_paths(of: Parser, when_none: str | None = None) -> None:
    of.add_argument("paths", nargs="*" if when_none else "+", metavar="PATH", help=when_none)


def _add_fence(of: Parser) -> None:
    of.add_argument("--fence", type=whole_number(0, 2**62), metavar="N", help="the fencing token you were given")


def _acquire(call: Call) -> Answer:
    agent = call.require_actor()
    arguments = call.arguments
    usual_s = HUMAN_LEASE_S if agent == HUMAN else call.config.task_lease_s
    ttl_s = usual_s if arguments.ttl is None else arguments.ttl
    outcome = locks.acquire(call.db, agent, _resolve_paths(call, arguments.any_case), ttl_s, arguments.reason.strip())
    if isinstance(outcome, LockConflict):
        return _answer_conflict(call, outcome)
    what = _list_paths(lock.path for lock in outcome.locks)
    until = min(lock.expires_at for lock in outcome.locks)
    message = f"You hold {what} (fence {outcome.fence}) until {format_clock(until)}; any command of yours renews it."
    return Answer(message, data={"fence": outcome.fence, "locks": [_make_data(lock) for lock in outcome.locks]})


def _renew(call: Call) -> Answer:
    agent = call.require_actor()
    outcome = locks.renew(call.db, agent, [name.path for name in _resolve_paths(call)], call.arguments.fence)
    if isinstance(outcome, LocksNotHeld):
        return _answer_not_held(call, outcome)
    until = min(lock.expires_at for lock in outcome)
    message = f"You hold {_list_paths(lock.path for lock in outcome)} until {format_clock(until)}."
    return Answer(message, data={"locks": [_make_data(lock) for lock in outcome]})


def _release(call: Call) -> Answer:
    agent = call.require_actor()
    outcome = locks.release(call.db, agent, [name.path for name in _resolve_paths(call)], call.arguments.fence)
    match outcome:
        case LockConflict():
            return _answer_conflict(call, outcome)
        case LocksNotHeld():
            return _answer_not_held(call, outcome)
    return _answer_released(call, outcome)


def _force_release(call: Call) -> Answer:
    call.require_human()
    from swarm_agents.views.human_commands import ForceReleaseLocksCommand  # loads what agents' verbs do without

    paths = tuple(name.path for name in _resolve_paths(call))
    command = ForceReleaseLocksCommand(paths, call.arguments.fence, call.arguments.reason.strip())
    outcome = command.carry_out(call.db, call.config)
    return _answer_not_held(call, outcome) if isinstance(outcome, LocksNotHeld) else _answer_released(call, outcome)


def _list(call: Call) -> Answer:
    call.record_read()
    locks.reap(call.db)
    found = lock_report.read_all(call.db)
    return make_listing(map(_format_line, found), "Nothing is locked.", {"locks": [_make_data(lock) for lock in found]})


def _resolve_paths(call: Call, any_case: bool = False) -> list[LockName]:
    """The name of each path; the same from each working tree of the repository."""
    return [_resolve_path(call, spelled, any_case) for spelled in call.arguments.paths]


def _resolve_path(call: Call, spelled: str, any_case: bool) -> LockName:
    here = Path(place.find_working_folder())
    try:
        return lock_paths.resolve(spelled, here, call.root, any_case)
    except BadData:
        elsewhere = _find_other_working_tree(call, os.path.realpath(here / spelled)) if os.path.isabs(spelled) else None
        if elsewhere is None:
            raise
        return lock_paths.resolve(spelled, here, elsewhere, any_case)


def _find_other_working_tree(call: Call, real: str) -> Path | None:
    folder = next((one for one in Path(real).parents if one.is_dir()), None)
    found = repository.find_repository(folder) if folder else None
    mine = repository.find_repository(call.root)
    if found is None or mine is None or found.common_dir != mine.common_dir:
        return None
    return found.root


def _answer_conflict(call: Call, outcome: LockConflict) -> Answer:
    path, lock = outcome.in_the_way[0]
    more = f" ({len(outcome.in_the_way) - 1} more are in the way)" if len(outcome.in_the_way) > 1 else ""
    on = f"is locked by {lock.holder}" if lock.path == path else f"overlaps {lock.path}, which {lock.holder} has locked"
    why = f" ({lock.reason})" if lock.reason else ""
    data = {
        "holder": lock.holder,
        "held": [{"wanted": wanted, **_make_data(one)} for wanted, one in outcome.in_the_way],
    }
    ask = call.add_identity(
        f"swarm msg send {lock.holder} {shlex.quote(f'When will {lock.path} be free?')} --type QUESTION"
    )
    until = format_clock(lock.expires_at)
    return Answer(f"{path} {on} until {until}{why}. Nothing was locked or released.{more}", 90, data, ask)


def _answer_not_held(call: Call, outcome: LocksNotHeld) -> Answer:
    which = f"do not hold {_list_paths(outcome.paths)}, or not" if outcome.paths else "hold no lock, or none"
    message = f"You {which} under that fence. Nothing was changed.{_suggest_lock(call, outcome.paths)}"
    return Answer(message, 82, {"paths": outcome.paths}, call.add_identity("swarm lock list"))


def _suggest_lock(call: Call, paths: Sequence[str]) -> str:
    """For a single path: the lock that may have been meant."""
    if len(paths) != 1:
        return ""
    from swarm_agents.cli import suggestions  # only what is mistyped needs it

    return suggestions.describe_closest_name(call, "lock", paths[0])


def _answer_released(call: Call, outcome: locks.LocksReleased) -> Answer:
    data = {"released": outcome.released, "free": outcome.free}
    if not outcome.released:
        return Answer(f"There was no lock to release.{_suggest_lock(call, outcome.free)}", data=data)
    return Answer(f"Released {_list_paths(outcome.released)}.", data=data)


def _format_line(lock: Lock) -> str:
    why = f"  {one_line(lock.reason, 100)}" if lock.reason else ""
    return f"{lock.path}  {lock.holder}  until {format_clock(lock.expires_at)}  fence {lock.fence}{why}"


def _make_data(lock: Lock) -> dict[str, str | int | bool | None]:
    return {
        "path": lock.path,
        "holder": lock.holder,
        "fence": lock.fence,
        "reason": lock.reason,
        "since": format_iso(lock.since),
        "expires_at": format_iso(lock.expires_at),
        "any_case": lock.name.any_case,
    }


def _list_paths(paths: Iterable[str]) -> str:
    found = list(paths)
    shown = ", ".join(found[:_NAMED])
    return f"{shown} and {len(found) - _NAMED} more" if len(found) > _NAMED else shown
