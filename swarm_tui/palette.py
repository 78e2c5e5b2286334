"""The registry's actions in the command palette, with the reason where one cannot be done now."""

from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from swarm_tui.actions import Action
from swarm_tui.screens.base_screen import BaseScreen


class ActionProvider(Provider):
    async def discover(self) -> Hits:
        for action in self._offered():
            yield DiscoveryHit(_title(action), self._run(action), help=action.help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for action in self._offered():
            score = matcher.match(_title(action))
            if score > 0:
                yield Hit(score, matcher.highlight(_title(action)), self._run(action), help=action.help)

    def _offered(self) -> list[Action]:
        if not isinstance(self.screen, BaseScreen):
            return []
        return [action for action in self.screen.registry if action.name not in ("palette", "back")]

    def _run(self, action: Action) -> "partial[None]":
        screen = self.screen
        assert isinstance(screen, BaseScreen)
        return partial(screen.action_act, action.name)


def _title(action: Action) -> str:
    return f"{action.label.capitalize()} ({action.shown})"
