"""`swarm setup HOST`: tells a coding agent of the swarm in its own files, checks them, and takes that back."""

from __future__ import annotations

import difflib
import os
import shutil

from swarm_agents.cli.invocation import Call
from swarm_agents.cli.output import Answer, format_iso
from swarm_agents.errors import NoSwarm, SwarmError, UsageError
from swarm_agents.git import repository
from swarm_agents.host_setup import forms, setup
from swarm_agents.host_setup.records import Records
from swarm_agents.host_setup.setup import EntryState, FileChange, SetupPlace
from swarm_agents.hosts import setups
from swarm_agents.hosts.setup_files import HookTable, HostSetup, Scope
from swarm_agents.text import one_line
from swarm_agents.values import NamedTuple
from swarm_agents.views import host_hooks


class HostAnswer(NamedTuple):
    """What `swarm setup` has done or found for one host."""

    ok: bool
    lines: list[str]
    data: dict[str, object]


def set_up_one(call: Call, name: str) -> Answer:
    told = _answer(call, setups.load_setup(name), _find_place(call))
    return Answer("", 0 if told.ok else 1, told.data, lines=tuple(told.lines))


def set_up_found(call: Call) -> tuple[list[str], dict[str, object], int]:
    """Every host whose program or own folder is here: the lines, the data, and the exit status of the first failure."""
    place = _find_place(call)
    lines: list[str] = []
    data: dict[str, object] = {}
    status = 0
    for host in setups.load_all_setups().values():
        if not shutil.which(host.PROGRAM) and not os.path.isdir(host.find_config_folder(place.home)):
            lines.append(f"{host.NAME}: neither '{host.PROGRAM}' nor {host.find_config_folder(place.home)} is here")
            continue
        try:
            told = _answer(call, host, place)
        except SwarmError as error:
            lines.append(f"{host.NAME}: {error.message}")
            status = status or error.exit
            continue
        lines += told.lines
        data[host.NAME] = told.data
        status = status or (0 if told.ok else 1)
    return lines, data, status


def _answer(call: Call, host: HostSetup, place: SetupPlace) -> HostAnswer:
    arguments = call.arguments
    if arguments.print:
        return _print(host, place)
    if arguments.check:
        return _check(call, host, place)
    changes = setup.plan_remove(host, place) if arguments.remove else setup.plan_install(host, place)
    if arguments.dry_run:
        lines = [line for change in changes if change.changes for line in _diff(change)]
        return HostAnswer(True, lines or [f"{host.NAME}: nothing would change"], _data(changes))
    done = setup.carry_out(changes, place)
    lines = [f"{host.NAME}: {_tell(change, place)}" for change in done]
    if any(change.current is not None and change.original is not None for change in done):
        lines.append(f"{host.NAME}: files as they were before are kept in {place.records.folder}")
    if not done:
        lines.append(f"{host.NAME}: {'there was nothing to remove' if arguments.remove else 'in place already'}")
    if arguments.remove:
        return HostAnswer(True, lines, _data(done))
    steps = [*(remark for change in changes for remark in change.remarks), *_list_steps(host, place)]
    lines += [f"{host.NAME}, for you to do: {step}" for step in steps]
    return HostAnswer(True, lines, {**_data(done), "steps": steps})


def _print(host: HostSetup, place: SetupPlace) -> HostAnswer:
    lines: list[str] = []
    for file in host.list_files(place.scope, place.root, place.home):
        if not isinstance(file, HookTable) or file.groups:
            lines += [f"==> {file.path}", *forms.insert(file, "").splitlines(), ""]
    steps = _list_steps(host, place)
    return HostAnswer(True, [*lines, *(f"For you to do: {step}" for step in steps)], {"steps": steps})


def _check(call: Call, host: HostSetup, place: SetupPlace) -> HostAnswer:
    changes = setup.plan_install(host, place)
    ok = all(change.state is EntryState.CURRENT for change in changes)
    lines = [f"{host.NAME}: {one.state:<7}  {_shorten(one.path, place)} ({one.entries})" for one in changes]
    lines += [f"{host.NAME}: {remark}" for change in changes for remark in change.remarks]
    seen = _list_seen(call, host)
    for one in seen:
        lines.append(f"{host.NAME}: seen     {one.event}, last {format_iso(one.at)} by {one.agent}")
    if not seen:
        lines.append(f"{host.NAME}: none of its hooks has been seen to run here")
        lines += [f"{host.NAME}, for you to do: {step}" for step in _list_steps(host, place)]
    return HostAnswer(ok, lines, {**_data(changes), "seen": [one._asdict() for one in seen]})


def _list_seen(call: Call, host: HostSetup) -> list[host_hooks.SeenHook]:
    try:
        return host_hooks.list_seen_hooks(call.db, host.NAME)
    except NoSwarm:
        return []


def _list_steps(host: HostSetup, place: SetupPlace) -> list[str]:
    return host.list_human_steps(place.scope, place.root, place.home)


def _tell(change: FileChange, place: SetupPlace) -> str:
    path = _shorten(change.path, place)
    if change.wanted is None:
        return f"removed {path}"
    if change.wanted == change.original:
        return f"took the {change.entries} out of {path}"
    if change.state is EntryState.STALE:
        return f"brought the {change.entries} in {path} up to date"
    return f"wrote {path} ({change.entries})" if change.current is None else f"put the {change.entries} into {path}"


def _shorten(path: str, place: SetupPlace) -> str:
    """The path as seen from the top of the working tree."""
    return path.removeprefix(f"{place.root}/") if place.root else path


def _diff(change: FileChange) -> list[str]:
    old, new = (
        [] if content is None else content.decode("utf-8", "replace").splitlines()
        for content in (change.current, change.wanted)
    )
    lines = difflib.unified_diff(old, new, change.path, change.path, lineterm="")
    return [one_line(line, 400) if not line.startswith((" ", "+", "-")) else line for line in lines]


def _data(changes: list[FileChange]) -> dict[str, object]:
    return {
        "files": [
            {"path": one.path, "entries": one.entries, "state": one.state.value, "changes": one.changes}
            for one in changes
        ]
    }


def _find_place(call: Call) -> SetupPlace:
    if call.arguments.user and call.arguments.project:
        raise UsageError("Give --project or --user, not both.")
    home = os.path.expanduser("~")
    if call.arguments.user:
        state = os.environ.get("XDG_STATE_HOME") or os.path.join(home, ".local", "state")
        return SetupPlace(Scope.USER, "", home, Records(os.path.join(state, "swarm", "setup"), home))
    folder = os.fspath(repository.worktree_git_dir(call.root) / "swarm-setup")
    root = os.fspath(call.root)
    return SetupPlace(Scope.PROJECT, root, home, Records(folder, root))
