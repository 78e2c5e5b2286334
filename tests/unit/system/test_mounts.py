"""The kind of file system that a folder is on, read from the system's list of mounts."""

from pathlib import Path

import pytest

from swarm_agents.system.mounts import find_network_type

MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:40 / /home rw shared:2 - nfs4 server:/home rw
31 30 0:41 / /home/ann/local rw shared:3 - xfs /dev/vdb rw
32 22 0:42 / /mnt/with\\040blank rw shared:4 - fuse.sshfs ann@host: rw
33 22 0:43 / /mnt/c rw shared:5 - 9p drvfs rw
34 22 0:44 / /over rw shared:6 - nfs server:/over rw
35 34 0:45 / /over rw shared:7 - tmpfs tmpfs rw
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/srv/work", None),
        ("/home", "nfs4"),
        ("/home/ann/work", "nfs4"),
        ("/home/ann/local/work", None),
        ("/homes/ann", None),
        ("/mnt/with blank/work", "fuse.sshfs"),
        ("/mnt/c/work", "9p"),
        ("/over/work", None),
    ],
)
def test_the_deepest_and_last_mount_decides(folder: str, kind: str | None) -> None:
    assert find_network_type(Path(folder), MOUNTS) == kind


def test_this_machines_own_list_can_be_read(tmp_path: Path) -> None:
    find_network_type(tmp_path)
