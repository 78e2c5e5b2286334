"""Every interleaving of two agents and a human, compared with the reference model, which notices wrong statements."""

import dataclasses
from pathlib import Path

import pytest

from tests.support.mutants import MUTANTS, Mutant
from tests.support.walk import Difference, walk

DEPTH = 12  # no new state is found after ten


def test_every_interleaving_of_two_agents_agrees_with_the_model(fresh_database: Path) -> None:
    walked = walk(fresh_database, DEPTH)

    assert walked.states > 100
    assert walked.steps > 10_000


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.what)
def test_a_wrong_statement_is_found_by_the_walk(fresh_database: Path, mutant: Mutant) -> None:
    counted = dataclasses.replace(mutant)

    with pytest.raises(Difference):
        walk(fresh_database, DEPTH, rewrite=counted, triggers=False)

    assert counted.hits
