"""A question to the human: who is affected, what will happen, and a command for the app only when it was confirmed.

It starts on Cancel. It keeps the snapshot that it was opened with: when the build moves meanwhile it says so, and the
command still carries the old fence, so the database refuses to act on another holder than the one that was shown.
"""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from swarm_agents.messages.messages import BODY_LIMIT
from swarm_agents.views.human_commands import HumanCommand
from swarm_agents.views.snapshot import Snapshot, View
from swarm_tui import toasts
from swarm_tui.dialogs.help import HelpDialog
from swarm_tui.requests import CarryOutRequest
from swarm_tui.themes import STYLE
from swarm_tui.widgets.body_field import BodyField
from swarm_tui.widgets.choice_list import ChoiceList
from swarm_tui.widgets.line_field import LineField

FieldTexts = tuple[str, str]
"""The label of the field, and its placeholder."""


class CommandDialog(ModalScreen[bool]):
    """Subclasses define `heading`, `facts`, `command`, and where needed `choices` and `field`.

    The result is whether it was confirmed; the app is asked to carry the command out.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n", "cancel", "cancel", show=False),
        Binding("y", "confirm", "confirm", show=False),
        Binding("left,right", "other_button", show=False),
        Binding("j,down", "choose(1)", show=False),
        Binding("k,up", "choose(-1)", show=False),
        Binding("question_mark,f1", "help", show=False),
    ]
    AUTO_FOCUS = "#cancel"

    heading: str = ""
    confirm: str = "Confirm"
    tone: str = "busy"
    field: FieldTexts | None = ("Reason", "(may be empty)")

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self.opened_with = snapshot
        self._can_show = False
        self._field = self.make_field(self.field[1]) if self.field else None

    # A subclass defines:

    def facts(self) -> Content:
        """Who is affected, and what will happen. Texts from outside must be made printable."""
        raise NotImplementedError

    def choices(self) -> ChoiceList | None:
        return None

    def make_field(self, placeholder: str) -> LineField | BodyField:
        return LineField(placeholder=placeholder, compact=True)

    def command(self) -> HumanCommand | str:
        """The command, or why there can be none yet."""
        raise NotImplementedError

    def has_moved(self, snapshot: Snapshot) -> bool:
        """Whether the thing to be changed is no longer as it was when the dialog opened."""
        return snapshot.build.fence != self.opened_with.build.fence

    def describe_move(self, snapshot: Snapshot) -> str:
        return f"The build moved meanwhile. {toasts.describe_build(snapshot.build)}"

    # The rest is the same for all.

    def compose(self) -> ComposeResult:
        with Vertical(id="box", classes=f"-{self.tone}") as box:
            box.border_title = self.heading
            with VerticalScroll(id="facts", can_focus=False):
                yield Static(self.facts())
            choices = self.choices()
            if choices:
                yield choices
            if self.field and self._field:
                with Horizontal(id="field"):
                    yield Static(f"{self.field[0]}: ", markup=False)
                    yield self._field
            yield Static(id="hint")
            with Horizontal(id="buttons"):
                yield Button("Cancel (n)", id="cancel", compact=True)
                yield Button(f"{self.confirm} (y)", id="confirm", compact=True)

    def on_mount(self) -> None:
        self._can_show = True

    def show(self, view: View) -> None:
        if self._can_show and isinstance(view, Snapshot) and self.has_moved(view):
            self.hint(f"{self.describe_move(view)} So this will change nothing.")

    def hint(self, text: str) -> None:
        hint = self.query_one("#hint", Static)
        hint.display = True
        hint.update(Content.styled(text, STYLE["bad"]))
        self.call_after_refresh(hint.scroll_visible)

    @property
    def typed(self) -> str:
        """The text in the field."""
        return self._field.value.strip() if self._field else ""

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        self.dismiss(False)

    @on(Button.Pressed, "#confirm")
    def action_confirm(self) -> None:
        size = len(self.typed.encode())
        if size > BODY_LIMIT:
            self.hint(f"The text has {size} bytes; {BODY_LIMIT} are the limit. Put it into a file and name that.")
            return
        command = self.command()
        if isinstance(command, str):
            self.hint(command)
        else:
            self.dismiss(True)
            self.app.post_message(CarryOutRequest(command))

    @on(LineField.Submitted)
    @on(BodyField.Submitted)
    def move_to_button(self, event: LineField.Submitted | BodyField.Submitted) -> None:
        # Enter in the field confirms nothing yet: it moves to the button, and the next Enter confirms.
        event.stop()
        self.query_one("#confirm").focus()

    def action_other_button(self) -> None:
        other = "#cancel" if self.query_one("#confirm").has_focus else "#confirm"
        self.query_one(other).focus()

    def action_choose(self, by: int) -> None:
        for choices in self.query(ChoiceList):
            choices.action_step(by)

    def action_help(self) -> None:
        self.app.push_screen(HelpDialog())
