"""Combines a tmux snapshot and the process table: the program, profile and composer of each pane."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from swarm_agents.courier import composer
from swarm_agents.courier.composer import ComposerState, NoComposer
from swarm_agents.hosts import screen_profiles
from swarm_agents.hosts.screen_profiles import Profile
from swarm_agents.model import PaneAddress
from swarm_agents.panes import foreground, tmux
from swarm_agents.panes.foreground import ForegroundProgram
from swarm_agents.panes.pane import Pane
from swarm_agents.panes.snapshot import PendingSnapshot, ServerSnapshot
from swarm_agents.panes.tmux import NoAnswer, ServerGone

HUMAN_S = 2.0  # a human counts as typing this long after a key; tmux has whole seconds


@dataclass(frozen=True)
class PaneSnapshot:
    """One pane at one moment. `unread`: bytes typed that its program has not read. `human`: one is typing there."""

    pane: Pane
    screen: Sequence[str]
    profile: Profile | None
    program: ForegroundProgram | None
    unread: int
    human: bool

    @cached_property
    def composer(self) -> ComposerState:
        return composer.read(self.pane, self.screen, self.profile) if self.profile else NoComposer()


@dataclass(frozen=True)
class ScreenReading:
    """A snapshot of a server, and the requested panes that are still at their addresses."""

    snapshot: ServerSnapshot
    panes: Mapping[PaneAddress, PaneSnapshot]


ReadingResult = ScreenReading | ServerGone | NoAnswer


def read_panes(
    socket: str,
    requested: Collection[PaneAddress],
    known: Mapping[str, Profile],
    limit_s: float = tmux.LIMIT_S,
    meanwhile: Callable[[], None] | None = None,
    idle: Collection[PaneAddress] = (),
) -> ReadingResult:
    """Read these panes of one server from one snapshot. `meanwhile` is called while tmux is working.

    `idle` are further panes for which nothing waits: their program stays unknown where only the whole process table
    would tell it.
    """
    all_panes = {*requested, *idle}
    with PendingSnapshot(socket, sorted(pane.pane_id for pane in all_panes)) as pending:
        if meanwhile is not None:
            meanwhile()
        leaders = foreground.read_leaders(pane.pane_pid for pane in all_panes)
        seen = pending.wait(limit_s)
    if not isinstance(seen, ServerSnapshot):
        return seen
    found = [pane for each in all_panes if (pane := seen.find_pane(each)) and each.pane_id in seen.screens]
    living = {pane.address.pane_pid: pane for pane in found if not pane.dead}
    clear = {pid: leaders[pid] for pid, pane in living.items() if _is_clear(pane, leaders.get(pid), known)}
    unclear = {pane.pane_pid for pane in requested} & living.keys() - clear.keys()
    programs = clear | foreground.read_programs(unclear)
    return ScreenReading(seen, {pane.address: _make_pane_snapshot(seen, pane, programs, known) for pane in found})


def _is_clear(pane: Pane, leader: ForegroundProgram | None, known: Mapping[str, Profile]) -> bool:
    """Whether the group's leader identifies the program, and was still in front at the time of the snapshot."""
    if leader is None or leader.shell:
        return leader is not None
    # The leader was read before the snapshot. A shell's name does not tell whether its script has ended since.
    still_there = pane.command in leader.names - foreground.SHELLS
    return still_there and screen_profiles.choose_profile(known, pane.profile, leader.names) is not None


def _make_pane_snapshot(
    seen: ServerSnapshot, pane: Pane, programs: Mapping[int, ForegroundProgram], known: Mapping[str, Profile]
) -> PaneSnapshot:
    program = None if pane.dead else programs.get(pane.address.pane_pid)
    return PaneSnapshot(
        pane=pane,
        screen=seen.screens[pane.address.pane_id],
        profile=screen_profiles.choose_profile(known, pane.profile, program.names if program else ()),
        program=program,
        unread=0 if pane.dead else foreground.count_unread_bytes(pane.tty),
        human=seen.is_human_typing(pane.address.pane_id, HUMAN_S),
    )
