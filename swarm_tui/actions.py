"""The one registry of what a human can do: keys, the line at the bottom, the palette and the help are made from it."""

from collections.abc import Callable
from dataclasses import dataclass

from textual.binding import Binding

from swarm_agents.model import HUMAN, BuildStatus
from swarm_agents.views.snapshot import Snapshot, SnapshotFailure, View, needs_human

NOTHING_FAILED = "Nothing of this message failed."
READ_ONLY = "This screen is read-only. Start swarm-tui without --read-only to act."

WhyNot = Callable[[Snapshot], str | None]
"""Why an action makes no sense now, and what would; None when it makes sense."""


def _always(_: Snapshot) -> str | None:
    return None


def _has_fixer(snapshot: Snapshot) -> str | None:
    return None if snapshot.build.fixer else "There is no fixer, so there is nothing to release."


def _human_is_fixer(snapshot: Snapshot) -> str | None:
    return None if snapshot.build.fixer == HUMAN else "You do not repair the build. Take it over first."


def _red_and_not_escalated(snapshot: Snapshot) -> str | None:
    match snapshot.build.status:
        case BuildStatus.PASSING:
            return "The build is passing; there is nothing to do about it."
        case BuildStatus.ESCALATED:
            return "It is escalated already: press r to answer."
    return None


def _has_question(snapshot: Snapshot) -> str | None:
    unanswered = snapshot.escalations or snapshot.unacknowledged
    return None if unanswered else "No escalation waits for an answer."


def _build_escalated(snapshot: Snapshot) -> str | None:
    return None if snapshot.escalations else "No escalation about the build waits for an answer."


def _agent_here(snapshot: Snapshot) -> str | None:
    found = any(listed.state != "left" for listed in snapshot.agents)
    return None if found else "No agent has joined yet."


def _ever_red(snapshot: Snapshot) -> str | None:
    return None if snapshot.build.red or snapshot.build.changed_at else "The build was never red."


def _needs_human(snapshot: Snapshot) -> str | None:
    return None if needs_human(snapshot) else "Nothing needs you."


@dataclass(frozen=True)
class Action:
    """`name` is the method `do_<name>` of the screen. `acts` changes something, so a read-only screen refuses it."""

    name: str
    keys: str
    shown: str
    """The keys as people read them."""
    label: str
    help: str
    acts: bool = False
    why_not: WhyNot = _always
    on_bar: bool = True

    def refusal(self, view: View | None, read_only: bool) -> str | None:
        """Why it cannot be done now, or None. What changes the swarm needs to know its state."""
        if self.acts and read_only:
            return READ_ONLY
        if isinstance(view, Snapshot):
            return self.why_not(view)
        if view is None and self.why_not is not _always:
            return "Not read yet."
        if isinstance(view, SnapshotFailure) and (self.acts or self.why_not is not _always):
            return "The database cannot be read, so nothing can be done to the swarm now."
        return None


def _has_task(snapshot: Snapshot) -> str | None:
    return None if snapshot.work and snapshot.work.tasks else "There is no task: swarm task add TITLE"


def _has_lock(snapshot: Snapshot) -> str | None:
    return None if snapshot.work and snapshot.work.locks else "There is no lock."


_PALETTE = Action("palette", "colon,ctrl+p", ":", "palette", "Find an action by its name")
_HELP = Action("help", "question_mark,f1", "?", "help", "All keys")

OVERVIEW = (
    Action(
        "broadcast",
        "b",
        "b",
        "broadcast",
        "Say something to all agents; shows who gets it, and what became of it",
        True,
        _agent_here,
    ),
    Action("message", "m", "m", "message", "Say something to the selected agent", True, _agent_here),
    Action(
        "force_release",
        "F",
        "F",
        "force-release",
        "Take the role from the fixer; the attempt does not count",
        True,
        _has_fixer,
    ),
    Action(
        "assign", "A", "A", "assign", "Give the red build to an agent that you choose", True, _red_and_not_escalated
    ),
    Action(
        "escalate",
        "E",
        "E",
        "escalate",
        "Stop the agents and make the red build your question",
        True,
        _red_and_not_escalated,
    ),
    Action(
        "resolve",
        "r",
        "r",
        "resolve",
        "Answer the selected escalation: about the build, or a message",
        True,
        _has_question,
    ),
    Action(
        "take_over",
        "T",
        "T",
        "take over",
        "Answer an escalation by repairing it yourself",
        True,
        _build_escalated,
        False,
    ),
    Action(
        "declare", "D", "D", "declare fixed", "Say that you repaired it, when the role is yours", True, _human_is_fixer
    ),
    Action("next", "n", "n", "next for me", "Go to the next thing that needs you", False, _needs_human),
    Action("incident", "i", "i", "incident", "The red period from its beginning, or the last one", False, _ever_red),
    Action("filter", "slash", "/", "filter", "Show only messages with these words; esc ends it"),
    Action(
        "deliveries", "d", "d", "deliveries", "The last messages in each pane: what arrived, what not", on_bar=False
    ),
    Action("panes", "2", "2", "panes", "Screen 2: what each agent's pane shows", False, _agent_here),
    Action("work", "4", "4", "tasks", "Screen 4: tasks and locks, and taking them from agents"),
    Action("jump", "o", "o", "open pane", "Show the selected agent's tmux pane", False, _agent_here),
    _PALETTE,
    _HELP,
    Action("back", "escape", "esc", "back", "One step back: close, end the filter, follow the log again", on_bar=False),
    Action("quit", "q", "q", "quit", "Leave; the agents go on without this screen"),
)

PANES = (
    Action("jump", "o", "o", "open pane", "Show the selected agent's tmux pane", False, _agent_here),
    Action("message", "m", "m", "message", "Say something to the selected agent", True, _agent_here),
    Action("broadcast", "b", "b", "broadcast", "Say something to all agents", True, _agent_here),
    Action("back", "1,escape", "1", "overview", "Back to the overview"),
    _PALETTE,
    _HELP,
)

WORK = (
    Action("reassign", "A", "A", "reassign", "Give the selected task to an agent that you choose", True, _has_task),
    Action(
        "release", "R", "R", "release", "Take the selected task from its claimant; it is open again", True, _has_task
    ),
    Action("force_release", "F", "F", "force-release", "Take the selected lock from its holder", True, _has_lock),
    Action("broadcast", "b", "b", "broadcast", "Say something to all agents", True, _agent_here),
    Action("back", "1,escape", "1", "overview", "Back to the overview"),
    _PALETTE,
    _HELP,
)

MOVES = (
    ("j k ↓ ↑", "Move one row"),
    ("g G", "First row; last row, where the log follows"),
    ("pgup pgdn", "Move a page"),
    ("tab", "Next list"),
    ("enter", "Details of the row"),
)

IN_DIALOGS = (
    ("y", "Confirm"),
    ("n esc", "Cancel; a dialog always starts on Cancel"),
    ("tab", "To the reason, the choice, the buttons"),
)


def bindings(actions: tuple[Action, ...]) -> list[Binding]:
    return [Binding(action.keys, f"act('{action.name}')", action.label, show=False) for action in actions]
