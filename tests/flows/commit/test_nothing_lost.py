"""Nothing that a user had is lost by a `swarm commit`, in random repositories, also when it is killed at any moment.

The cases here are a sample; `python -m tests.bench nothing_lost` runs two thousand.
"""

from pathlib import Path

import pytest

from tests.support.random_work import BUILDS, make_template, run_case
from tests.support.repo import Repo

GROUPS, CASES_IN_A_GROUP = 8, 6


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Repo]:
    folder = tmp_path_factory.mktemp("random-work")
    return {build: make_template(folder, build) for build in sorted(set(BUILDS))}


@pytest.mark.parametrize("group", range(GROUPS))
def test_nothing_that_the_user_had_is_lost(templates: dict[str, Repo], tmp_path: Path, group: int) -> None:
    for number in range(group * CASES_IN_A_GROUP, (group + 1) * CASES_IN_A_GROUP):
        case = run_case(number, templates, tmp_path)

        assert case.lost == {}, case
        assert case.exit != 70, case
