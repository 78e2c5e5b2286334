"""What the tests of `swarm commit` share: commits of agents, a repair on another branch, comparing working trees."""

import hashlib
from pathlib import Path

from tests.support.repo import Ran, Repo


def commit(repo: Repo, agent: str, *words: str) -> Ran:
    return repo.swarm("--as", agent, "--json", "commit", *(words or ("-m", "work")))


def status(repo: Repo) -> str:
    return str(repo.swarm("status", "--json").data["build"]["status"])


def repair(alice: Repo) -> Ran:
    (alice.path / "broken").unlink()
    return commit(alice, "alice", "-m", "repair")


def leave_behind(alice: Repo) -> None:
    """alice repairs the build on her branch, so that every other branch lacks the fix."""
    assert commit(alice, "alice").exit == 81
    assert repair(alice).exit == 0


def read_work(repo: Repo) -> dict[str, object]:
    """All that a user has in a working tree: HEAD, index with flags, files to the byte, and what is in progress."""
    git_dir = Path(repo.git("rev-parse", "--absolute-git-dir"))
    progress = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_LOG", "rebase-merge", "rebase-apply")
    return {
        "head": (repo.head(), (git_dir / "HEAD").read_text()),
        "index": repo.git("ls-files", "--stage", "-v"),
        "files": {str(path.relative_to(repo.path)): _read(path) for path in _list_files(repo.path)},
        "in progress": [name for name in progress if (git_dir / name).exists()],
        "stash": repo.git("stash", "list"),
    }


def _list_files(root: Path) -> list[Path]:
    return sorted(
        path for path in root.rglob("*") if ".git" not in path.parts and (path.is_symlink() or path.is_file())
    )


def _read(path: Path) -> tuple[int, str]:
    if path.is_symlink():
        return 0, str(path.readlink())
    return path.stat().st_mode, hashlib.sha256(path.read_bytes()).hexdigest()


def assert_same_work(repo: Repo, before: dict[str, object]) -> None:
    """Nothing that the user had differs; names what does."""
    after = read_work(repo)
    differ = {}
    for part, was in before.items():
        now = after[part]
        if isinstance(was, dict) and isinstance(now, dict):
            differ |= {name: (was.get(name), now.get(name)) for name in was | now if was.get(name) != now.get(name)}
        elif was != now:
            differ[part] = (was, now)
    assert differ == {}, differ
