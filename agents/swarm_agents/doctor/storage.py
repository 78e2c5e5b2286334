"""The folder of the database: on which file system, whether this process may write there, how much room is left."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from pathlib import Path

from swarm_agents.doctor.findings import Finding, error, ok, warning
from swarm_agents.place import Place
from swarm_agents.system import mounts, synced_folders

_ROOM_BYTES = 64 * 1024 * 1024  # a busy day of a large swarm
_PROOF = b"swarm doctor\n"


def examine_file_system(place: Place) -> list[Finding]:
    folder = Path(os.path.realpath(place.database)).parent
    if kind := mounts.find_network_type(folder):
        text = (
            f"{folder} is on a network file system ({kind}), where SQLite cannot keep processes apart: "
            "commits get lost. Keep the database on a disk of this host"
        )
        return [error("file-system", text, _name_move(place))]
    if program := synced_folders.find_program(folder):
        text = (
            f"{folder} is kept in step with other machines by {program}, which copies and replaces the database while "
            "it is open"
        )
        return [warning("file-system", text, _name_move(place))]
    return [ok("file-system", f"{folder} is on a disk of this host")]


def examine_writing(place: Place) -> list[Finding]:
    """Write a file beside the database as a commit does: a sandbox shows only then what it forbids."""
    folder = os.path.dirname(place.database)
    while not os.path.isdir(folder) and folder != os.path.dirname(folder):
        folder = os.path.dirname(folder)  # where `swarm init` would make it
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix="swarm-doctor-") as file:
            file.write(_PROOF)
            file.flush()
            os.fsync(file.fileno())
    except OSError as refused:
        text = f"Cannot write into {folder} ({refused.strerror}): the swarm needs its folder and its files writable"
        remedy = (
            f"chmod u+w {shlex.quote(folder)}"
            if _is_own(folder) and not os.access(folder, os.W_OK)
            else _name_move(place)
        )
        return [error("writing", text, remedy)]
    free = shutil.disk_usage(folder).free
    if free < _ROOM_BYTES:
        text = f"{folder} has room for {free // 1024:,} KB only: a full disk refuses every change"
        return [warning("writing", text, "swarm db prune")]
    return [ok("writing", f"{folder} can be written, {free // 1024 // 1024:,} MB are free")]


def _is_own(folder: str) -> bool:
    try:
        found = os.stat(folder)
    except OSError:
        return False
    return found.st_uid == os.geteuid() and not os.statvfs(folder).f_flag & os.ST_RDONLY


def _name_move(place: Place) -> str:
    """A place that is local and outside of the repository; every agent must be given the same."""
    state = os.environ.get("XDG_STATE_HOME")
    folder = shlex.quote(state) if state else '"$HOME"/.local/state'
    name = shlex.quote(os.path.basename(os.path.dirname(place.common_dir or place.database)) or "swarm")
    return f"export SWARM_DB={folder}/swarm/{name}/swarm.db && swarm init"
