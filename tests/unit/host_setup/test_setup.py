"""Setting a host up and taking that back, in folders with random busy configurations."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from swarm_agents.errors import BadData
from swarm_agents.host_setup import setup
from swarm_agents.host_setup.records import Records
from swarm_agents.host_setup.setup import EntryState, SetupPlace
from swarm_agents.hosts import setups
from swarm_agents.hosts.setup_files import Scope
from tests.support.busy_configs import settings_texts

UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # files that begin with these are refused
SETTINGS = {"claude": ".claude/settings.json", "codex": ".codex/hooks.json", "gemini": ".gemini/settings.json"}


@pytest.fixture(autouse=True)
def no_folders_of_the_users(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME"):
        monkeypatch.delenv(name, raising=False)
    yield


@settings(max_examples=60)
@given(
    st.sampled_from(sorted(SETTINGS)),
    settings_texts(),
    st.binary(max_size=30).filter(lambda rules: rules[:2] not in UTF_16),
    st.booleans(),
)
@example("claude", "", b"", False)
@example("claude", "{ }", b"\n", False)
@example("claude", "{\n}\n", b"# a", True)
@example("gemini", '{"hooks": {\n}}', b"a\r\n", False)
@example("gemini", '{"hooks": {"AfterAgent": [ ]}}', b"", False)
@example("codex", "{ // none\n}", b"\xff\xfa", True)
def test_three_times_over_every_byte_is_as_before(name: str, text: str, rules: bytes, bom: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = SetupPlace(Scope.PROJECT, f"{folder}/root", f"{folder}/home", Records(f"{folder}/records", folder))
        written = {
            Path(place.root, SETTINGS[name]): (b"\xef\xbb\xbf" if bom else b"") + text.encode(),
            Path(
                place.root, "GEMINI.md" if name == "gemini" else "AGENTS.md" if name == "codex" else "CLAUDE.md"
            ): rules,
        }
        for path, content in written.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        host = setups.load_setup(name)

        for _ in range(3):
            setup.carry_out(setup.plan_install(host, place), place)
            assert {change.state for change in setup.plan_install(host, place)} == {EntryState.CURRENT}
            setup.carry_out(setup.plan_remove(host, place), place)

            there = {path: path.read_bytes() for path in Path(place.root).rglob("*") if path.is_file()}
            assert there == written


@pytest.mark.parametrize("begin", UTF_16)
def test_a_file_in_utf_16_is_refused_and_left_as_it_is(tmp_path: Path, begin: bytes) -> None:
    place = SetupPlace(Scope.PROJECT, f"{tmp_path}/root", f"{tmp_path}/home", Records(f"{tmp_path}/records", tmp_path))
    rules = Path(place.root, "CLAUDE.md")
    rules.parent.mkdir()
    rules.write_bytes(begin + b"a\0")

    with pytest.raises(BadData, match="UTF-16"):
        setup.plan_install(setups.load_setup("claude"), place)

    assert rules.read_bytes() == begin + b"a\0"
