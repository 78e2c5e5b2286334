"""A real git repository with a real pre-commit hook, and the `swarm` command run in it as agents run it."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from swarm_agents.place import Place

RUN_LIMIT_S = 60
SWARM = [sys.executable, "-m", "swarm_agents.cli.main"]

# Refuses while a file `broken` is in the working tree, as a test suite refuses while a test fails.
HOOK = '#!/bin/sh\nif [ -e broken ]; then echo "FAILED test_everything"; exit 1; fi\n'


@dataclass(frozen=True)
class Ran:
    exit: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.out)
        return parsed

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = self.json["data"]
        return found


@dataclass(frozen=True)
class Repo:
    """One working tree."""

    path: Path

    def git(self, *words: str) -> str:
        done = subprocess.run(["git", *words], cwd=self.path, env=environment(), capture_output=True, text=True)
        assert done.returncode == 0, f"git {words}: {done.stderr}"
        return done.stdout.strip()

    def swarm(self, *words: str, typed: str | None = None, **extra: str) -> Ran:
        done = subprocess.run(
            [*SWARM, *words],
            cwd=self.path,
            env=environment() | extra,
            capture_output=True,
            text=True,
            input=typed,
            stdin=subprocess.DEVNULL if typed is None else None,
            timeout=RUN_LIMIT_S,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def start(self, *words: str, **extra: str) -> "subprocess.Popen[str]":
        """The command, running; its caller waits for it or ends it."""
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [*SWARM, *words],
            cwd=self.path,
            env=environment() | extra,
            stdout=pipe,
            stderr=pipe,
            stdin=subprocess.DEVNULL,
            text=True,
        )

    def shell(self, command: str) -> int:
        """A command as an agent types it, with `swarm` on the PATH."""
        return subprocess.run(["sh", "-c", command], cwd=self.path, env=environment(), timeout=RUN_LIMIT_S).returncode

    def write(self, name: str, text: str) -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def stage(self, name: str, text: str = "x\n") -> None:
        self.write(name, text)
        self.git("add", "--", name)

    def configure(self, **build: object) -> None:
        lines = [f"{key} = {json.dumps(value)}" for key, value in build.items()]
        self.write("swarm.toml", "\n".join(["[build]", *lines, ""]))

    def join(self, *names: str) -> None:
        for name in names:
            assert self.swarm("agent", "join", name).exit == 0

    def hook(self, script: str, name: str = "pre-commit") -> None:
        path = Path(self.git("rev-parse", "--path-format=absolute", "--git-common-dir")) / "hooks" / name
        path.write_text(script, encoding="utf-8")
        path.chmod(0o755)

    def worktree(self, name: str) -> "Repo":
        path = self.path.parent / name
        self.git("worktree", "add", "-q", "-b", name, os.fspath(path))
        return Repo(path)

    @property
    def place(self) -> Place:
        """Its swarm, for the main working tree."""
        root, common_dir = str(self.path), str(self.path / ".git")
        return Place(f"{common_dir}/swarm/swarm.db", root, root, common_dir=common_dir)

    def head(self) -> str:
        return self.git("rev-parse", "HEAD")


def make_repo(path: Path, agents: Sequence[str] = ()) -> Repo:
    """A repository with one commit, the hook, a swarm, and these agents joined."""
    path.mkdir(parents=True)
    repo = Repo(path)
    repo.git("init", "-q", "-b", "main")
    repo.git("config", "user.name", "Test")
    repo.git("config", "user.email", "test@example.org")
    repo.stage("README", "hello\n")
    repo.git("commit", "-q", "-m", "begin")
    repo.hook(HOOK)
    assert repo.swarm("init").exit == 0
    repo.join(*agents)
    return repo


def environment() -> dict[str, str]:
    scripts = os.path.dirname(sys.executable)
    return os.environ | {
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_EDITOR": "true",
    }
