"""The bottom line: the keys that make sense now, as many as fit, each clickable, and where the rest is found."""

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from swarm_agents.views.snapshot import View
from swarm_tui.actions import Action
from swarm_tui.themes import STYLE


class KeyBar(Static):
    class KeyClicked(Message):
        """Please do the action: its key was clicked."""

        def __init__(self, action: Action) -> None:
            super().__init__()
            self.action = action

    def __init__(self, actions: tuple[Action, ...], read_only: bool, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._actions = actions
        self._read_only = read_only
        self._view: View | None = None
        self._drawn = Content()
        self._places: list[tuple[int, int, Action]] = []

    def show(self, view: View) -> None:
        self._view = view
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def on_click(self, event: events.Click) -> None:
        for start, end, action in self._places:
            if start <= event.x < end:
                self.post_message(self.KeyClicked(action))

    def _draw(self) -> None:
        useful = [one for one in self._actions if one.on_bar and one.refusal(self._view, self._read_only) is None]
        always = [one for one in useful if one.name == "help"]
        parts: list[tuple[str, str]] = []
        self._places = []
        x = 0
        left = self.size.width - sum(_width(one) for one in always)
        shown = [one for one in useful if one not in always]
        fitting: list[Action] = []
        for action in shown:
            if _width(action) > left:
                break
            left -= _width(action)
            fitting.append(action)
        for action in [*fitting, *always]:
            parts += [(f" {action.shown}", STYLE["key"]), (f" {action.label} ", "")]
            self._places.append((x, x + _width(action), action))
            x += _width(action)
        drawn = Content.assemble(*parts)
        if not drawn.is_same(self._drawn):
            self._drawn = drawn
            self.update(drawn, layout=False)


def _width(action: Action) -> int:
    return len(f" {action.shown} {action.label} ")
