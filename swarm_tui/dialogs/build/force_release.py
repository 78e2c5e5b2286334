"""Take the role from the fixer."""

from textual.content import Content

from swarm_agents.text import one_line
from swarm_agents.views.human_commands import ForceReleaseCommand
from swarm_tui import times
from swarm_tui.dialogs.command_dialog import CommandDialog
from swarm_tui.themes import STYLE


class ForceReleaseDialog(CommandDialog):
    heading = "Take the role from the fixer?"
    confirm = "Take it away"
    tone = "busy"

    def facts(self) -> Content:
        seen = self.opened_with
        build = seen.build
        left = build.lease_left_ms(seen.moment)
        lease = f"its lease has {times.countdown(left)} left" if left else "its lease ran out"
        return Content.assemble(
            (build.fixer or "", "bold"),
            f" repairs attempt {build.attempt} of {build.max_attempts}; {lease}, fence {build.fence}.\n",
            (one_line(build.breakage, 200) + "\n\n", STYLE["dim"]),
            "What happens:\n",
            f"  {build.fixer} is told to stop, and its fence is void: a late “fixed” is refused.\n",
            "  The attempt does not count.\n",
            *_next_in_line([waiter.agent for waiter in seen.waiting]),
        )

    def command(self) -> ForceReleaseCommand:
        return ForceReleaseCommand(self.opened_with.build.fence, self.typed)


def _next_in_line(waiting: list[str]) -> list[str | tuple[str, str]]:
    if not waiting:
        return ["  No agent waits, so the build stays broken until one claims it."]
    others = f", before {len(waiting) - 1} more" if len(waiting) > 1 else ""
    return ["  The role is free for those who wait: ", (waiting[0], "bold"), f" is first in line{others}."]
