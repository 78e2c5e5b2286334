"""The configuration of a process that runs for long."""

from pathlib import Path

from swarm_agents.config.config import Config
from swarm_agents.place import Place
from swarm_agents.watch.live_config import LiveConfig


def test_without_a_repository_what_it_was_made_with_holds(tmp_path: Path) -> None:
    given = Config(messages_per_minute=3)
    live = LiveConfig(Place(str(tmp_path / "swarm.db"), None), given)

    assert not live.reload()

    assert live.current is given


def test_files_that_say_the_same_change_nothing(tmp_path: Path) -> None:
    (tmp_path / "swarm.toml").write_text("[messages]\nper_minute = 3\n", encoding="utf-8")
    place = Place(str(tmp_path / "swarm.db"), str(tmp_path))
    live = LiveConfig(place, place.config())
    before = live.current

    assert not live.reload()
    assert live.current is before

    (tmp_path / "swarm.toml").write_text("[messages]\nper_minute = 4\n", encoding="utf-8")
    assert live.reload()
    assert live.current.messages_per_minute == 4
