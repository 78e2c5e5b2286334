"""`swarm setup HOST` in a real repository with busy configurations: only our entries come and go."""

import json
import os
import re
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from swarm_agents import events
from swarm_agents.db.database import Database
from tests.support.busy_configs import AIDER, CLAUDE, CODEX_JSON, CODEX_TOML, GEMINI, RULES
from tests.support.repo import Ran, Repo

HOSTS = ("claude", "codex", "gemini", "opencode", "aider")
BUSY = {
    ".claude/settings.json": CLAUDE,
    ".codex/hooks.json": CODEX_JSON,
    ".codex/config.toml": CODEX_TOML,
    ".gemini/settings.json": GEMINI,
    ".aider.conf.yml": AIDER,
    ".opencode/plugins/theirs.js": "export const Theirs = async () => ({})\n",
    ".agents/skills/theirs/SKILL.md": "---\nname: theirs\ndescription: x\n---\n",
    "AGENTS.md": RULES,
    "CLAUDE.md": RULES + "no line end",
    "GEMINI.md": "",
    "CONVENTIONS.md": RULES,
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = tmp_path / "home"
    made.mkdir()
    return made


@pytest.fixture
def setup(repo: Repo, home: Path) -> Callable[..., Ran]:
    """`swarm setup` by a user with an empty home, who has none of the programs."""

    def run(*words: str, **extra: str) -> Ran:
        return repo.swarm("setup", *words, HOME=str(home), XDG_CONFIG_HOME="", XDG_STATE_HOME="", **extra)

    return run


@pytest.fixture
def busy(repo: Repo) -> Repo:
    for name, text in BUSY.items():
        repo.write(name, text)
    return repo


def picture(folder: Path) -> dict[str, tuple[int, bytes | str]]:
    """Every file and folder, with its mode and content; git's own folder left out."""
    found: dict[str, tuple[int, bytes | str]] = {}
    for path in sorted(folder.rglob("*")):
        within = path.relative_to(folder).as_posix()
        if not within.startswith(".git/"):
            content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else b""
            found[within] = (path.lstat().st_mode, content)
    return found


@pytest.mark.parametrize("disguise", [b"%s", b"\xef\xbb\xbf%s", b"%s \r\n"], ids=["plain", "BOM", "CRLF"])
@pytest.mark.parametrize("host", HOSTS)
def test_put_in_and_taken_out_three_times_over_every_byte_is_as_before(
    busy: Repo, setup: Callable[..., Ran], host: str, disguise: bytes
) -> None:
    for name in BUSY:
        path = busy.path / name
        newline = b"\r\n" if b"\r" in disguise else b"\n"
        path.write_bytes(disguise.replace(b"%s", path.read_bytes().replace(b"\n", newline)))
    before = picture(busy.path)

    for _ in range(3):
        assert setup(host).exit == 0
        there = picture(busy.path)
        assert there != before
        assert setup(host).exit == 0 and picture(busy.path) == there
        assert setup(host, "--check").exit == 0
        assert setup(host, "--remove").exit == 0

        assert picture(busy.path) == before


@pytest.mark.parametrize("host", HOSTS)
def test_where_nothing_was_nothing_stays(repo: Repo, setup: Callable[..., Ran], host: str) -> None:
    before = picture(repo.path)

    assert setup(host).exit == 0 and setup(host, "--check").exit == 0
    assert setup(host, "--remove").exit == 0

    assert picture(repo.path) == before
    assert setup(host, "--check").exit == 1


@pytest.mark.parametrize("host", HOSTS)
def test_for_the_user_only_files_of_the_user_come_and_go(
    repo: Repo, home: Path, setup: Callable[..., Ran], host: str
) -> None:
    before = picture(repo.path)

    assert setup(host, "--user").exit == 0 and setup(host, "--check", "--user").exit == 0
    assert picture(repo.path) == before
    assert not list(home.rglob("*.md")) or all("skills" in str(path) for path in home.rglob("*.md"))
    assert setup(host, "--remove", "--user").exit == 0

    assert [path for path in home.rglob("*") if path.is_file() and ".local" not in path.parts] == []


def test_what_the_user_writes_meanwhile_stays(busy: Repo, setup: Callable[..., Ran]) -> None:
    settings, rules = busy.path / ".claude/settings.json", busy.path / "CLAUDE.md"
    assert setup("claude").exit == 0

    settings.write_text(settings.read_text().replace('"opus"', '"haiku"'))
    rules.write_text(rules.read_text() + "\nmore\n")
    assert setup("claude", "--remove").exit == 0

    assert settings.read_text() == CLAUDE.replace('"opus"', '"haiku"')
    assert rules.read_text() == BUSY["CLAUDE.md"] + "\nmore\n"


def test_what_the_user_adds_to_a_file_of_our_making_stays(repo: Repo, setup: Callable[..., Ran]) -> None:
    settings = repo.path / ".gemini/settings.json"
    assert setup("gemini").exit == 0

    settings.write_text(settings.read_text().replace("{", '{"theme": "dark",', 1))
    assert setup("gemini", "--remove").exit == 0

    assert settings.read_text().replace("\n", "") == '{"theme": "dark"}'


def test_a_handler_that_the_user_adds_to_our_group_stays(repo: Repo, setup: Callable[..., Ran]) -> None:
    settings = repo.path / ".claude/settings.json"
    assert setup("claude").exit == 0
    theirs = '{"type": "command", "command": "say"},'

    settings.write_text(settings.read_text().replace('"hooks": [', f'"hooks": [{theirs}', 1))
    assert setup("claude", "--remove").exit == 0

    assert "say" in settings.read_text() and "swarm" not in settings.read_text()


def test_entries_of_an_older_version_are_stale_and_brought_up_to_date(busy: Repo, setup: Callable[..., Ran]) -> None:
    settings, skill = busy.path / ".claude/settings.json", busy.path / ".claude/skills/swarm/SKILL.md"
    assert setup("claude").exit == 0
    fresh = picture(busy.path)
    settings.write_text(settings.read_text().replace('"timeout": 3', '"timeout": 2'))
    skill.write_text(skill.read_text() + "older\n")

    checked = setup("claude", "--check")
    assert checked.exit == 1
    assert "stale    .claude/settings.json" in checked.out and "stale    .claude/skills/swarm" in checked.out
    assert setup("claude").exit == 0

    assert picture(busy.path) == fresh


def test_check_tells_missing_from_current(busy: Repo, setup: Callable[..., Ran]) -> None:
    assert setup("claude").exit == 0
    (busy.path / "CLAUDE.md").write_text(RULES)

    checked = setup("claude", "--check", "--json")

    states = {Path(file["path"]).name: file["state"] for file in checked.data["files"]}
    assert checked.exit == 1
    assert states == {"settings.json": "current", "SKILL.md": "current", "CLAUDE.md": "missing"}


def test_check_tells_which_hooks_were_seen_to_run(repo: Repo, setup: Callable[..., Ran]) -> None:
    assert setup("claude").exit == 0
    assert "none of its hooks has been seen" in setup("claude", "--check").out

    db = Database(repo.place.database)
    with db.transaction() as tx:
        events.record(tx, "alice", "hook", "claude SessionStart: began a session")
        events.record(tx, "alice", "hook", "codex Stop: went on")
    db.close()

    told = setup("claude", "--check").out
    assert "seen     SessionStart" in told and "by alice" in told
    assert "Stop" not in told


@pytest.mark.parametrize(
    ("host", "file", "text", "said"),
    [
        ("claude", ".claude/settings.json", '{\n  "a": 1\n  "b": 2\n}', "settings.json, line 3: expected ','"),
        ("claude", ".claude/settings.json", '{"hooks": []}', "line 1: 'hooks' is no object"),
        ("claude", ".claude/settings.json", '{"hooks": {\n"Stop": {}}}', "line 2: 'hooks.Stop' is no list"),
        ("claude", ".claude/settings.json", "[]", "line 1: expected an object"),
        ("gemini", ".gemini/settings.json", "\ufeff{", "line 1: the text ends in the middle"),
        ("codex", ".codex/config.toml", "a = 1\nb =\n", "at line 2"),
        ("codex", ".codex/hooks.json", "{]", "line 1: expected a key"),
        ("aider", ".aider.conf.yml", "a: [\nb: }\n", "line 2: this is not YAML"),
        ("aider", ".aider.conf.yml", "{a: b}\n", "line 1: expected settings"),
        ("claude", "CLAUDE.md", "# a\n<!-- BEGIN swarm -->\n", "line 2: the markers"),
        ("claude", ".claude/skills/swarm/SKILL.md", "mine\n", "is not of its making"),
        ("opencode", ".opencode/plugins/swarm.js", "mine\n", "is not of its making"),
    ],
)
def test_a_malformed_file_is_refused_with_its_line_and_nothing_changes(
    repo: Repo, setup: Callable[..., Ran], host: str, file: str, text: str, said: str
) -> None:
    repo.write(file, text)
    before = picture(repo.path)

    refused = setup(host)

    assert refused.exit == 65
    assert said in refused.err and file in refused.err and "Nothing was changed." in refused.err
    assert picture(repo.path) == before


def test_a_link_that_leads_out_is_refused_and_nothing_changes(
    repo: Repo, home: Path, setup: Callable[..., Ran]
) -> None:
    outside = home / "settings.json"
    outside.write_text("{}\n")
    (repo.path / ".claude").mkdir()
    (repo.path / ".claude/settings.json").symlink_to(outside)
    (repo.path / ".agents").symlink_to(home)
    before = picture(repo.path.parent)

    claude, codex = setup("claude"), setup("codex")

    assert (claude.exit, codex.exit) == (64, 64)
    assert "leads out" in claude.err and "leads out" in codex.err
    assert picture(repo.path.parent) == before


def test_a_link_inside_stays_a_link_and_its_target_is_edited_once(repo: Repo, setup: Callable[..., Ran]) -> None:
    repo.write("AGENTS.md", RULES)
    (repo.path / "CLAUDE.md").symlink_to("AGENTS.md")

    assert setup("claude").exit == 0 and setup("codex").exit == 0
    assert (repo.path / "CLAUDE.md").is_symlink()
    assert (repo.path / "AGENTS.md").read_text().count("BEGIN swarm") == 1
    assert setup("claude", "--remove").exit == 0
    assert "BEGIN swarm" in (repo.path / "AGENTS.md").read_text()
    assert setup("codex", "--remove").exit == 0

    assert (repo.path / "AGENTS.md").read_text() == RULES


def test_what_another_host_needs_as_well_stays(repo: Repo, setup: Callable[..., Ran]) -> None:
    assert setup("codex").exit == 0 and setup("opencode").exit == 0

    assert setup("codex", "--remove").exit == 0
    assert setup("opencode", "--check").exit == 0
    assert setup("opencode", "--remove").exit == 0

    assert not (repo.path / ".agents").exists() and not (repo.path / "AGENTS.md").exists()


def test_the_mode_of_a_file_and_its_former_content_are_kept(busy: Repo, setup: Callable[..., Ran]) -> None:
    settings = busy.path / ".claude/settings.json"
    settings.chmod(0o600)

    assert setup("claude").exit == 0

    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    kept = list((busy.path / ".git/swarm-setup").glob("*settings.json.backup"))
    assert [path.read_text() for path in kept] == [CLAUDE]
    assert stat.S_IMODE(kept[0].stat().st_mode) == 0o600


def test_when_one_file_cannot_be_written_the_others_are_as_before(busy: Repo, setup: Callable[..., Ran]) -> None:
    (busy.path / ".claude/skills").write_text("a file where a folder has to be")
    before = picture(busy.path)

    refused = setup("claude")

    assert refused.exit == 73 and "Nothing was changed" in refused.err
    assert picture(busy.path) == before


@pytest.mark.parametrize("option", ["--dry-run", "--print", "--check"])
def test_to_look_changes_nothing(busy: Repo, setup: Callable[..., Ran], option: str) -> None:
    before = picture(busy.path)

    looked = setup("claude", option)

    assert picture(busy.path) == before and not (busy.path / ".git/swarm-setup").exists()
    assert ("swarm hook claude" in looked.out) == (option != "--check")
    assert looked.exit == (option == "--check")


def test_hooks_of_codex_go_where_the_users_are(repo: Repo, setup: Callable[..., Ran]) -> None:
    assert setup("codex").exit == 0
    assert (repo.path / ".codex/hooks.json").exists()
    repo.write(".codex/config.toml", CODEX_TOML)

    assert setup("codex").exit == 0

    assert not (repo.path / ".codex/hooks.json").exists()
    assert "swarm hook codex" in (repo.path / ".codex/config.toml").read_text()


def test_all_sets_up_git_the_database_and_every_host_that_is_here(
    repo: Repo, home: Path, setup: Callable[..., Ran]
) -> None:
    before = picture(repo.path)
    for folder in (".claude", ".codex"):
        (home / folder).mkdir()
    (repo.path / ".git/swarm/swarm.db").unlink()

    done = setup("all", PATH=_path_without_hosts())
    checked = setup("all", "--check", PATH=_path_without_hosts())

    assert done.exit == 0, done
    assert "gemini: neither 'gemini' nor" in done.out and "claude: wrote .claude/settings.json" in done.out
    assert "git: The gate is in place." in done.out and "database: made" in done.out
    assert not (repo.path / ".gemini").exists()
    assert checked.exit == 0, checked
    assert setup("all", "--remove", PATH=_path_without_hosts()).exit == 0
    assert picture(repo.path) == before


def test_one_host_with_a_malformed_file_does_not_keep_all_from_the_others(
    repo: Repo, home: Path, setup: Callable[..., Ran]
) -> None:
    for folder in (".claude", ".codex"):
        (home / folder).mkdir()
    repo.write(".claude/settings.json", "{")

    done = setup("all", PATH=_path_without_hosts())

    assert done.exit == 1
    assert "claude: " in done.out and "line 1: the text ends in the middle" in done.out
    assert (repo.path / ".codex/hooks.json").exists() and not (repo.path / "CLAUDE.md").exists()


def test_what_a_human_must_do_is_told(repo: Repo, setup: Callable[..., Ran]) -> None:
    told = {host: setup(host).out for host in HOSTS}

    assert all("for you to do: " in text and "Restart" in text for text in told.values())
    assert "trust this folder" in told["claude"] and "'/hooks'" in told["codex"] and "prefix_rule" in told["codex"]
    assert "warning" in told["gemini"]
    repo.write(".codex/config.toml", "[features]\nhooks = false\n")
    assert "Set 'hooks = true' under [features]" in setup("codex").out


def test_what_the_host_itself_notes_as_trusted_is_not_asked_for_again(
    repo: Repo, home: Path, setup: Callable[..., Ran]
) -> None:
    asked = [setup(host).out for host in ("claude", "codex")]
    assert all("trust this folder" in text for text in asked) and "'/hooks'" in asked[1]

    (home / ".claude.json").write_text(
        json.dumps({"projects": {str(repo.path): {"hasTrustDialogAccepted": True}}}), encoding="utf-8"
    )
    hooks = json.loads((repo.path / ".codex/hooks.json").read_text())["hooks"]
    words = [re.sub(r"(?<!^)([A-Z])", r"_\1", event).lower() for event in hooks]
    keys = [f"{repo.path}/.codex/hooks.json:{word}:0:0" for word in words]
    tables = [f'[hooks.state."{key}"]\ntrusted_hash = "sha256:0"' for key in keys]
    (home / ".codex").mkdir()
    own = home / ".codex/config.toml"
    own.write_text("\n".join([f'[projects."{repo.path}"]', 'trust_level = "trusted"', *tables]), encoding="utf-8")

    assert "trust this folder" not in setup("claude").out
    told = setup("codex").out
    assert "trust this folder" not in told and "'/hooks'" not in told
    own.write_text(own.read_text().replace(":stop:", ":other:"))
    assert "'/hooks'" in setup("codex", "--check").out


def _path_without_hosts() -> str:
    """Where git and swarm are, and no coding agent, whatever this machine has."""
    return os.pathsep.join([os.path.dirname(sys.executable), "/usr/bin", "/bin"])
