"""All keys, made from the registry."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from swarm_tui import actions
from swarm_tui.themes import STYLE


class HelpDialog(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,f1,n", "close", show=False)]

    def compose(self) -> ComposeResult:
        with Vertical(id="box", classes="-plain") as box:
            box.border_title = "Keys"
            box.border_subtitle = "esc closes"
            with VerticalScroll():
                yield Static(_text())

    def action_close(self) -> None:
        self.dismiss(None)


def _text() -> Content:
    acting = [action for action in actions.OVERVIEW if action.acts]
    on_work_screen = [action for action in actions.WORK if action.acts and action.name != "broadcast"]
    looking = [action for action in actions.OVERVIEW if not action.acts]
    return Content("\n").join(
        [
            *_block(
                "Act (capitals take something from an agent; each asks first)",
                [(one.shown, one.help) for one in acting],
            ),
            *_block("Look", [(one.shown, one.help) for one in looking]),
            *_block("On screen 4, tasks and locks", [(one.shown, one.help) for one in on_work_screen]),
            *_block("Move", list(actions.MOVES)),
            *_block("In a dialog", list(actions.IN_DIALOGS)),
        ]
    )


def _block(title: str, rows: list[tuple[str, str]]) -> list[Content]:
    lines = [Content.styled(title, "bold")]
    lines += [Content.assemble((f"  {keys:<10}", STYLE["key"]), what) for keys, what in rows]
    return [*lines, Content()]
