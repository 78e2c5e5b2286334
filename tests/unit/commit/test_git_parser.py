"""Our reading of the arguments beside git's own: each option, each abbreviation, each way to give a value."""

import subprocess

import pytest

from swarm_agents.commit import arguments
from swarm_agents.commit.arguments import read_arguments, refuse_hook_bypass
from swarm_agents.errors import UsageError
from tests.support.repo import Repo, environment

UNKNOWN = "zzz"  # git names it in its error, unless the word before took it as a value
NEW = ("unified", "inter-hunk-context")  # options of a newer git than the one that may be here


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """Nothing is staged, and the hook leaves a file behind when it runs."""
    made = Repo(tmp_path_factory.mktemp("parser") / "repo")
    made.path.mkdir()
    for words in (["init", "-q"], ["config", "user.name", "T"], ["config", "user.email", "t@e"]):
        made.git(*words)
    made.stage("one")
    made.git("commit", "-q", "-m", "begin")
    made.hook("#!/bin/sh\ntouch .git/hook-ran\n")
    return made


def ask_git(repo: Repo, *words: str) -> str:
    """The first line of git's errors."""
    done = subprocess.run(
        ["git", "commit", *words],
        cwd=repo.path,
        env=environment(),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return (done.stderr.splitlines() or [""])[0]


def list_beginnings() -> list[str]:
    names = [name for name, _, _ in arguments._OPTIONS if name not in NEW]
    forms = {form for name in names for form in (name, f"no-{name}", name.removeprefix("no-"), f"no-no-{name}")}
    return sorted({form[:length] for form in forms for length in range(1, len(form) + 1)} - {"help"})


def test_each_beginning_of_a_long_option_is_read_as_git_reads_it(repo: Repo) -> None:
    differ = []
    for beginning in list_beginnings():
        error = ask_git(repo, f"--{beginning}", f"--{UNKNOWN}")
        refused = "ambiguous" in error or f"unknown option `{beginning}'" in error
        took_value = not refused and f"unknown option `{UNKNOWN}'" not in error

        read = read_arguments([f"--{beginning}", f"--{UNKNOWN}"])

        if (read.options[0].name == "", read.options[0].value is not None) != (refused, took_value):
            differ.append((beginning, error, read.options))
    assert differ == []


@pytest.mark.parametrize("letter", list("qvFmcCtsSeaiponzuh"))
@pytest.mark.parametrize("rest", ["", "a", "C", "F", "n", "no", "="])
def test_each_short_option_takes_the_next_word_where_git_does(repo: Repo, letter: str, rest: str) -> None:
    word = f"-{letter}{rest}"
    error = ask_git(repo, word, f"--{UNKNOWN}")
    if not error or error.startswith(("usage", "error: unknown switch")):
        return  # -h prints the usage; a letter that git does not know is refused by it

    took_value = f"unknown option `{UNKNOWN}'" not in error

    assert (read_arguments([word, f"--{UNKNOWN}"]).options[-1].name != "") == took_value


@pytest.mark.parametrize(
    "words",
    [
        ["-n"],
        ["-an"],
        ["-na"],
        ["--no-verify"],
        ["--no-veri"],
        ["--no-verify", "--verify"],
        ["--verify", "--no-verify"],
        ["-n", "--no-no-verify"],
        ["-SABC", "--no-verify"],
        ["-SKEYF", "-n"],
        ["-uno", "-n"],
        ["-unormal"],
        ["--gpg-sign", "-n"],
        ["--untracked-files", "--no-verify"],
        ["-C", "HEAD", "-n"],
        ["-CHEAD", "-n"],
        ["-m", "-n"],
        ["-mn"],
        ["--mess", "-n fine"],
        ["--message=x", "--no-verify"],
        ["--author", "T <t@e>", "-n"],
        ["--author=T <t@e>"],
        ["--", "-n"],
        ["--end-of-options", "-n"],
        ["one", "-n"],
        ["--trailer", "-n"],
        ["--cleanup", "strip", "-n"],
        ["-t", "one", "-n"],
        ["-pn"],
    ],
    ids=" ".join,
)
def test_what_skips_the_hook_in_git_is_refused_and_nothing_else(repo: Repo, words: list[str]) -> None:
    (repo.path / ".git/hook-ran").unlink(missing_ok=True)
    key = ["-c", "gpg.program=true"]  # signs nothing, which fails after the hook ran
    subprocess.run(
        ["git", *key, "commit", "--allow-empty", "-m", "x", *words],
        cwd=repo.path,
        env=environment(),
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    ran = (repo.path / ".git/hook-ran").exists()

    try:
        refuse_hook_bypass(read_arguments(["--allow-empty", "-m", "x", *words]))
        refused = False
    except UsageError:
        refused = True

    if "--" in words or "--end-of-options" in words or "one" in words or "-C" in " ".join(words):
        assert not (refused and ran)  # git refuses the call itself
    else:
        assert refused != ran


def test_a_path_may_look_like_an_option_only_after_the_dashes(repo: Repo) -> None:
    assert read_arguments(["-m", "x", "--", "-n", "--all"]).paths == ("-n", "--all")
    assert read_arguments(["one", "-a", "two"]).paths == ("one", "two")


def test_a_commit_of_fewer_paths_keeps_all_other_options() -> None:
    words = ["-aqm", "x", "-SKEY", "-u", "--no-edit", "--mess=y z", "--verify", "-C", "HEAD", "--dat", "now"]

    narrowed = arguments.narrow_to_paths(read_arguments(words), "list")

    assert list(narrowed.words) == [
        "--quiet",
        "--message=x",
        "--gpg-sign=KEY",
        "--untracked-files",
        "--no-edit",
        "--message=y z",
        "--verify",
        "--reuse-message=HEAD",
        "--date=now",
        "--only",
        "--pathspec-from-file=list",
        "--pathspec-file-nul",
    ]


def test_other_values_are_put_where_the_old_ones_stood() -> None:
    read = read_arguments(["-CHEAD~1", "--file", "f", "-F-", "--fix=HEAD"])

    assert read.replace_values({0: "abc", 1: "x", 2: "y", 3: "z"}).words == ("-Cabc", "--file", "x", "-Fy", "--fix=z")


def test_an_option_of_swarm_after_an_option_that_needs_a_value_is_that_value() -> None:
    assert arguments.takes_value(["-m"]) and arguments.takes_value(["--mess"]) and arguments.takes_value(["-am"])
    assert not arguments.takes_value(["-m", "-F"])
    assert not arguments.takes_value(["-SC"])
