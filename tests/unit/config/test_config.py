"""swarm.toml: an error names the wrong key and the file, and no value is guessed."""

from pathlib import Path

import pytest

from swarm_agents.config.config import Config, list_files, load
from swarm_agents.errors import BadConfig
from swarm_agents.model import BuildRules


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert load(None) == Config()
    assert load(tmp_path).rules == BuildRules(max_attempts=3, lease_s=900, wait_s=300)
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

    assert config.rules == BuildRules(max_attempts=5, lease_s=1.5, wait_s=300)
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
        ("[build]\nreport = '/tmp/junit.xml'", "build.report"),
        ("[build]\nreport = '../junit.xml'", "build.report"),
        ("[build]\nreport = 'out/a**.xml'", "build.report"),
        ("signatures = 3", "[signatures.NAME]"),
        ("[signatures]\nzig = 'a'", "[signatures.zig]"),
        ("[signatures.zig]", "signatures.zig.patterns"),
        ("[signatures.zig]\npattern = ['a']", "signatures.zig.pattern"),
        ("[signatures.zig]\npatterns = 'a'", "signatures.zig.patterns"),
        ("[signatures.zig]\npatterns = ['a*']", "matches an empty line"),
        (f"[signatures.zig]\npatterns = ['{'a' * 501}']", "more than 500"),
        ("[signatures.zig]\npatterns = [" + "'a', " * 51 + "]", "51 patterns"),
        ('"\\u001b[2J" = 1', "␛[2J"),
    ],
)
def test_a_wrong_key_or_value_is_named_with_the_file(tmp_path: Path, text: str, named: str) -> None:
    write(tmp_path, text)

    message = refusal_of(tmp_path)

    assert named in message
    assert str(tmp_path / "swarm.toml") in message
    assert "\x1b" not in message


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[build]\nbranch = 'main'\nmax_attempts = 0", "line 3: 'build.max_attempts'"),
        ("\n\nbuild.lease_s = -1", "line 3: 'build.lease_s'"),
        ("[notify]\ncommand = ['x']\n[build]\nmax_atempts = 3", "line 4: unknown key 'build.max_atempts'"),
        ("\n[bulid]", "line 2: unknown key 'bulid'"),
        ("build = { lease_s = 1,\n", "(at line"),
        ("[build]\nbuild = {}\n\n[gate]\nscope = 'branch'", "line 2: unknown key 'build.build'"),
        ("\n[profiles.mine]\ncommands = ['x']\ngap_ms = -1", "line 4: 'profiles.mine.gap_ms'"),
        ("\n[profiles.mine]\ncommands = ['x']", "line 2: 'profiles.mine.prompts'"),
        ("[build]\n[gate]\nscope = 'branch'", "line 3: 'gate.scope'"),
        ("\ninclude = 'more.toml'", "line 2: 'include'"),
        ("\n\ninclude = ['nowhere.toml']", "line 3: 'include' names"),
    ],
)
def test_an_error_names_its_line(tmp_path: Path, text: str, line: str) -> None:
    write(tmp_path, text)

    assert line in refusal_of(tmp_path)


def test_an_included_file_is_read_and_the_file_that_includes_it_wins(tmp_path: Path) -> None:
    write(tmp_path, "include = ['one.toml', 'two.toml']\n[build]\nlease_s = 7")
    (tmp_path / "one.toml").write_text("[build]\nlease_s = 8\nwait_s = 8\nmax_attempts = 8\n[gate]\nscope = 'branch'")
    (tmp_path / "two.toml").write_text("[build]\nwait_s = 9\nbranch = 'main'")

    config = load(tmp_path)

    assert config.rules == BuildRules(max_attempts=8, lease_s=7, wait_s=9)
    assert (config.branch, config.gate_scope) == ("main", "branch")


@pytest.mark.parametrize(
    ("included", "named"),
    [
        ("[build]\nlease_s = -1", "one.toml, line 2: 'build.lease_s'"),
        ("\n[bulid]", "one.toml, line 2: unknown key 'bulid'"),
        ("[build", "one.toml is not valid TOML"),
        ("include = ['two.toml']", "one.toml, line 1: 'include' is for swarm.toml alone"),
    ],
)
def test_an_error_in_an_included_file_names_that_file(tmp_path: Path, included: str, named: str) -> None:
    write(tmp_path, "include = ['one.toml']\n[build]\nwait_s = 1")
    (tmp_path / "one.toml").write_text(included)

    assert named in refusal_of(tmp_path)


def test_the_files_of_a_configuration_are_known_also_while_it_is_wrong(tmp_path: Path) -> None:
    write(tmp_path, "include = ['one.toml']\n[build]\nwait_s = -1")
    assert list_files(tmp_path) == (str(tmp_path / "swarm.toml"), str(tmp_path / "one.toml"))

    write(tmp_path, "include = ")
    assert list_files(tmp_path) == (str(tmp_path / "swarm.toml"),)


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


def refusal_of(folder: Path) -> str:
    """What is wrong with the configuration there."""
    with pytest.raises(BadConfig) as refused:
        load(folder)
    return refused.value.message


def test_a_pattern_that_is_no_regular_expression_is_named_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, "[build]\nmax_attempts = 3\n\n[signatures.zig]\npatterns = ['^ok$', '^bad (']\n")

    message = refusal_of(tmp_path)

    assert "swarm.toml, line 5: 'signatures.zig.patterns' holds '^bad (', which is no regular expression" in message


def test_patterns_of_all_tables_are_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        "[build]\ncheck = 'a'\nreport = 'a.xml'\n[signatures.b]\npatterns = ['c']\n[signatures.d]\npatterns = ['e']",
    )

    config = load(tmp_path)

    assert (config.naming.report, config.naming.patterns) == ("a.xml", ("c", "e"))
    assert config.check and config.check.naming == config.naming
