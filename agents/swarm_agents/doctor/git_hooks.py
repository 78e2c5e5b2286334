"""The hooks that git runs here: those of the gate, in front of the user's own, and what they rely on."""

from __future__ import annotations

import os
from pathlib import Path

from swarm_agents.doctor.findings import Finding, Repair, note, ok, warning
from swarm_agents.errors import UsageError
from swarm_agents.gate import hooks as gate_hooks
from swarm_agents.git import hooks
from swarm_agents.place import Place

_INSTALL = "swarm setup git"
_INSTALLERS = (
    (".pre-commit-config.yaml", "pre-commit install"),
    ("lefthook.yml", "lefthook install"),
    (".husky", "npx husky"),
)


def examine_git_hooks(place: Place) -> list[Finding]:
    if place.root is None:
        return [note("git-hooks", "No working tree here, so no commit is made here")]
    root = Path(place.root)
    return [_examine_gate(place, root), _examine_own_hook(root)]


def _examine_gate(place: Place, root: Path) -> Finding:
    try:
        found = gate_hooks.check(root)
    except UsageError as error:
        return warning("gate", error.message, error.next or _INSTALL)
    missing = [one for one in found if not one.ok]
    if missing and len(missing) == len(found):
        return warning("gate", "The gate is not installed: git commits while the build is red", _INSTALL)
    if missing:
        details = "; ".join(f"{one.what}: {one.detail.partition(': ')[0]}" for one in missing)
        return warning("gate", f"The gate is in place only in part. {details}", "swarm doctor --fix", Repair.GATE)
    if not os.path.isdir(place.judged_trees):
        text = f"{place.judged_trees} is missing: the gate cannot tell which trees its hook let pass"
        return warning("gate", text, "swarm doctor --fix", Repair.GATE)
    return ok("gate", f"The gate's {len(found)} hooks are in place, before your own")


def _examine_own_hook(root: Path) -> Finding:
    hook = hooks.find_hook(root, "pre-commit")
    if hook is None:
        text = "There is no pre-commit hook, so nothing refuses a commit. Set one up, or use 'swarm build report'"
        return note("pre-commit", text, _name_installer(root))
    if gate_hooks.is_gate_alone(hook):
        text = (
            "The pre-commit hook is only the gate, which does not check code. Set one up, or use 'swarm build report'"
        )
        return note("pre-commit", text, _name_installer(root))
    return ok("pre-commit", f"{hook} checks each commit")


def _name_installer(root: Path) -> str | None:
    return next((command for file, command in _INSTALLERS if (root / file).exists()), None)
