"""Hosts: each folder with a `host.py` is one, also a new one, with no change elsewhere."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from swarm_agents import hosts
from swarm_agents.errors import UsageError
from swarm_agents.hosts import registry, screen_profiles
from swarm_agents.text import is_name

NEW_HOST = """
from swarm_agents.hosts.plain import codec


class Robot:
    name = "robot"
    title = "Robot"
    profile = "robot-two"
    runs_hooks = True
    quiet_events = ()
    telling_words = ()

    def make_start_command(self, prompt, name):
        return ["robot", prompt]

    read_event = staticmethod(codec.read_event)
    write_reply = staticmethod(codec.write_reply)


HOST = Robot()
"""


@pytest.fixture
def new_host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A folder beside those of the hosts, as far as Python and the registry can tell."""
    for name in os.listdir(os.path.dirname(registry.__file__)):
        (tmp_path / name).symlink_to(Path(registry.__file__).parent / name)
    folder = tmp_path / "robot_two"
    folder.mkdir()
    (folder / "host.py").write_text(NEW_HOST)
    monkeypatch.setattr(hosts, "__path__", [*hosts.__path__, str(tmp_path)])
    monkeypatch.setattr(registry, "__file__", str(tmp_path / "registry.py"))
    yield
    for name in [name for name in sys.modules if "robot_two" in name]:
        del sys.modules[name]


def test_every_host_that_is_named_is_there() -> None:
    names = [host.name for host in registry.list_hosts()]

    assert names == ["aider", "claude", "codex", "gemini", "opencode", "plain"]
    assert [registry.load_host(name).name for name in names] == names


def test_a_host_has_the_screen_profile_and_the_folder_that_it_names() -> None:
    for host in registry.list_hosts():
        assert host.profile in screen_profiles.load_built_in()
        assert os.path.isfile(os.path.join(registry.find_folder(host), "host.py"))
        assert is_name(host.name) and host.title


def test_a_host_starts_with_its_prompt_as_one_word() -> None:
    prompt = "repair it; $(rm -rf x) 'now'"

    for host in registry.list_hosts():
        assert prompt in host.make_start_command(prompt, "otter")


def test_a_new_host_is_one_folder(new_host: None) -> None:
    host = registry.load_host("robot")

    event = host.read_event('{"hook_event_name": "prompt", "session_id": "1"}', [], {})

    assert host.name in [one.name for one in registry.list_hosts()]
    assert event is not None and event.session == "1"


def test_a_host_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(UsageError, match="aider, claude, codex"):
        registry.load_host("emacs")
