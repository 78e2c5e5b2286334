"""Puts together what one look and the process table say of a pane: its program, its profile, its composer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from swarm_agents import profiles
from swarm_agents.courier import composer
from swarm_agents.courier.composer import Absent, Composer
from swarm_agents.model import PaneAddress
from swarm_agents.panes import Look, Pane, foreground
from swarm_agents.panes.foreground import Program
from swarm_agents.panes.human import human_at
from swarm_agents.profiles import Profile

HUMAN_S = 2.0  # after a key of a human in that pane; tmux tells it in whole seconds


@dataclass(frozen=True)
class Situation:
    """One pane as it is now. `unread` are bytes typed that its program has not taken yet."""

    pane: Pane
    screen: Sequence[str]
    profile: Profile | None
    program: Program | None
    unread: int
    human: bool

    def composer(self) -> Composer:
        return composer.read(self.pane, self.screen, self.profile) if self.profile else Absent()


def situations(
    seen: Look, addresses: Iterable[PaneAddress], known: Mapping[str, Profile]
) -> dict[PaneAddress, Situation]:
    """The panes among these that are where they were, and whose screen is in the look."""
    found = [pane for each in addresses if (pane := seen.pane(each)) and each.pane_id in seen.screens]

    def enough(program: Program) -> bool:
        return program.shell or profiles.of_program(known, "", program.names) is not None

    programs = foreground.programs((pane.address.pane_pid for pane in found if not pane.dead), enough)
    return {pane.address: _situation(seen, pane, programs.get(pane.address.pane_pid), known) for pane in found}


def _situation(seen: Look, pane: Pane, program: Program | None, known: Mapping[str, Profile]) -> Situation:
    return Situation(
        pane=pane,
        screen=seen.screens[pane.address.pane_id],
        profile=profiles.of_program(known, pane.profile, program.names if program else ()),
        program=program,
        unread=0 if pane.dead else foreground.unread(pane.tty),
        human=human_at(seen, pane.address.pane_id, HUMAN_S),
    )
