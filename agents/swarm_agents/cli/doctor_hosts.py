"""What `swarm setup HOST --check` finds of each coding agent that is installed here, as findings of `swarm doctor`."""

from __future__ import annotations

import os
import shutil

from swarm_agents.cli.main import take_answer
from swarm_agents.cli.output import Answer
from swarm_agents.cli.parsers import find_parser
from swarm_agents.doctor.findings import Finding, note, ok, warning

_NO_HOSTS = frozenset({"all", "git"})  # verbs of `swarm setup` that set up no coding agent


def examine_hosts() -> list[Finding]:
    """A finding for each host that `swarm setup` knows and whose program is here."""
    setup = find_parser("setup")
    hosts = [name for name in setup.verbs if name not in _NO_HOSTS] if setup else []
    checked = {name: take_answer(["setup", name, "--check"]) for name in hosts if shutil.which(name)}
    return [finding for name, answer in checked.items() if (finding := describe_host(name, answer))]


def describe_host(name: str, answer: Answer) -> Finding | None:
    """The answer of the check as a finding; None where it could not look here, for a reason that is told elsewhere."""
    subject, remedy = f"host:{name}", f"swarm setup {name}"
    if answer.exit not in (0, 1):
        return warning(subject, answer.message, f"{remedy} --check") if answer.exit in (70, 73, 78) else None
    files = answer.data.get("files", ())
    wrong = [
        f"{os.path.basename(file['path'])} ({file['entries']}, {file['state']})"
        for file in files
        if not _is_in_place(file)
    ]
    if not files or len(wrong) == len(files):
        return note(subject, f"{name} is installed here and is not told of the swarm", remedy)
    if wrong:
        return warning(subject, f"{name} is told of the swarm only in part: {', '.join(wrong)}", remedy)
    if not answer.data.get("seen"):
        text = f"{name} is set up, but none of its hooks has been seen to run here: it may wait for your trust"
        return note(subject, text, f"{remedy} --check")
    return ok(subject, f"{name} is set up, and its hooks run")


def _is_in_place(file: dict[str, str]) -> bool:
    return file["state"] == "current"
