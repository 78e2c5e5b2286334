"""What failed has a name wherever it is told: by the report that the check wrote, else by its output."""

import sys
from pathlib import Path

import pytest

from swarm_agents.text import one_line
from tests.support.repo import Ran, Repo

PYTEST_LINES = """FAILED tests/test_curried.py::test_sorted - TypeError: no
FAILED tests/test_curried.py::test_zip - ValueError: no
FAILED tests/test_lazy.py::test_map - TypeError: no
FAILED (failures=1)
"""
NAMED = "tests/test_curried.py::test_sorted (TypeError), +2 more"
REPORT = """<testsuites><testsuite name="shop">
<testcase classname="shop.SumTest" name="adds"><failure type="java.lang.AssertionError" message="no"/></testcase>
<testcase classname="shop.SumTest" name="fine"/>
<testcase classname="shop.SumTest" name="skips"><skipped/></testcase>
</testsuite></testsuites>
"""
REPORTED = "shop.SumTest::adds (AssertionError)"


def commit(repo: Repo, agent: str = "alice") -> Ran:
    return repo.swarm("--as", agent, "--json", "commit", "-m", "work")


def summary(repo: Repo) -> str:
    return str(repo.swarm("status", "--json").data["build"]["summary"])


def refuse(repo: Repo, script: str, check: bool = True, **build: object) -> Ran:
    """Break the build for this script, as hook and, unless told otherwise, as check; then commit."""
    repo.stage("check.sh", f"#!/bin/sh\n{script}\nexit 1\n")
    repo.git("commit", "-q", "-m", "a check that fails")
    repo.hook("#!/bin/sh\nexec sh check.sh >&2\n")
    repo.configure(wait_s=0.1, **build | ({"check": "sh check.sh"} if check else {}))
    repo.stage("a.txt")
    return commit(repo)


def heredoc(text: str) -> str:
    return f"<<'END'\n{text}END\n"


def printing(text: str) -> str:
    return f"cat {heredoc(text)}"


def test_names_and_who_broke_it_stand_wherever_the_build_is_told(repo: Repo) -> None:
    repo.stage("check.sh", f"#!/bin/sh\nif [ -e broken ]; then {printing(PYTEST_LINES)}exit 1; fi\n")
    repo.git("commit", "-q", "-m", "add the check")
    repo.hook("#!/bin/sh\nexec sh check.sh >&2\n")
    repo.configure(check="sh check.sh", wait_s=0.1, max_attempts=1)
    repo.stage("good.txt")
    assert commit(repo).exit == 0
    repo.git("config", "user.name", "Colleague")
    repo.stage("broken")
    repo.git("commit", "-q", "-m", "break it", "--no-verify")
    suspect = f"suspect: {repo.head()[:10]} by Colleague"
    repo.stage("a.txt")

    told = [commit(repo, "alice").json["message"], commit(repo, "bob").json["message"]]
    told.append(repo.swarm("--as", "bob", "inbox").out)
    told.append(repo.swarm("status").out)
    repo.swarm("--as", "alice", "build", "failed", "--reason", "too hard")
    told.append(repo.swarm("build", "history").out)
    told.append(repo.swarm("build", "show", "1").out.splitlines()[0])
    told.append(repo.swarm("escalation", "show", "1").out.split("The last lines:")[0])
    told.append(repo.swarm("--as", "bob", "inbox").out)

    flat = [one_line(text, 10_000) for text in told]
    assert [text for text in flat if NAMED not in text] == []
    assert [text for text in flat if suspect not in text] == []
    assert [text for text in flat if "FAILED (failures" in text] == []


def test_without_a_check_the_hooks_output_names_what_fails(repo: Repo) -> None:
    refuse(repo, printing("\x1b[31mFAILED\x1b[0m a.py::test_x - TypeError: no\n" + "more lines\n" * 100), check=False)

    assert summary(repo) == "a.py::test_x (TypeError)"


def test_a_name_above_the_kept_lines_is_found_and_kept_with_the_result(repo: Repo) -> None:
    refuse(repo, printing("FAILED a.py::test_x - TypeError: no\n" + "more lines\n" * 1_000))
    commit(repo, "bob")

    (symptom,) = repo.swarm("build", "show", "1", "--json").data["symptoms"]

    assert (symptom["summary"], symptom["times"]) == ("a.py::test_x (TypeError)", 2)


def test_ones_own_failing_change_is_named(repo: Repo) -> None:
    repo.stage("check.sh", f"#!/bin/sh\nif [ -e broken ]; then {printing(PYTEST_LINES)}exit 1; fi\n")
    repo.git("commit", "-q", "-m", "add the check")
    repo.hook("#!/bin/sh\nexec sh check.sh >&2\n")
    repo.configure(check="sh check.sh")
    repo.stage("broken")

    ended = commit(repo)

    assert (ended.exit, NAMED in ended.json["message"]) == (83, True)


