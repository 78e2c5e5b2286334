"""Commits in a line of shell: those that run are found, those that are only text are not."""

import pytest

from swarm_agents.host_events.shell_commits import find_commits

FOUND = [
    "git commit -m x",
    "git add -A && git commit -m 'a; b'",
    "cd . ; git -c user.name=x commit",
    "(git commit)",
    "{ git commit; }",
    "x=$(git commit -q)",
    "if true; then git commit; fi",
    "true || git commit &",
    'bash -lc "git add . && git commit -m hi"',
    'eval "git commit"',
    "GIT_EDITOR=true git commit",
    "sudo -E env A=b timeout 5 git commit -m x",
    "/usr/bin/git commit",
    "git \\\n  commit -a",
    'git commit -m "$(cat <<\'EOF\'\nIt doesn\'t commit; "quoted"\nEOF\n)"',
    "git status # look\ngit commit -m fix#3",
    "git commit -m 'not closed",
]
ONLY_TEXT = [
    "echo 'git commit'",
    "echo git commit",
    "git log --grep commit",
    "git config commit.gpgsign true",
    "# git commit",
    "cat <<EOF > script\ngit commit\nEOF\n",
    "cat <<-'END'\n\tgit commit\n\tEND\nls",
    "grep 'x\ngit commit' file",
    "gitk commit",
    "printf '%s' \"git commit\"",
]


@pytest.mark.parametrize("line", FOUND)
def test_a_commit_that_runs_is_found(line: str) -> None:
    assert [commit.by_swarm for commit in find_commits(line, "/repo")] == [False]


@pytest.mark.parametrize("line", ONLY_TEXT)
def test_a_commit_that_is_only_text_is_not_found(line: str) -> None:
    assert find_commits(line, "/repo") == []


@pytest.mark.parametrize(
    ("line", "skips"),
    [
        ("git commit --no-verify -m x", True),
        ("git commit --no-ver", True),
        ("git commit -nm x", True),
        ("git commit -anm x", True),
        ("git commit --no-edit", False),
        ("git commit -mn", False),
        ("git commit -- -n", False),
        ("git commit -m '--no-verify is bad'", False),
    ],
)
def test_that_a_commit_skips_the_hooks_is_seen_in_each_spelling(line: str, skips: bool) -> None:
    assert [commit.skips_hooks for commit in find_commits(line, "/repo")] == [skips]


def test_where_a_commit_runs_follows_cd_and_git_itself() -> None:
    lines = ["git commit", "cd sub && git commit", "git -C ../other commit", "cd /a; git -C b commit"]

    assert [find_commits(line, "/repo")[0].folder for line in lines] == ["/repo", "/repo/sub", "/other", "/a/b"]


def test_a_commit_through_the_swarm_and_one_past_the_gate_are_told_apart() -> None:
    by_swarm, past = find_commits("swarm --as bob commit -m x; SWARM_BYPASS=1 git commit", "/repo")

    assert (by_swarm.by_swarm, by_swarm.bypasses_gate) == (True, False)
    assert (past.by_swarm, past.bypasses_gate) == (False, True)


def test_a_line_that_never_ends_costs_no_time() -> None:
    assert find_commits("bash -c '" * 3000 + "git commit", "/repo") is not None
    assert find_commits("commit " * 100_000, "/repo") == []
