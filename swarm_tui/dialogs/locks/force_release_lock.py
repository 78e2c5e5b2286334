"""Take a lock from its holder."""

from textual.content import Content

from swarm_agents.locks.locks import Lock
from swarm_agents.text import one_line
from swarm_agents.views import work_state
from swarm_agents.views.human_commands import ForceReleaseLocksCommand
from swarm_agents.views.snapshot import Snapshot
from swarm_tui.dialogs.command_dialog import CommandDialog
from swarm_tui.themes import STYLE


class ForceReleaseLockDialog(CommandDialog):
    heading = "Take the lock from its holder?"
    confirm = "Take it away"
    tone = "busy"

    def __init__(self, snapshot: Snapshot, lock: Lock) -> None:
        super().__init__(snapshot)
        self._shown_lock = lock

    def facts(self) -> Content:
        lock = self._shown_lock
        why = f" ({one_line(lock.reason, 200)})" if lock.reason else ""
        return Content.assemble(
            (one_line(lock.path, 300), "bold"),
            f" is locked by {lock.holder}, fence {lock.fence}",
            (f"{why}.\n\n", STYLE["dim"]),
            "What happens:\n",
            f"  {lock.holder} is told to stop changing it; what it changed already stays as it is.\n",
            "  Any agent may lock it then.",
        )

    def command(self) -> ForceReleaseLocksCommand:
        return ForceReleaseLocksCommand((self._shown_lock.path,), self._shown_lock.fence, self.typed)

    def has_moved(self, snapshot: Snapshot) -> bool:
        return work_state.has_lock_moved(snapshot, self._shown_lock)

    def describe_move(self, snapshot: Snapshot) -> str:
        now = work_state.find_lock(snapshot, self._shown_lock.path)
        return f"{now.holder} has it now, fence {now.fence}." if now else "No agent holds it any more."
