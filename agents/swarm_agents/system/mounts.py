"""Tells which kind of file system a folder is on: a network mount sends no events for what other machines write."""

import re
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = frozenset(
    ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "virtiofs", "vboxsf", "drvfs")
)
_REMOTE_FUSE = re.compile(r"fuse\.(sshfs|rclone|s3fs|gcsfuse|glusterfs|grpcfuse|osxfs|davfs)")


def find_network_type(folder: Path, mounts: str | None = None) -> str | None:
    """The kind of network file system that the folder is on; None on a local one, and where the system does not tell.

    `mounts` has the form of /proc/self/mountinfo, which is read without it.
    """
    if mounts is None:
        try:
            mounts = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:  # macOS has no such file
            return None
    kind = _find_type(folder, mounts)
    return kind if kind in _NETWORK or _REMOTE_FUSE.fullmatch(kind) else None


def _find_type(folder: Path, mounts: str) -> str:
    """The type of the deepest mount point above the folder, and of the last one that was mounted there."""
    deepest, found = -1, ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields, kinds = before.split(" "), after.split(" ")
        if len(fields) < 5:
            continue
        point = Path(_unescape(fields[4]))
        if point in (folder, *folder.parents) and len(point.parts) >= deepest:
            deepest, found = len(point.parts), kinds[0]
    return found


def _unescape(path: str) -> str:
    """Blanks and the like stand in octal: `\\040`."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), path)
