"""Modules that are loaded when one of their functions is called: a verb does not pay for what it does not reach.

    if TYPE_CHECKING:
        from swarm_agents.build import expiry
    else:
        expiry = load_late("swarm_agents.build.expiry")

Type checkers and the contracts of import-linter see the import; only the functions of the module can be used.
"""

from __future__ import annotations

from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def load_late(name: str) -> _LateModule:
    """A stand-in for the module of this name."""
    return _LateModule(name)


class _LateModule:
    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, function: str) -> Callable[..., Any]:
        def call(*values: Any, **named: Any) -> Any:
            module = __import__(self._name, fromlist=[function])
            return getattr(module, function)(*values, **named)

        return call
