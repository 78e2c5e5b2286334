"""Screens of real programs, captured from the versions that their first lines name, and cut to what matters."""

import re
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from swarm_agents.courier import composer
from swarm_agents.courier.composer import ComposerDraft, ComposerState, EmptyComposer, NoComposer, OpenDialog
from swarm_agents.hosts import screen_profiles
from swarm_agents.panes.pane import Pane
from tests.unit.courier.test_composer import pane

FOLDER = Path(__file__).with_name("screens")
HEAD = re.compile(
    r"(?P<version>.+), (?P<day>[\d-]+), (?P<width>\d+)x\d+, cursor (?P<x>\d+) (?P<y>\d+), (?P<said>[a-z-]+)"
)
NAMES = sorted(screen_profiles.load_built_in(), key=len, reverse=True)
SCREENS = sorted(path.stem for path in FOLDER.glob("*.txt"))
DRAWN = "[swarm#77] QUESTION from maria: what did you change in the parser of dates, and why does it now take twice as long as before, on the same machine. Read all of it with: swarm inbox"  # noqa: E501


class CapturedScreen(NamedTuple):
    profile: screen_profiles.Profile
    pane: Pane
    rows: list[str]
    said: str

    def read(self) -> ComposerState:
        return composer.read(self.pane, self.rows, self.profile)


def screen(name: str) -> CapturedScreen:
    head, *rows = (FOLDER / f"{name}.txt").read_text().removesuffix("\n").split("\n")
    found = HEAD.fullmatch(head)
    assert found, head
    profile = screen_profiles.load_built_in()[next(each for each in NAMES if name.startswith(f"{each}-"))]
    drawn = replace(pane(int(found["x"]), int(found["y"])), width=int(found["width"]))
    return CapturedScreen(profile, drawn, rows, found["said"])


def said(now: ComposerState, profile: screen_profiles.Profile) -> str:
    folded = tuple(composer.remove_spaces(text) for text in profile.pasted)
    match now:
        case EmptyComposer():
            return "ready"
        case ComposerDraft(text) if text == composer.remove_spaces(DRAWN) or text.startswith(folded):
            return "notice"
        case ComposerDraft():
            return "draft"
        case OpenDialog():
            return "dialog"
        case NoComposer():
            return "not-reading"


@pytest.mark.parametrize("name", SCREENS)
def test_a_real_screen_is_read_correctly(name: str) -> None:
    now = screen(name)

    assert said(now.read(), now.profile) == now.said


@pytest.mark.parametrize("name", [name for name in SCREENS if screen(name).said != "ready"])
def test_no_row_of_a_screen_that_is_not_ready_reads_as_an_empty_composer(name: str) -> None:
    """Wherever the cursor was captured within its row, a draft, a question or a shell's prompt is never ready."""
    now = screen(name)

    for x in range(now.pane.width):
        moved = now._replace(pane=replace(now.pane, cursor_x=x))
        assert not isinstance(moved.read(), EmptyComposer), f"cursor at {x}"


@pytest.mark.parametrize("name", [name for name in screen_profiles.load_built_in() if name != "plain"])
def test_every_program_was_seen_ready_with_a_draft_and_at_work(name: str) -> None:
    seen = {each.removeprefix(f"{name}-") for each in SCREENS if each.startswith(f"{name}-")}

    assert seen >= {"idle", "draft", "draft-rows", "busy", "notice"}
