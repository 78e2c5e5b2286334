"""Serves one tmux server: takes a snapshot, chooses a step for each pane, types, takes the next snapshot.

What it remembers only saves time: when it saw a line typed, when to read a pane again that was not ready, which panes
were at rest in the last snapshot. A typist that continues the work of another courier starts without these.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from swarm_agents.courier import injections, notice_line, screen_reader, steps
from swarm_agents.courier.injections import Injection, NoticeLine, WaitingDelivery
from swarm_agents.courier.screen_reader import PaneSnapshot, ReadingResult, ScreenReading
from swarm_agents.courier.steps import ElapsedTimes
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Transaction
from swarm_agents.hosts.screen_profiles import Profile
from swarm_agents.model import DeliveryState, PaneAddress
from swarm_agents.panes import foreground
from swarm_agents.panes.keyboard import Keyboard, Stroke
from swarm_agents.panes.snapshot import ServerSnapshot
from swarm_agents.panes.tmux import NoAnswer, ServerGone

ROUND_S = 2.5  # longest time for one server in one round; what is still moving continues in the next
_MOVING_S = 1.5  # a typed line that waits longer is read less often, like a pane that is not ready
_PACE_S = (0.015, 0.03, 0.06, 0.12, 0.25)  # between two snapshots while a line is on its way
_HOLD_S = (0.3, 0.6, 1.2, 2.5, 5.0)  # until a pane that was not ready is read again
_AT_REST_S = 5.0  # that a snapshot is remembered: a stopped program prints nothing, but does not read either

_NO_AGENT = frozenset({"shell", "unknown-program"})
_NO_AGENT_MS = 5_000  # long enough for an agent to start; one that has quit does not keep its notice waiting


@dataclass
class _Times:
    """What this typist remembers of lines and panes, in monotonic seconds; `held` counts delays of a pane."""

    typed: dict[str, float] = field(default_factory=dict)
    submit: dict[tuple[str, int], float] = field(default_factory=dict)
    held: defaultdict[PaneAddress, int] = field(default_factory=lambda: defaultdict(int))
    read_again: dict[PaneAddress, float] = field(default_factory=dict)


@dataclass(frozen=True)
class PendingWork:
    """The work on one server, as read before the snapshot. The snapshot proves nothing of work recorded later."""

    panes: frozenset[PaneAddress] = frozenset()
    """A delivery waits for these, or a line is on its way there."""
    free: frozenset[PaneAddress] = frozenset()
    """Those of them without an injection."""
    recorded: frozenset[str] = frozenset()
    """Tokens of injections that were seen typed."""
    idle: frozenset[PaneAddress] = frozenset()
    """Nothing waits for these. They are read all the same, so that a later line can be typed at once."""


@dataclass(frozen=True)
class _RestingPanes:
    """The panes that were ready in a snapshot that stays true of them while they print nothing."""

    snapshot: ServerSnapshot
    ready: Mapping[PaneAddress, PaneSnapshot]
    good_until: float
    """On the monotonic clock."""


@dataclass
class _Plan:
    """What to do after one snapshot."""

    strokes: list[tuple[Injection, Stroke]] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)
    """Tokens of lines seen typed for the first time; `submitted`: seen to leave the composer."""
    submitted: list[str] = field(default_factory=list)
    moving: bool = False


class Typist:
    """Types for one courier. One thread at a time serves a server; threads of different servers share this object."""

    def __init__(self, known: Mapping[str, Profile]) -> None:
        self._profiles = known
        self._times = _Times()
        self._at_rest: dict[str, _RestingPanes] = {}

    def find_work(
        self, waiting: Iterable[WaitingDelivery], under_way: Sequence[Injection]
    ) -> Mapping[str, PendingWork]:
        """By socket, the panes to read now: those that were ready lately, or whose time to be read again has come."""
        now = time.monotonic()
        taken = {each.pane for each in under_way}
        by_socket: dict[str, set[PaneAddress]] = defaultdict(set)
        for pane in taken | {each.pane for each in waiting if each.drop_reason is None}:
            if now >= self._times.read_again.get(pane, 0.0):
                by_socket[pane.socket].add(pane)
        recorded = frozenset(each.token for each in under_way if each.recorded)
        return {socket: PendingWork(frozenset(on), frozenset(on - taken), recorded) for socket, on in by_socket.items()}

    def serve_server(self, db: Database, socket: str, work: PendingWork) -> ServerSnapshot | ServerGone | NoAnswer:
        """Continue all injections on this server and begin new ones, for at most `ROUND_S`. The last snapshot."""
        give_up_at = time.monotonic() + ROUND_S
        pace = iter(_PACE_S)
        with Keyboard(socket) as keyboard:
            typed = self._type_at_rest(db, socket, work, keyboard)
            if isinstance(typed, NoAnswer):  # a snapshot would wait for as long again
                return typed
            if typed:
                time.sleep(next(pace))
                work = self._read_work(db, socket)
            seen = self.read_screens(socket, work, meanwhile=keyboard.start_process if self._begins_new(work) else None)
            while isinstance(seen, ScreenReading):
                plan = self._decide(db, seen, work)
                if time.monotonic() > give_up_at or not (plan.strokes or plan.moving):
                    return seen.snapshot
                typed = bool(plan.strokes) and self._type(db, keyboard, plan.strokes)
                if isinstance(typed, NoAnswer):
                    return typed
                if typed:
                    pace = iter(_PACE_S)
                time.sleep(next(pace, _PACE_S[-1]))
                work = self._read_work(db, socket)
                seen = self.read_screens(socket, work)
        if isinstance(seen, ServerGone):
            _end_all_on_server(db, socket)
        return seen

    def _type_at_rest(self, db: Database, socket: str, work: PendingWork, keyboard: Keyboard) -> bool | NoAnswer:
        """Type into the panes of which the last snapshot is still true. Whether anything was typed.

        tmux compares again while it types: a pane that has changed gets nothing, and is read next.
        """
        last = self._at_rest.get(socket)
        if last is None or time.monotonic() > last.good_until:
            return False
        ready = {pane: now for pane in work.free if (now := last.ready.get(pane)) is not None}
        if not ready:
            return False
        keyboard.start_process()
        ready = {pane: now for pane, now in ready.items() if _is_silent(now)}
        plan = self._decide(db, ScreenReading(last.snapshot, ready), replace(work, panes=frozenset(ready)))
        strokes = [(injection, replace(stroke, at_rest=True)) for injection, stroke in plan.strokes]
        return bool(strokes) and self._type(db, keyboard, strokes)

    def _begins_new(self, work: PendingWork) -> bool:
        return any(pane not in self._times.held for pane in work.free)

    def read_screens(
        self, socket: str, work: PendingWork, meanwhile: Callable[[], None] | None = None
    ) -> ReadingResult:
        """Read these panes, and remember which of them are ready and at rest."""
        began = time.monotonic()
        seen = screen_reader.read_panes(socket, work.panes, self._profiles, meanwhile=meanwhile, idle=work.idle)
        if isinstance(seen, ScreenReading):
            at_rest = {pane: now for pane, now in seen.panes.items() if seen.snapshot.is_at_rest(pane)}
            ready = {pane: now for pane, now in at_rest.items() if steps.find_obstacle(now) is None}
            self._at_rest[socket] = _RestingPanes(seen.snapshot, ready, began + _AT_REST_S)
        return seen

    def _read_work(self, db: Database, socket: str) -> PendingWork:
        with db.reading() as tx:
            return self.find_work(injections.list_waiting(tx), injections.list_all(tx)).get(socket, PendingWork())

    def _decide(self, db: Database, seen: ScreenReading, work: PendingWork) -> _Plan:
        plan = _Plan()
        settled = (pane for pane in work.panes if pane in seen.panes or seen.snapshot.find_pane(pane) is None)
        work = replace(work, panes=frozenset(settled))
        if work.panes:
            with db.transaction() as tx:
                self._continue_injections(tx, seen, work, plan)
                injections.record_typed(tx, plan.typed)
                injections.record_submitted(tx, plan.submitted)
                self._begin_injections(tx, seen, work, plan)
        return plan

    def _continue_injections(self, tx: Transaction, seen: ScreenReading, work: PendingWork, plan: _Plan) -> None:
        for injection in injections.list_all(tx):
            if injection.pane not in work.panes:
                continue
            now = seen.panes.get(injection.pane)
            if now is None or now.pane.dead:
                end = steps.end_lost_injection(
                    injection, "dead" if now else steps.explain_missing_pane(seen.snapshot, injection.pane)
                )
                self._end(tx, injection, end.state, end.reason)
            elif injection.recorded and injection.token not in work.recorded and not steps.was_typed(injection, now):
                plan.moving = True  # another courier saw it typed after this snapshot
            else:
                self._continue_injection(tx, injection, now, plan)

    def _continue_injection(self, tx: Transaction, injection: Injection, now: PaneSnapshot, plan: _Plan) -> None:
        pressed = steps.count_submit_keys(now.pane.last, injection.token)
        if pressed is not None and not injection.recorded:
            plan.typed.append(injection.token)
        since = self._elapsed(injection, pressed)
        match steps.choose_step(injection, now, since):
            case steps.PasteStep():
                plan.strokes.append((injection, steps.make_paste_stroke(injection, now)))
            case steps.WithdrawStep():
                plan.strokes.append((injection, steps.make_withdraw_stroke(injection, now)))
            case steps.SubmitStep(number):
                plan.strokes.append((injection, steps.make_submit_stroke(injection, now, number)))
            case steps.SubmittedStep():
                plan.submitted.append(injection.token)
                self._forget(injection)
            case steps.EndStep(state, reason, detail):
                self._end(tx, injection, state, reason, detail)
            case steps.WaitStep() if since.typed_s > _MOVING_S:
                self._postpone(injection.pane)
            case steps.WaitStep():
                plan.moving = True

    def _begin_injections(self, tx: Transaction, seen: ScreenReading, work: PendingWork, plan: _Plan) -> None:
        waiting: dict[PaneAddress, list[WaitingDelivery]] = defaultdict(list)
        for each in injections.list_waiting(tx):
            if each.drop_reason is None and each.pane in work.panes:
                waiting[each.pane].append(each)
        occupied = {injection.pane for injection in injections.list_all(tx)}
        lines: list[NoticeLine] = []
        for pane, deliveries in waiting.items():
            now = seen.panes.get(pane)
            if pane in occupied:
                continue
            if now is None or now.pane.dead:
                reason = "dead" if now else steps.explain_missing_pane(seen.snapshot, pane)
                injections.drop_deliveries(tx, deliveries, DeliveryState.FAILED, reason)
            elif obstacle := steps.find_obstacle(now):
                self._leave_queued(tx, pane, deliveries, obstacle)
            else:
                lines.append(
                    NoticeLine(pane, notice_line.format_line(tuple(each.message for each in deliveries)), deliveries)
                )
        for injection in injections.begin(tx, lines):
            self._times.held.pop(injection.pane, None)
            plan.strokes.append((injection, steps.make_paste_stroke(injection, seen.panes[injection.pane])))

    def _leave_queued(
        self, tx: Transaction, pane: PaneAddress, deliveries: list[WaitingDelivery], obstacle: str
    ) -> None:
        given_up = [each for each in deliveries if obstacle in _NO_AGENT and each.age_ms > _NO_AGENT_MS]
        injections.drop_deliveries(tx, given_up, DeliveryState.SKIPPED, obstacle)
        injections.hold_deliveries(tx, deliveries, obstacle)
        self._postpone(pane)

    def _type(self, db: Database, keyboard: Keyboard, strokes: Sequence[tuple[Injection, Stroke]]) -> bool | NoAnswer:
        """Whether any stroke was done. One that was refused is tried again later, not at the pace of `_PACE_S`."""
        done = keyboard.type([stroke for _, stroke in strokes])
        if isinstance(done, NoAnswer):
            return done  # the markers of the next snapshot tell what was typed
        if isinstance(done, ServerGone):
            return False  # the next snapshot tells so, too
        typed: list[str] = []
        with db.transaction() as tx:
            for (injection, stroke), was_done in zip(strokes, done, strict=True):
                pressed = steps.count_submit_keys(stroke.marker, injection.token)
                if not was_done:
                    if stroke.text and not stroke.at_rest:
                        self._postpone(injection.pane)  # the pane changed; after the next snapshot: again, or withdrawn
                elif pressed is None:
                    injections.release(tx, injection.token)
                    self._postpone(injection.pane)
                else:
                    self._elapsed(injection, pressed)
                    if not injection.recorded:
                        typed.append(injection.token)
            injections.record_typed(tx, typed)
        return any(done)

    def _elapsed(self, injection: Injection, pressed: int | None) -> ElapsedTimes:
        now = time.monotonic()
        if pressed is None:
            return ElapsedTimes(0.0, 0.0)
        typed = self._times.typed.setdefault(injection.token, now)
        submit = self._times.submit.setdefault((injection.token, pressed), now)
        return ElapsedTimes(now - typed, now - submit)

    def _end(self, tx: Transaction, injection: Injection, state: DeliveryState, reason: str, detail: str = "") -> None:
        injections.end(tx, injection.token, state, reason, detail)
        self._forget(injection)

    def _forget(self, injection: Injection) -> None:
        self._times.held.pop(injection.pane, None)
        self._times.typed.pop(injection.token, None)
        for number in range(steps.SUBMIT_KEYS + 1):
            self._times.submit.pop((injection.token, number), None)

    def _postpone(self, pane: PaneAddress) -> None:
        times = self._times.held[pane]
        self._times.held[pane] = times + 1
        self._times.read_again[pane] = time.monotonic() + _HOLD_S[min(times, len(_HOLD_S) - 1)]


def _is_silent(now: PaneSnapshot) -> bool:
    """Check what tmux cannot compare: unread keys, and whether the same program is in the foreground."""
    assert now.program is not None
    same_program = foreground.find_leader(now.pane.address.pane_pid) == now.program.leader
    return same_program and not foreground.count_unread_bytes(now.pane.tty)


def _end_all_on_server(db: Database, socket: str) -> None:
    """End everything for a server that is gone: its panes are gone with it, and their markers."""
    with db.transaction() as tx:
        for injection in injections.list_all(tx):
            if injection.pane.socket == socket:
                end = steps.end_lost_injection(injection, "server-gone")
                injections.end(tx, injection.token, end.state, end.reason)
        deliveries = [
            each for each in injections.list_waiting(tx) if each.pane.socket == socket and each.drop_reason is None
        ]
        injections.drop_deliveries(tx, deliveries, DeliveryState.FAILED, "server-gone")