def test_a_report_that_the_check_wrote_beats_its_output(repo: Repo) -> None:
    script = f"{printing(PYTEST_LINES)}\nmkdir -p out\ncat > out/junit.xml {heredoc(REPORT)}"

    refuse(repo, script, report="out/junit.xml")

    assert summary(repo) == REPORTED


def test_a_report_that_the_hook_wrote_beats_its_output(repo: Repo) -> None:
    script = f"{printing(PYTEST_LINES)}\ncat > junit.xml {heredoc(REPORT)}"

    refuse(repo, script, check=False, report="junit.xml")

    assert summary(repo) == REPORTED


def test_reports_of_many_files_count_together(repo: Repo) -> None:
    script = "mkdir -p out\n" + "\n".join(
        f"cat > out/TEST-{name}.xml {heredoc(REPORT.replace('SumTest', name))}" for name in ("A", "B")
    )

    refuse(repo, script, report="out/TEST-*.xml")

    assert summary(repo) == "shop.A::adds (AssertionError), +1 more"


@pytest.mark.parametrize("check", [True, False], ids=["check", "hook"])
def test_a_report_of_an_earlier_run_does_not_count(repo: Repo, check: bool) -> None:
    repo.write("out/junit.xml", REPORT)
    repo.write(".gitignore", "out\nswarm.toml\n")

    refuse(repo, printing(PYTEST_LINES), check, report="out/junit.xml", link=["out"])

    assert summary(repo) == NAMED
    assert (repo.path / "out/junit.xml").read_text() == REPORT


def test_a_report_that_is_committed_does_not_count(repo: Repo) -> None:
    repo.stage("junit.xml", REPORT)

    refuse(repo, printing(PYTEST_LINES), report="junit.xml")

    assert summary(repo) == NAMED


@pytest.mark.parametrize(
    "damaged",
    ["", "<testsuites><testsuite>\n", "not XML\n", '<!DOCTYPE a [<!ENTITY b "c">]><testsuite/>\n', "<html/>\n"],
    ids=["empty", "cut", "text", "entities", "another document"],
)
def test_a_damaged_report_leaves_it_to_the_output(repo: Repo, damaged: str) -> None:
    refuse(repo, f"{printing(PYTEST_LINES)}cat > junit.xml {heredoc(damaged)}", report="junit.xml")

    assert summary(repo) == NAMED


def test_a_missing_report_or_one_without_a_failure_leaves_it_to_the_output(repo: Repo) -> None:
    passed = "<testsuite><testcase name='a'/></testsuite>\n"

    refuse(repo, f"{printing(PYTEST_LINES)}cat > junit.xml {heredoc(passed)}", report="*unit.xml")

    assert summary(repo) == NAMED


def test_a_report_of_pytest_itself_is_read(repo: Repo) -> None:
    repo.stage("test_shop.py", "def test_sorted():\n    sorted(None)\n\n\ndef test_sum():\n    assert 1 + 1 == 3\n")

    refuse(repo, f"{sys.executable} -m pytest -q -p no:cacheprovider --junitxml=junit.xml", report="junit.xml")

    assert summary(repo) == "test_shop::test_sorted (TypeError), +1 more"


def test_patterns_of_the_user_name_what_fails(repo: Repo) -> None:
    repo.stage("check.sh", "#!/bin/sh\necho \"error: 'sum.test.adds' failed: Overflow\"; exit 1\n")
    repo.git("commit", "-q", "-m", "a check that fails")
    repo.hook("#!/bin/sh\nexec sh check.sh >&2\n")
    repo.write("swarm.toml", "[signatures.zig]\npatterns = ['''^error: '(?P<id>[\\w.]+)' failed: (?P<kind>\\w+)''']\n")
    repo.stage("a.txt")

    commit(repo)

    assert summary(repo) == "sum.test.adds (Overflow)"


def test_a_pattern_without_an_end_stops_no_commit(repo: Repo, tmp_path: Path) -> None:
    repo.stage("check.sh", f"#!/bin/sh\n{printing(PYTEST_LINES)}echo {'a' * 64}b; exit 1\n")
    repo.git("commit", "-q", "-m", "a check that fails")
    repo.hook("#!/bin/sh\nexec sh check.sh >&2\n")
    repo.write("swarm.toml", "[signatures.endless]\npatterns = ['^(?P<id>(a+)+)$']\n")
    repo.stage("a.txt")

    ended = commit(repo)

    assert (ended.exit, summary(repo)) == (81, f"{NAMED} (the patterns of [signatures] took too long)")
