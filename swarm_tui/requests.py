"""What screens and dialogs ask of the app, as typed messages, so that none of them has to import it.

Post them to `self.app`: a dialog that is about to close forwards no message of its own any more.
"""

from dataclasses import dataclass

from textual.message import Message

from swarm_agents.views.human_commands import HumanCommand


@dataclass
class CarryOutRequest(Message):
    """The human confirmed it. What came of it is shown by the app."""

    command: HumanCommand


@dataclass
class WatchMessageRequest(Message):
    """Let the next snapshots hold every delivery of that message, or no more unless another is watched by now."""

    message: int
    watched: bool


@dataclass
class WatchDeliveriesRequest(Message):
    """Let the next snapshots hold the deliveries of the last messages, or no more."""

    watched: bool


@dataclass
class ShowThreadRequest(Message):
    """Show on the overview only the thread that began with that message."""

    message: int


class OpenPanesRequest(Message):
    """Show screen 2."""


class OpenWorkRequest(Message):
    """Show screen 4."""
