"""Puts together what one look and the process table say of a pane: its program, its profile, its composer."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from swarm_agents.courier import composer
from swarm_agents.courier.composer import Absent, Composer
from swarm_agents.hosts import screen_profiles
from swarm_agents.hosts.screen_profiles import Profile
from swarm_agents.model import PaneAddress
from swarm_agents.panes import Look, Looking, NoAnswer, Pane, ServerGone, foreground, tmux
from swarm_agents.panes.foreground import Program
from swarm_agents.panes.human import human_at

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

    @cached_property
    def composer(self) -> Composer:
        return composer.read(self.pane, self.screen, self.profile) if self.profile else Absent()


@dataclass(frozen=True)
class Sight:
    """A look, and what it says of the panes that were asked for and are where they were."""

    look: Look
    situations: Mapping[PaneAddress, Situation]


Seen = Sight | ServerGone | NoAnswer


def look(
    socket: str,
    wanted: Collection[PaneAddress],
    known: Mapping[str, Profile],
    limit_s: float = tmux.LIMIT_S,
    meanwhile: Callable[[], None] | None = None,
    also: Collection[PaneAddress] = (),
) -> Seen:
    """Look at a server once, and at its panes among these. `meanwhile` is called while tmux is at work.

    `also` are panes for which nothing waits: where only the whole process table tells their program, it stays unknown.
    """
    everywhere = {*wanted, *also}
    with Looking(socket, sorted(pane.pane_id for pane in everywhere)) as looking:
        if meanwhile is not None:
            meanwhile()
        leaders = foreground.leaders(pane.pane_pid for pane in everywhere)
        seen = looking.seen(limit_s)
    if not isinstance(seen, Look):
        return seen
    found = [pane for each in everywhere if (pane := seen.pane(each)) and each.pane_id in seen.screens]
    living = {pane.address.pane_pid: pane for pane in found if not pane.dead}
    clear = {pid: leaders[pid] for pid, pane in living.items() if _is_clear(pane, leaders.get(pid), known)}
    unclear = {pane.pane_pid for pane in wanted} & living.keys() - clear.keys()
    programs = clear | foreground.programs(unclear)
    return Sight(seen, {pane.address: _situation(seen, pane, programs, known) for pane in found})


def _is_clear(pane: Pane, leader: Program | None, known: Mapping[str, Profile]) -> bool:
    """Whether the leader of the group in front says enough, and was still in front when tmux looked."""
    if leader is None or leader.shell:
        return leader is not None
    # It was asked before tmux was. A shell's name does not tell whether its script has ended since then.
    still_there = pane.command in leader.names - foreground.SHELLS
    return still_there and screen_profiles.choose_profile(known, pane.profile, leader.names) is not None


def _situation(seen: Look, pane: Pane, programs: Mapping[int, Program], known: Mapping[str, Profile]) -> Situation:
    program = None if pane.dead else programs.get(pane.address.pane_pid)
    return Situation(
        pane=pane,
        screen=seen.screens[pane.address.pane_id],
        profile=screen_profiles.choose_profile(known, pane.profile, program.names if program else ()),
        program=program,
        unread=0 if pane.dead else foreground.unread(pane.tty),
        human=human_at(seen, pane.address.pane_id, HUMAN_S),
    )
