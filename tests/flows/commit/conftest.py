"""Fixtures for `swarm commit`: a worktree per agent, on branches that begin with a broken commit."""

import pytest

from tests.support.repo import Repo


@pytest.fixture
def two_trees(repo: Repo) -> tuple[Repo, Repo]:
    """main with a broken commit that both agents' branches have, and each agent with a change of its own staged."""
    repo.stage("broken")
    repo.git("commit", "-q", "-m", "break it", "--no-verify")
    alice, bob = repo.worktree("alice"), repo.worktree("bob")
    bob.stage("b.txt", "bob\n")
    alice.git("rm", "-q", "--cached", "broken")
    alice.stage("a.txt", "alice\n")
    return alice, bob
