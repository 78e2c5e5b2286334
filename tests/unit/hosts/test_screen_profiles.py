"""Screen profiles: which one is chosen for a pane, and what is refused in swarm.toml."""

import pytest

from swarm_agents.config.config import _read_config
from swarm_agents.errors import BadConfig
from swarm_agents.hosts import screen_profiles


def test_every_built_in_profile_is_valid() -> None:
    assert set(screen_profiles.load_built_in()) == {"claude-code", "codex", "gemini", "opencode", "aider", "plain"}


def test_a_profile_is_chosen_by_the_name_of_the_program() -> None:
    found = screen_profiles.choose_profile(screen_profiles.load_built_in(), "", {"node", "codex"})

    assert found is not None and found.name == "codex"


def test_a_pane_may_choose_its_profile_and_plain_is_never_guessed() -> None:
    known = screen_profiles.load_built_in()

    chosen = screen_profiles.choose_profile(known, "plain", {"python3"})

    assert chosen is not None and not chosen.composer
    assert screen_profiles.choose_profile(known, "", {"python3", "plain"}) is None
    assert screen_profiles.choose_profile(known, "no-such-profile", {"codex"}) is None


def test_a_user_adds_a_profile_in_swarm_toml() -> None:
    config = _read_config({"profiles": {"mine": {"commands": ["mine"], "prompts": [r"\$"], "submit": "ctrl-j"}}})

    found = screen_profiles.choose_profile(screen_profiles.load_profiles(config.profiles), "", {"mine"})

    assert found is not None and found.submit == "\n"


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ({"prompts": ["["]}, "pattern"),
        ({"prompts": ["x"], "submit": "escape"}, "submit"),
        ({"prompts": ["x"], "gap_ms": -1}, "gap_ms"),
        ({"prompts": ["x"], "gap_ms": True}, "gap_ms"),
        ({"prompts": "x"}, "prompts"),
        ({"prompts": ["x"], "composer": 1}, "composer"),
        ({"prompts": ["x"], "bar": "||"}, "bar"),
        ({"prompts": ["x"], "colour": "red"}, "colour"),
        ({}, "prompts"),
        ("text", "table"),
    ],
)
def test_an_invalid_profile_is_refused_with_the_key(table: object, key: str) -> None:
    with pytest.raises(BadConfig) as raised:
        screen_profiles.load_profiles({"mine": table})

    assert key in raised.value.message
