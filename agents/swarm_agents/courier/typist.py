"""Goes on with one tmux server: looks, decides for each pane, types what may be typed, looks again.

What it remembers only saves time: since when a line stands there, when a pane that was not ready is worth another look,
which panes were at rest in the last look. A typist that starts in the middle of somebody else's work begins those anew.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from swarm_agents.courier import injections, screen_reader, steps
from swarm_agents.courier import line as notices
from swarm_agents.courier.injections import Line, Typing, Waiting
from swarm_agents.courier.screen_reader import Seen, Sight, Situation
from swarm_agents.courier.steps import Since
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Transaction
from swarm_agents.hosts.screen_profiles import Profile
from swarm_agents.model import DeliveryState, PaneAddress
from swarm_agents.panes import Look, NoAnswer, ServerGone, foreground
from swarm_agents.panes.keyboard import Keyboard, Stroke

ROUND_S = 2.5  # the longest it stays with one server while something moves; the rest goes on in the next round
_MOVING_S = 1.5  # a typed line that waits longer is looked at now and then, like a pane that is not ready
_PACE_S = (0.015, 0.03, 0.06, 0.12, 0.25)  # between two looks while something moves
_HOLD_S = (0.3, 0.6, 1.2, 2.5, 5.0)  # until a pane that was not ready is looked at again
_AT_REST_S = 5.0  # that a look is remembered: a program that is stopped prints nothing, and reads nothing either

_NO_AGENT = frozenset({"shell", "unknown-program"})
_NO_AGENT_MS = 5_000  # an agent that is just being started gets its notice; one that quit does not keep it waiting


@dataclass
class _Times:
    """When things were seen first, in seconds of the monotonic clock."""

    typed: dict[str, float] = field(default_factory=dict)
    submit: dict[tuple[str, int], float] = field(default_factory=dict)
    held: defaultdict[PaneAddress, int] = field(default_factory=lambda: defaultdict(int))
    look_again: dict[PaneAddress, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Due:
    """What one server has to be looked at for, known before the look: of what was recorded later it proves nothing."""

    panes: frozenset[PaneAddress] = frozenset()
    """Something waits for these or is on its way there. What came later has its turn after the next look."""
    free: frozenset[PaneAddress] = frozenset()
    """Those of them that nothing is on its way to."""
    recorded: frozenset[str] = frozenset()
    """Tokens that were seen typed."""
    idle: frozenset[PaneAddress] = frozenset()
    """Nothing waits for these; they are looked at all the same, should something come."""


@dataclass(frozen=True)
class _AtRest:
    """The panes that were ready in a look that stays true of them while they print nothing."""

    look: Look
    ready: Mapping[PaneAddress, Situation]
    good_until: float
    """On the monotonic clock."""


@dataclass
class _Plan:
    """What came out of one look."""

    strokes: list[tuple[Typing, Stroke]] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)
    """Tokens, as those of `submitted`: seen for the first time."""
    submitted: list[str] = field(default_factory=list)
    moving: bool = False


class Typist:
    """Types for one courier. Belongs to whoever holds its lock."""

    def __init__(self, known: Mapping[str, Profile]) -> None:
        self._profiles = known
        self._times = _Times()
        self._at_rest: dict[str, _AtRest] = {}

    def due(self, waiting: Iterable[Waiting], under_way: Sequence[Typing]) -> Mapping[str, Due]:
        """By socket, what is worth a look now: its pane was ready lately, or its time has come again."""
        now = time.monotonic()
        taken = {each.pane for each in under_way}
        by_socket: dict[str, set[PaneAddress]] = defaultdict(set)
        for pane in taken | {each.pane for each in waiting if each.moot is None}:
            if now >= self._times.look_again.get(pane, 0.0):
                by_socket[pane.socket].add(pane)
        recorded = frozenset(each.token for each in under_way if each.recorded)
        return {socket: Due(frozenset(on), frozenset(on - taken), recorded) for socket, on in by_socket.items()}

    def serve(self, db: Database, socket: str, due: Due) -> Look | ServerGone | NoAnswer:
        """Go on with everything that waits for this server, or is on its way there. The last look."""
        give_up_at = time.monotonic() + ROUND_S
        pace = iter(_PACE_S)
        with Keyboard(socket) as keyboard:
            typed = self._type_at_rest(db, socket, due, keyboard)
            if isinstance(typed, NoAnswer):  # a look would wait for as long again
                return typed
            if typed:
                time.sleep(next(pace))
                due = self._due_now(db, socket)
            seen = self.look(socket, due, meanwhile=keyboard.make_ready if self._begins(due) else None)
            while isinstance(seen, Sight):
                plan = self._decide(db, seen, due)
                if time.monotonic() > give_up_at or not (plan.strokes or plan.moving):
                    return seen.look
                typed = bool(plan.strokes) and self._type(db, keyboard, plan.strokes)
                if isinstance(typed, NoAnswer):
                    return typed
                if typed:
                    pace = iter(_PACE_S)
                time.sleep(next(pace, _PACE_S[-1]))
                due = self._due_now(db, socket)
                seen = self.look(socket, due)
        if isinstance(seen, ServerGone):
            _lose_server(db, socket)
        return seen

    def _type_at_rest(self, db: Database, socket: str, due: Due, keyboard: Keyboard) -> bool | NoAnswer:
        """Type without another look where the last one must still be true. Whether there was such a pane.

        tmux compares again while it types: a pane that has moved since then gets nothing, and has its look next.
        """
        last = self._at_rest.get(socket)
        if last is None or time.monotonic() > last.good_until:
            return False
        ready = {pane: now for pane in due.free if (now := last.ready.get(pane)) is not None}
        if not ready:
            return False
        keyboard.make_ready()
        ready = {pane: now for pane, now in ready.items() if _is_silent(now)}
        plan = self._decide(db, Sight(last.look, ready), replace(due, panes=frozenset(ready)))
        strokes = [(typing, replace(stroke, at_rest=True)) for typing, stroke in plan.strokes]
        return bool(strokes) and self._type(db, keyboard, strokes)

    def _begins(self, due: Due) -> bool:
        return any(pane not in self._times.held for pane in due.free)

    def look(self, socket: str, due: Due, meanwhile: Callable[[], None] | None = None) -> Seen:
        """Look at these panes, and remember which of them were at rest."""
        began = time.monotonic()
        seen = screen_reader.look(socket, due.panes, self._profiles, meanwhile=meanwhile, also=due.idle)
        if isinstance(seen, Sight):
            at_rest = {pane: now for pane, now in seen.situations.items() if seen.look.at_rest(pane)}
            ready = {pane: now for pane, now in at_rest.items() if steps.obstacle(now) is None}
            self._at_rest[socket] = _AtRest(seen.look, ready, began + _AT_REST_S)
        return seen

    def _due_now(self, db: Database, socket: str) -> Due:
        with db.reading() as tx:
            return self.due(injections.waiting(tx), injections.under_way(tx)).get(socket, Due())

    def _decide(self, db: Database, seen: Sight, due: Due) -> _Plan:
        plan = _Plan()
        certain = (pane for pane in due.panes if pane in seen.situations or seen.look.pane(pane) is None)
        due = replace(due, panes=frozenset(certain))
        if due.panes:
            with db.transaction() as tx:
                self._go_on_with_lines(tx, seen, due, plan)
                injections.typed(tx, plan.typed)
                injections.submitted(tx, plan.submitted)
                self._begin_lines(tx, seen, due, plan)
        return plan

    def _go_on_with_lines(self, tx: Transaction, seen: Sight, due: Due, plan: _Plan) -> None:
        for typing in injections.under_way(tx):
            if typing.pane not in due.panes:
                continue
            now = seen.situations.get(typing.pane)
            if now is None or now.pane.dead:
                end = steps.lost(typing, "dead" if now else steps.missing(seen.look, typing.pane))
                self._end(tx, typing, end.state, end.reason)
            elif typing.recorded and typing.token not in due.recorded and not steps.typed(typing, now):
                plan.moving = True  # another courier saw it typed after this look
            else:
                self._go_on_with(tx, typing, now, plan)

    def _go_on_with(self, tx: Transaction, typing: Typing, now: Situation, plan: _Plan) -> None:
        pressed = steps.submits(now.pane.last, typing.token)
        if pressed is not None and not typing.recorded:
            plan.typed.append(typing.token)
        since = self._since(typing, pressed)
        match steps.next_step(typing, now, since):
            case steps.Paste():
                plan.strokes.append((typing, steps.paste(typing, now)))
            case steps.Withdraw():
                plan.strokes.append((typing, steps.withdraw(typing, now)))
            case steps.Submit(number):
                plan.strokes.append((typing, steps.submit(typing, now, number)))
            case steps.Submitted():
                plan.submitted.append(typing.token)
                self._forget(typing)
            case steps.End(state, reason, detail):
                self._end(tx, typing, state, reason, detail)
            case steps.Wait() if since.typed_s > _MOVING_S:
                self._hold(typing.pane)
            case steps.Wait():
                plan.moving = True

    def _begin_lines(self, tx: Transaction, seen: Sight, due: Due, plan: _Plan) -> None:
        waiting: dict[PaneAddress, list[Waiting]] = defaultdict(list)
        for each in injections.waiting(tx):
            if each.moot is None and each.pane in due.panes:
                waiting[each.pane].append(each)
        occupied = {typing.pane for typing in injections.under_way(tx)}
        lines: list[Line] = []
        for pane, waits in waiting.items():
            now = seen.situations.get(pane)
            if pane in occupied:
                continue
            if now is None or now.pane.dead:
                reason = "dead" if now else steps.missing(seen.look, pane)
                injections.drop(tx, waits, DeliveryState.FAILED, reason)
            elif obstacle := steps.obstacle(now):
                self._leave_waiting(tx, pane, waits, obstacle)
            else:
                lines.append(Line(pane, notices.line(tuple(each.message for each in waits)), waits))
        for typing in injections.begin(tx, lines):
            self._times.held.pop(typing.pane, None)
            plan.strokes.append((typing, steps.paste(typing, seen.situations[typing.pane])))

    def _leave_waiting(self, tx: Transaction, pane: PaneAddress, waits: list[Waiting], obstacle: str) -> None:
        given_up = [each for each in waits if obstacle in _NO_AGENT and each.age_ms > _NO_AGENT_MS]
        injections.drop(tx, given_up, DeliveryState.SKIPPED, obstacle)
        injections.hold(tx, waits, obstacle)
        self._hold(pane)

    def _type(self, db: Database, keyboard: Keyboard, strokes: Sequence[tuple[Typing, Stroke]]) -> bool | NoAnswer:
        """Whether any of them was done. One that is refused comes back with the next look, but not at that pace."""
        done = keyboard.type([stroke for _, stroke in strokes])
        if isinstance(done, NoAnswer):
            return done  # the markers of the next look say what was typed
        if isinstance(done, ServerGone):
            return False  # so says the next look
        typed: list[str] = []
        with db.transaction() as tx:
            for (typing, stroke), was_done in zip(strokes, done, strict=True):
                pressed = steps.submits(stroke.marker, typing.token)
                if not was_done:
                    if (
                        stroke.text and not stroke.at_rest
                    ):  # something moved: the next look tries again, or withdraws it
                        self._hold(typing.pane)
                elif pressed is None:
                    injections.release(tx, typing.token)
                    self._hold(typing.pane)
                else:
                    self._since(typing, pressed)
                    if not typing.recorded:
                        typed.append(typing.token)
            injections.typed(tx, typed)
        return any(done)

    def _since(self, typing: Typing, pressed: int | None) -> Since:
        now = time.monotonic()
        if pressed is None:
            return Since(0.0, 0.0)
        typed = self._times.typed.setdefault(typing.token, now)
        submit = self._times.submit.setdefault((typing.token, pressed), now)
        return Since(now - typed, now - submit)

    def _end(self, tx: Transaction, typing: Typing, state: DeliveryState, reason: str, detail: str = "") -> None:
        injections.end(tx, typing.token, state, reason, detail)
        self._forget(typing)

    def _forget(self, typing: Typing) -> None:
        self._times.held.pop(typing.pane, None)
        self._times.typed.pop(typing.token, None)
        for number in range(steps.SUBMITS + 1):
            self._times.submit.pop((typing.token, number), None)

    def _hold(self, pane: PaneAddress) -> None:
        times = self._times.held[pane]
        self._times.held[pane] = times + 1
        self._times.look_again[pane] = time.monotonic() + _HOLD_S[min(times, len(_HOLD_S) - 1)]


def _is_silent(now: Situation) -> bool:
    """What tmux cannot compare: keys that a busy program has not read yet, a program that took over without a word."""
    assert now.program is not None
    same_program = foreground.leader(now.pane.address.pane_pid) == now.program.leader
    return same_program and not foreground.unread(now.pane.tty)


def _lose_server(db: Database, socket: str) -> None:
    """No server listens there: its panes are no more, and neither are their markers."""
    with db.transaction() as tx:
        for typing in injections.under_way(tx):
            if typing.pane.socket == socket:
                end = steps.lost(typing, "server-gone")
                injections.end(tx, typing.token, end.state, end.reason)
        waits = [each for each in injections.waiting(tx) if each.pane.socket == socket and each.moot is None]
        injections.drop(tx, waits, DeliveryState.FAILED, "server-gone")
