"""What the documents say is so: commands run as they are written, files exist, no state or exit code is left out."""

import re
import tomllib
from enum import StrEnum
from pathlib import Path

import pytest

from swarm_agents.cli.main import NOUNS
from swarm_agents.cli.output import CODES
from swarm_agents.config.schema import TABLES
from swarm_agents.escalations.escalations import AckResolution, Resolution
from swarm_agents.incidents.incidents import AttemptEnd
from swarm_agents.model import BuildStatus, DeliveryState
from swarm_agents.tasks.rows import TaskStatus
from tests.support import codebase, data_page
from tests.support.repo import Repo, make_repo

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
STATES = (ROOT / "docs" / "states.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

SHOW = "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/swarm demo"
TEST = "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest"


def test_the_map_of_the_code_is_up_to_date() -> None:
    assert codebase.PAGE.read_text(encoding="utf-8") == codebase.page(), "run: python -m tests.support.codebase"


def test_the_map_of_the_code_has_every_folder() -> None:
    mapped = {
        line.split("`")[-2].rstrip("/")
        for line in codebase.page().splitlines()
        if line.startswith("## ") and "`" in line
    }

    assert codebase.folders() <= mapped


def test_the_page_about_the_database_is_up_to_date() -> None:
    assert data_page.PAGE.read_text(encoding="utf-8") == data_page.page(), "run: python -m tests.support.data_page"


def test_the_page_about_the_database_has_a_sentence_for_every_table_and_view_and_names_every_column() -> None:
    page = data_page.page()

    for relation in data_page.relations():
        part = page.partition(f"### `{relation.name}`\n")[2].partition("###")[0]
        assert re.match(r"\n[A-Z][^\n]+\.\n", part), f"{relation.name}: write it beside `create` in the schema"
        assert [column for column in relation.columns if f"`{column}`" not in part] == []


def test_every_comment_beside_a_column_is_in_the_page_about_the_database() -> None:
    meanings = {data_page.meaning(one, column) for one in data_page.relations() for column in one.columns}
    told = " ".join(meanings)

    comments = [
        line.partition("--")[2].strip().rstrip(",.:")
        for one in data_page.relations()
        for line in one.sql.splitlines()[1:]
        if "--" in line
    ]

    assert [comment for comment in comments if comment not in told] == []


def test_every_step_of_the_routes_names_a_function_that_is_there() -> None:
    by_hand = codebase.PAGE.read_text(encoding="utf-8").partition("<!--")[0]
    steps = re.findall(r"`([\w/]+\.py)`\s+`(\w+)`", by_hand)

    missing = [
        (path, name)
        for path, name in steps
        if not any(
            re.search(rf"(def|class) {name}\b", found.read_text(encoding="utf-8"))
            for found in (ROOT / "agents" / "swarm_agents" / path, ROOT / path)
            if found.exists()
        )
    ]

    assert missing == []
    assert len(steps) > 20


def test_two_commands_do_all_the_set_up() -> None:
    assert [line for line in README.splitlines() if "python3 -m venv" in line] == [SHOW, TEST]


def test_the_gate_ends_with_the_readmes_test_command() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if line.strip()][-1] == TEST


def test_three_lines_are_enough_on_ones_own_repository(tmp_path: Path) -> None:
    repo = _fresh_repo(tmp_path)
    repo.stage("hello", "hello\n")

    commands = _block_after(README, "## Use it with your agents").splitlines()
    first, second, third = (line for line in commands if line.startswith("swarm "))

    assert repo.shell(first) == 0
    assert repo.shell(second) == 0
    assert repo.shell(f"SWARM_AGENT=ada {third}") == 0
    assert repo.git("log", "-1", "--format=%s") == "Say hello"


def test_the_configuration_that_is_shown_is_valid_and_has_every_key(tmp_path: Path) -> None:
    repo = _fresh_repo(tmp_path)

    shown = _block_after((ROOT / "docs" / "configuration.md").read_text(encoding="utf-8"), "# swarm.toml")

    repo.write("swarm.toml", shown)

    assert repo.shell("swarm init") == 0
    assert {name: set(table) for name, table in tomllib.loads(shown).items()} == {
        name: set(keys) for name, keys in TABLES.items()
    }


def test_the_command_lines_page_has_every_exit_code() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| (\d+) \| `(\w+)` \|", page, re.MULTILINE)

    assert {int(number): code for number, code in table} == CODES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))

    missing = [target for target in targets if "://" not in target and not (page.parent / target).exists()]

    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_named_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    named = set(re.findall(r"(?:`|^)swarm (?:--\S+ )*([a-z]+)", text, re.MULTILINE))

    assert named <= {*NOUNS, "help"}


@pytest.mark.parametrize(
    "states", [BuildStatus, AttemptEnd, DeliveryState, Resolution, AckResolution, TaskStatus], ids=lambda e: e.__name__
)
def test_every_state_is_drawn(states: type[StrEnum]) -> None:
    drawn = re.findall(r"```.*?```", STATES, re.DOTALL)

    assert [state for state in states if not any(state.value in diagram for diagram in drawn)] == []


def _fresh_repo(tmp_path: Path) -> Repo:
    """A repository without a swarm."""
    repo = make_repo(tmp_path / "repo")
    for path in sorted((repo.path / ".git" / "swarm").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    return repo


def _block_after(page: str, words: str) -> str:
    found = re.search(r"```\w+\n(.*?)```", page[page.index(words) :], re.DOTALL)
    assert found
    return found[1]
