"""Runs git on what a user has not committed: names are taken literally, and no submodule is followed."""

from __future__ import annotations

from swarm_agents.errors import Unavailable
from swarm_agents.git.run import run_git
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence
    from pathlib import Path

LIMIT_S = 600  # a filter as that of git-lfs may load what it restores
PATHS_FROM_STDIN = ("--pathspec-from-file=-", "--pathspec-file-nul")
IDENTITY = ("-c", "user.name=swarm", "-c", "user.email=swarm@localhost", "-c", "commit.gpgSign=false")
_LITERAL_NAMES = {  # a file may be called ":x" or "*"; git takes none of the others beside it
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_GLOB_PATHSPECS": "0",
    "GIT_NOGLOB_PATHSPECS": "0",
    "GIT_ICASE_PATHSPECS": "0",
}
# A `git reset` that follows submodules throws away what is uncommitted in them.
_NO_SUBMODULES = ("-c", "submodule.recurse=false")


def run_on_work(
    root: Path, arguments: Sequence[str], paths: Sequence[str] | None = None, index: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run git in the working tree; `paths` on its standard input, `index` in place of the real one."""
    extra = _LITERAL_NAMES | ({"GIT_INDEX_FILE": str(index)} if index else {})
    request = None if paths is None else "".join(f"{path}\0" for path in paths)
    return run_git([*_NO_SUBMODULES, *arguments], root, extra, request=request, limit_s=LIMIT_S)


def write_tree(root: Path, index: Path) -> str:
    """The tree of this index. Raises `Unavailable`."""
    written = run_on_work(root, ["write-tree"], index=index)
    if written.returncode != 0:
        raise Unavailable(f"Your changes could not be saved: {written.stderr.strip()}")
    return written.stdout.strip()
