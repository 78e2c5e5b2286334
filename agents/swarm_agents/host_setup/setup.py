"""Sets coding agents up and takes that back: every change is worked out before the first file is written."""

from __future__ import annotations

import errno
import os

from swarm_agents.errors import BadData, CannotWrite, SwarmError
from swarm_agents.host_setup import forms, places
from swarm_agents.host_setup.records import Records
from swarm_agents.hosts import setups
from swarm_agents.hosts.setup_files import HookTable, HostSetup, Scope, SetupFile
from swarm_agents.values import TYPE_CHECKING, NamedTuple, StrEnum

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_BOM = b"\xef\xbb\xbf"


class EntryState(StrEnum):
    """How far our entries in one file are what this version would write."""

    CURRENT = "current"
    STALE = "stale"
    MISSING = "missing"


class SetupPlace(NamedTuple):
    """For whom, and where. `root` is empty for the user's own files."""

    scope: Scope
    root: str
    home: str
    records: Records


class FileChange(NamedTuple):
    """One file as it is and as it is to be. Contents are None where there is no file."""

    path: str
    target: str
    """The file behind all links."""
    entries: str
    state: EntryState
    current: bytes | None
    wanted: bytes | None
    original: bytes | None
    """What it is without us."""
    remarks: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        return self.current != self.wanted


def plan_install(host: HostSetup, place: SetupPlace) -> list[FileChange]:
    """What has to change for this host. Raises `BadData` for a malformed file, `UsageError` for a link that leaves."""
    files = host.list_files(place.scope, place.root, place.home)
    plans = (_plan(file, place, _install) for file in files)
    return [plan for plan in plans if plan is not None]


def plan_remove(host: HostSetup, place: SetupPlace) -> list[FileChange]:
    """What has to change to take it back. What another host that is set up needs as well stays."""
    needed = {
        os.path.realpath(file.path)
        for other in setups.load_all_setups().values()
        if other.NAME != host.NAME and _is_set_up(other, place)
        for file in other.list_files(place.scope, place.root, place.home)
    }
    files = host.list_files(place.scope, place.root, place.home)
    plans = (_plan(file, place, _remove) for file in files if os.path.realpath(file.path) not in needed)
    return [plan for plan in plans if plan is not None]


def carry_out(changes: Sequence[FileChange], place: SetupPlace) -> list[FileChange]:
    """Make the changes, and return those that were needed. When one fails, those before it are taken back.

    Raises `CannotWrite`.
    """
    done: list[FileChange] = []
    try:
        for change in changes:
            if change.changes:
                done.append(change)
                _write(change, place.records)
        for change in done:
            _record(change, place.records)
    except OSError as error:
        for change in reversed(done):
            _take_back(change)
        place.records.remove_empty_folders()
        raise CannotWrite(f"Cannot write {change.path}: {error.strerror}. Nothing was changed.") from error
    place.records.remove_empty_folders()
    return done


def _is_set_up(host: HostSetup, place: SetupPlace) -> bool:
    """Whether a file that only this host has shows that it is set up."""
    first = host.list_files(place.scope, place.root, place.home)[0]
    files = [file for file in host.list_files(place.scope, place.root, place.home) if type(file) is type(first)]
    for file in files:
        try:
            content = places.read(os.path.realpath(file.path))
            if content is not None and forms.is_there(file, _decode(content, file.path)[1]):
                return True
        except SwarmError:  # a file that cannot be read now may hold entries
            return True
    return False


def _plan(
    file: SetupFile, place: SetupPlace, wanted: Callable[[SetupFile, bytes | None, bytes | None], bytes | None]
) -> FileChange | None:
    target = places.find_target(file.path, _find_base(file.path, place))
    current = places.read(target)
    if current is None and isinstance(file, HookTable) and not file.groups:
        return None
    original = _find_original(file, target, current, place)
    try:
        text = _decode(current or b"", file.path)[1]
        found, ours = forms.is_there(file, text), forms.is_current(file, text)
        state = EntryState.CURRENT if ours else EntryState.STALE if found else EntryState.MISSING
        made = wanted(file, current, original)
        remarks = tuple(f"{file.path}: {remark}" for remark in forms.list_remarks(file, text))
    except BadData as error:
        raise BadData(f"{file.path}, {error.message}. Nothing was changed.") from None
    return FileChange(file.path, target, forms.name_entries(file), state, current, made, original, remarks)


def _install(file: SetupFile, current: bytes | None, original: bytes | None) -> bytes | None:
    if current is not None and forms.is_current(file, _decode(current, file.path)[1]):
        return current
    bom, text = _decode(original or b"", file.path)
    made = bom + _encode(forms.insert(file, text))
    return None if original is None and not made else made


def _remove(file: SetupFile, current: bytes | None, original: bytes | None) -> bytes | None:
    return original


def _find_original(file: SetupFile, target: str, current: bytes | None, place: SetupPlace) -> bytes | None:
    """The file without our entries; None where it would not be there."""
    if current is None:
        return None
    untouched, before = place.records.find_before(target, current)
    if untouched:
        return before
    try:
        bom, text = _decode(current, file.path)
        if not forms.is_there(file, text):
            return current
        known = None if before is None else _decode(before, file.path)[1]
        bare = forms.strip(file, text, known)
    except BadData as error:
        raise BadData(f"{file.path}, {error.message}. Nothing was changed.") from None
    if not bare or (place.records.did_make(target) and forms.is_left_over(bare)):
        return before  # an empty file of the user's, or None where we have made it
    return bom + _encode(bare)


def _find_base(path: str, place: SetupPlace) -> str:
    base = place.root or place.home
    # The user may have named another folder in the environment; then links may lead about in there.
    return base if path.startswith(base.rstrip("/") + "/") else os.path.dirname(path)


def _decode(content: bytes, path: str) -> tuple[bytes, str]:
    bom = _BOM if content.startswith(_BOM) else b""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise BadData("line 1: this is UTF-16; save it as UTF-8")
    return bom, content[len(bom) :].decode("utf-8", "surrogateescape")


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _write(change: FileChange, records: Records) -> None:
    """Only the content; what is recorded about it is recorded once all files are written."""
    if places.read(change.target) != change.current:
        raise OSError(errno.EBUSY, "another program has just written it, try again")
    if change.current is not None:
        records.keep_backup(change.target, change.current)
    if change.wanted is None:
        os.unlink(change.target)
        return
    records.note_folders(places.list_missing_folders(change.target))
    os.makedirs(os.path.dirname(change.target), exist_ok=True)
    places.write(change.target, change.wanted)


def _record(change: FileChange, records: Records) -> None:
    if change.wanted == change.original or change.wanted is None:
        records.forget(change.target)
    else:
        records.note_change(change.target, change.original, change.wanted)


def _take_back(change: FileChange) -> None:
    """Give the file back what it had, as far as that can be written now."""
    try:
        if change.current is not None:
            if places.read(change.target) != change.current:
                places.write(change.target, change.current)
        elif os.path.exists(change.target):
            os.unlink(change.target)
    except OSError:
        pass
