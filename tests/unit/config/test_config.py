"""swarm.toml: an error names the wrong key and the file, and no value is guessed."""

from pathlib import Path

import pytest

from swarm_agents.config.config import Config, load
from swarm_agents.errors import BadConfig
from swarm_agents.model import Rules


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert load(None) == Config()
    assert load(tmp_path).rules == Rules(max_attempts=3, lease_s=900, wait_s=300)
    assert load(tmp_path).messages_per_minute == 10


def test_keys_that_are_set_are_read_and_the_others_keep_their_defaults(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        [build]
        max_attempts = 5
        lease_s = 1.5
        check = "make test"
        sync = "git merge --no-edit main"
        branch = "main"
        [messages]
        per_minute = 20
        [notify]
        command = ["notify-send", "swarm"]
        """,
    )

    config = load(tmp_path)

    assert config.rules == Rules(max_attempts=5, lease_s=1.5, wait_s=300)
    assert config.check and config.check.command == "make test"
    assert (config.sync, config.branch) == ("git merge --no-edit main", "main")
    assert config.messages_per_minute == 20
    assert config.notify.command == ("notify-send", "swarm")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[build", "not valid TOML"),
        (f"a = {'[' * 5000}", "not valid TOML"),
        ("[build]\nmax_atempts = 3", "build.max_atempts"),
        ("[bulid]", "bulid"),
        ("build = 3", "[build]"),
        ("[build]\nmax_attempts = 0", "build.max_attempts"),
        ("[build]\nmax_attempts = 101", "build.max_attempts"),
        ("[build]\nmax_attempts = 1.5", "build.max_attempts"),
        ("[build]\nmax_attempts = true", "build.max_attempts"),
        ("[build]\nmax_attempts = '3'", "build.max_attempts"),
        ("[build]\nlease_s = -1", "build.lease_s"),
        ("[build]\nlease_s = nan", "build.lease_s"),
        ("[build]\nlease_s = inf", "build.lease_s"),
        ("[build]\nlease_s = 99999999999999999999999", "build.lease_s"),
        ("[build]\nwait_s = -0.1", "build.wait_s"),
        ("[build]\ncheck = ''", "build.check"),
        ("[build]\ncheck = ['make']", "build.check"),
        ('[build]\ncheck = "a\\u0000b"', "build.check"),
        ("[notify]\ncommand = 'beep'", "notify.command"),
        ("[notify]\ncommand = []", "notify.command"),
        ("[notify]\ncommand = [1]", "notify.command"),
        ("[messages]\nper_minute = 0", "messages.per_minute"),
        ('"\\u001b[2J" = 1', "␛[2J"),
    ],
)
def test_a_wrong_key_or_value_is_named_with_the_file(tmp_path: Path, text: str, named: str) -> None:
    write(tmp_path, text)

    with pytest.raises(BadConfig) as refused:
        load(tmp_path)

    assert named in refused.value.message
    assert str(tmp_path / "swarm.toml") in refused.value.message
    assert "\x1b" not in refused.value.message


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\x00" * 100, b"[build]\nmax_attempts = 3\x00"])
def test_bytes_that_are_not_toml_are_bad_configuration(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "swarm.toml").write_bytes(content)

    with pytest.raises(BadConfig):
        load(tmp_path)


def test_a_folder_of_that_name_is_bad_configuration(tmp_path: Path) -> None:
    (tmp_path / "swarm.toml").mkdir()

    with pytest.raises(BadConfig, match="cannot be read"):
        load(tmp_path)


def write(folder: Path, text: str) -> None:
    (folder / "swarm.toml").write_text(text, encoding="utf-8")
