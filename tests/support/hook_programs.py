"""husky, lefthook and pre-commit themselves, with a check that notes that it ran and refuses while `broken` exists."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.repo import Repo, environment

HUSKY = "husky@9.1.7"
INSTALL_LIMIT_S = 120
# In the git directory that all worktrees share, outside of every working tree.
CHECK = 'echo ran >>"$(git rev-parse --git-common-dir)/ran.log"; test ! -e broken\n'


@dataclass(frozen=True)
class Program:
    """One of them. `files` is its configuration, `install` the command that makes its hooks."""

    name: str
    files: dict[str, str]
    install: tuple[str, ...]
    runs_in_a_new_worktree: bool = True

    def configure(self, repo: Repo) -> None:
        """As one finds it in a cloned repository: configured and committed, not installed."""
        for name, text in {"check.sh": CHECK, **self.files}.items():
            repo.stage(name, text)
        repo.git("commit", "-q", "--no-verify", "-m", f"use {self.name}")

    def put_in(self, repo: Repo) -> None:
        done = subprocess.run(
            self.install, cwd=repo.path, env=environment(), capture_output=True, text=True, timeout=INSTALL_LIMIT_S
        )
        assert done.returncode == 0, done.stdout + done.stderr


PRE_COMMIT = Program(
    "pre-commit",
    {
        ".pre-commit-config.yaml": """\
repos:
- repo: local
  hooks:
  - {id: check, name: check, entry: sh check.sh, language: system, always_run: true, pass_filenames: false}
"""
    },
    ("pre-commit", "install"),
)

LEFTHOOK = Program(
    "lefthook",
    {"lefthook.yml": "pre-commit:\n  commands:\n    check:\n      run: sh check.sh\n"},
    ("lefthook", "install"),
)


def husky(folder: Path) -> Program:
    """From its registry, into `folder`. Raises `LookupError` with the reason where npm cannot install it."""
    if shutil.which("npm") is None:
        raise LookupError("npm is not installed")
    words = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", os.fspath(folder), HUSKY]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=INSTALL_LIMIT_S)
    except subprocess.TimeoutExpired:
        raise LookupError(f"npm did not bring {HUSKY} within {INSTALL_LIMIT_S} s") from None
    if done.returncode != 0:
        raise LookupError(f"npm cannot bring {HUSKY}: {done.stderr.strip()[-300:]}")
    program = folder / "node_modules/.bin/husky"
    return Program("husky", {".husky/pre-commit": "sh check.sh\n"}, (os.fspath(program),), runs_in_a_new_worktree=False)
