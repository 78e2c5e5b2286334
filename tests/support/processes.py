"""Starts, orders, stops and kills real processes for tests; every wait has a limit."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from swarm_agents.model import BuildRules
from tests.support.model import Act

ROOT = Path(__file__).parents[2]
LIMIT_S = 60  # a loaded machine is slow; what takes longer hangs
HEAD_START_MS = 2.0  # between the order and the common start, so that every process has read it by then


@dataclass(frozen=True)
class Answer:
    """A worker's answer to one order: the result, the fence, and when the call began and ended."""

    told: str
    fence: int
    began: int
    ended: int
    error: str


class Worker:
    """One process with an open database that carries out orders. `send` gives one, `receive` waits for its answer."""

    def __init__(self, database: Path, lock_timeout_s: float = 15) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.worker", str(database), str(lock_timeout_s)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        self._unread = b""

    @property
    def pid(self) -> int:
        return self._process.pid

    def act(self, act: Act, rules: BuildRules | None = None) -> Answer:
        self.send_act(act, rules)
        return self.receive()

    def send_act(self, act: Act, rules: BuildRules | None = None, at_ns: int = 0) -> None:
        self.send("act", act=asdict(act), rules=(rules or BuildRules())._asdict(), at_ns=at_ns)

    def send(self, order: str, **values: Any) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"order": order, **values}).encode() + b"\n")

    def receive(self, limit_s: float = LIMIT_S) -> Answer:
        return Answer(**json.loads(self._line(limit_s)))

    def answered(self) -> bool:
        assert self._process.stdout
        return bool(self._unread or select.select([self._process.stdout], [], [], 0)[0])

    def _line(self, limit_s: float) -> bytes:
        assert self._process.stdout
        give_up_at = time.monotonic() + limit_s
        while b"\n" not in self._unread:
            left_s = max(0.0, give_up_at - time.monotonic())
            if not select.select([self._process.stdout], [], [], left_s)[0]:
                raise TimeoutError(f"worker {self.pid} said nothing for {limit_s} s")
            chunk = os.read(self._process.stdout.fileno(), 65536)
            assert chunk, f"worker {self.pid} died"
            self._unread += chunk
        line, _, self._unread = self._unread.partition(b"\n")
        return line

    def died(self, limit_s: float = LIMIT_S) -> bool:
        """Wait until it ends; false when it answers instead."""
        assert self._process.stdout
        assert select.select([self._process.stdout], [], [], limit_s)[0], f"worker {self.pid} neither died nor spoke"
        self._unread += os.read(self._process.stdout.fileno(), 65536)
        return not self._unread

    def stop(self) -> None:
        """SIGSTOP, and wait until it stands still."""
        os.kill(self.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOWAIT)

    def go_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


@contextmanager
def workers(database: Path, number: int, lock_timeout_s: float = 15) -> Iterator[list[Worker]]:
    """That many worker processes, ready; killed at the end whatever happened."""
    started: list[Worker] = []
    try:
        for _ in range(number):
            started.append(Worker(database, lock_timeout_s))
        for worker in started:
            assert worker.receive().told == "ready"
        yield started
    finally:
        for worker in started:
            worker.kill()


def at_once(
    acts: Sequence[tuple[Worker, Act]], rules: BuildRules, head_start_ms: float = HEAD_START_MS
) -> list[Answer]:
    """All acts at the same instant, each in its own process; the answers in the order of the acts."""
    at_ns = time.monotonic_ns() + int(head_start_ms * 1e6)
    for worker, act in acts:
        worker.send_act(act, rules, at_ns)
    return [worker.receive() for worker, _ in acts]


def run_python(calls: Sequence[tuple[str, ...]], limit_s: float = LIMIT_S) -> list[subprocess.CompletedProcess[str]]:
    """Run each call (code and its arguments) in a Python process of its own, all at once."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", *call], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
        )
        for call in calls
    ]
    try:
        done = [(process, *process.communicate(timeout=limit_s)) for process in started]
    finally:
        for process in started:
            process.kill()
    return [subprocess.CompletedProcess(process.args, process.returncode, out, err) for process, out, err in done]
