"""The build at a glance: its status, since when, who repairs it, which attempt, how long the lease still lasts."""

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from swarm_agents.incidents.incidents import Attempt
from swarm_agents.model import HUMAN, Build, BuildStatus, Moment
from swarm_agents.text import one_line
from swarm_agents.views.snapshot import Snapshot
from swarm_tui import symbols, times
from swarm_tui.themes import STYLE, block

Part = tuple[str, str]


class BuildBanner(Static, can_focus=True):
    """Three lines. The first alone answers whether anything is wrong."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "open", show=False)]

    class IncidentWanted(Message):
        """Please show the details of the incident."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._snapshot: Snapshot | None = None
        self._drawn = Content()

    def show(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        for status in BuildStatus:
            self.set_class(status is snapshot.build.status, f"-{status.value}")
        self.tick(snapshot.moment)

    def tick(self, moment: Moment) -> None:
        if self._snapshot is None:
            return
        drawn = Content("\n").join(
            [_status(self._snapshot.build), _holder(self._snapshot, moment), _red(self._snapshot, moment)]
        )
        if not drawn.is_same(self._drawn):
            self._drawn = drawn
            self.update(drawn, layout=False)

    def action_open(self) -> None:
        self.post_message(self.IncidentWanted())

    def on_click(self, event: events.Click) -> None:
        if event.chain > 1:
            self.action_open()


def _status(build: Build) -> Content:
    sign = symbols.BUILD[build.status]
    summary = one_line(build.summary, 160) if build.red else "The shared branch is green."
    return Content.assemble((f" {sign} ", block(sign.tone)), "  ", (summary or "no summary", "bold"))


def _holder(snapshot: Snapshot, moment: Moment) -> Content:
    build = snapshot.build
    match build.status:
        case BuildStatus.FIXING:
            who = "You repair it" if build.fixer == HUMAN else f"{build.fixer} repairs it"
            return Content.assemble(
                (who, "bold"),
                "   ",
                *_attempts(build),
                "   ",
                *_lease(build, moment),
                ("   fence ", STYLE["dim"]),
                (str(build.fence), STYLE["dim"]),
            )
        case BuildStatus.BROKEN:
            return Content.assemble(
                ("There is no fixer. ", STYLE["bad"]),
                *_attempts(build),
                (" is free: ", ""),
                ("A", STYLE["key"]),
                " assigns it",
            )
        case BuildStatus.ESCALATED:
            reason = one_line(snapshot.escalations[0].reason, 120) if snapshot.escalations else ""
            return Content.assemble(("You were asked: ", STYLE["ask"]), reason, "   ", ("r", STYLE["key"]), " answers")
        case BuildStatus.PASSING:
            return Content.styled("There is nothing to repair.", STYLE["dim"])


def _attempts(build: Build) -> list[Part]:
    dots = "●" * build.attempt + "○" * max(0, build.max_attempts - build.attempt)
    last = build.attempt >= build.max_attempts
    return [
        (f"attempt {build.attempt} of {build.max_attempts}", "bold"),
        (f" {dots[:10]}", STYLE["bad" if last else "busy"]),
    ]


def _lease(build: Build, moment: Moment) -> list[Part]:
    left = build.lease_left_ms(moment)
    if not left:
        return [("lease ran out", f"bold {STYLE['bad']}"), (", the next agent takes over", "")]
    urgent = left < 60_000
    return [("lease ", ""), (times.countdown(left), f"bold {STYLE['bad']}" if urgent else "bold"), (" left", "")]


def _red(snapshot: Snapshot, moment: Moment) -> Content:
    build = snapshot.build
    if not build.red:
        since = (
            f"green for {times.roughly(moment.wall_ms - build.changed_at)}" if build.changed_at else "no red period yet"
        )
        checked = f", last check {times.of_day(build.last_check)}" if build.last_check else ""
        return Content.assemble((since + checked, STYLE["dim"]), *_tip(snapshot))
    parts: list[Part] = []
    if build.broken_since is not None:
        parts += [("red for ", ""), (times.lasting(moment.wall_ms - build.broken_since), "bold")]
        parts += [(f" (since {times.of_day_short(build.broken_since)}, incident {build.incident})", STYLE["dim"])]
    if build.suspect:
        parts += [("  suspect ", STYLE["dim"]), (one_line(build.suspect, 60), "")]
    for attempt in [one for one in snapshot.attempts if one.end][-3:]:
        parts += _ended(attempt)
    return Content.assemble(*parts, *_tip(snapshot))


def _tip(snapshot: Snapshot) -> list[Part]:
    """Where the shared branch is. The last check says nothing about a commit that came after it."""
    if snapshot.branch is None:
        return []
    tip = snapshot.branch.tip
    parts: list[Part] = [(f"   {one_line(tip.name, 40)} {tip.commit[:7]} {one_line(tip.subject, 60)}", STYLE["dim"])]
    if snapshot.build.last_check and not snapshot.branch.checked:
        parts.append((", no check since", STYLE["busy"]))
    return parts


def _ended(attempt: Attempt) -> list[Part]:
    assert attempt.end is not None
    return [
        (f"  {attempt.number}. ", STYLE["dim"]),
        (f"{one_line(attempt.agent, 20)} {attempt.end.value}", STYLE["dim"]),
    ]
