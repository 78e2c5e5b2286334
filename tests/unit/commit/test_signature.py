"""Signatures: the same breakage has the same one, another breakage another, whatever the tool prints around it."""

import pytest

from swarm_agents.commit.signature.signature import make_signature

CHANGING = {
    "pytest": "FAILED tests/test_a.py::test_sum - assert {n} == 4\n=== 2 failed, 40 passed in {time}s ===\n",
    "unittest": "=" * 70 + "\nFAIL: test_sum (tests.test_a.Sums)\n" + "-" * 70 + "\nRan {n} tests in {time}s\n",
    "go": "--- FAIL: TestSum ({time}s)\n    sum_test.go:{n}: got 3\nFAIL\texample.org/sum\t{time}s\n",
    "jest": "FAIL src/sum.test.ts ({time} s)\n  ● sums › adds\n\n    boom\n      ✕ adds ({n} ms)\n",
    "vitest": "     × adds {n}ms\n FAIL  src/sum.test.ts > sums > adds\n Duration  {time}s\n",
    "tsc": "src/a.ts({n},5): error TS2322: Type 'string' is not assignable to type 'number'.\n",
    "mypy": 'src/a.py:{n}: error: Incompatible return value type (got "int")  [return-value]\n',
    "ruff": "F401 [*] `os` imported but unused\n --> src/a.py:{n}:8\n  |\n",
    "gcc": "src/a.c:{n}:5: error: 'x' undeclared (first use in this function)\n",
    "rustc": "error[E0308]: mismatched types\n --> src/main.rs:{n}:5\n",
}


@pytest.mark.parametrize("output", CHANGING.values(), ids=CHANGING.keys())
def test_times_and_line_numbers_never_change_a_signature(output: str) -> None:
    first = make_signature(output.format(time="0.12", n=12))
    later = make_signature(output.format(time="9.87", n=99))

    assert len(first.ids) == 1
    assert later.key == first.key


def test_a_time_in_the_name_of_a_test_belongs_to_its_name() -> None:
    output = "--- FAIL: TestRetry5s (0.00s)\n--- FAIL: TestRetry30s (0.00s)\n"

    assert make_signature(output).ids == ("TestRetry30s", "TestRetry5s")


@pytest.mark.parametrize(
    "dressed",
    [
        "\x1b[31mFAILED\x1b[0m tests/a.py::\x1b[1mtest_x\x1b[0m - boom\r\n",
        "\x1b]8;;file:///repo/tests/a.py\x1b\\FAILED tests/a.py::test_x\x1b]8;;\x1b\\ - boom\n",
        "\x1b]8;;file:///repo/tests/a.py\x07FAILED tests/a.py::test_x\x1b]8;;\x07 - boom\n",
        " 10% [#   ]\r 50% [##  ]\r\x1b[KFAILED tests/a.py::test_x - boom\n",
        "running\x1b[1G\x1b[2KFAILED tests/a.py::test_x - boom\n",
        "running 3 tests\n\x1b[1A\x1b[2KFAILED tests/a.py::test_x - boom\x1b[?25h\n",
        "\x1b(B\x1b[mFAILED tests/a.py::test_x - boom\x1b[K\n",
    ],
    ids=["colours", "link", "link ended by a bell", "progress bar", "spinner", "cursor moved up", "other codes"],
)
def test_what_a_terminal_hides_makes_no_difference(dressed: str) -> None:
    assert make_signature(dressed).key == make_signature("FAILED tests/a.py::test_x - boom\n").key


def test_of_an_unknown_tool_only_the_last_state_of_a_progress_bar_counts() -> None:
    quick, slow = "step 50%\rstep 100%\nno\n", "step 1%\rstep 2%\rstep 3%\r\x1b[Kstep 100%\nno\n"

    assert make_signature(quick).key == make_signature(slow).key


def test_a_file_has_one_name_in_whichever_tree_it_was_compiled() -> None:
    first = make_signature("/tmp/tree-1/src/a.c:1:5: error: no\n", ["/tmp/tree-1"])

    assert first.ids == ("src/a.c no",)
    assert make_signature("/home/a/shop/src/a.c:1:5: error: no\n", ["/home/a/shop"]).key == first.key


def test_another_failing_test_is_another_breakage() -> None:
    assert make_signature("FAILED a.py::x\n").key != make_signature("FAILED a.py::y\n").key


def test_another_error_of_the_same_test_is_the_same_breakage() -> None:
    assert make_signature("FAILED a.py::x - TypeError: a\n").key == make_signature("FAILED a.py::x - ValueError\n").key


def test_an_unknown_tool_is_told_by_its_last_lines_without_numbers_and_paths() -> None:
    first = make_signature("step 12\nerror in /tmp/x1/build/main.zig at 0xdeadbeef after 3 s\n")

    assert first.ids == ()
    assert make_signature("step 13\nerror in /home/b/main.zig at 0xcafe0000 after 45 s\n").key == first.key
    assert make_signature("step 13\nwarning in /home/b/main.zig at 0xcafe0000 after 45 s\n").key != first.key


def test_an_output_of_any_bytes_has_a_signature() -> None:
    assert make_signature("").key
    assert make_signature("\udcff\x00" * 1000).key


@pytest.mark.parametrize(
    ("output", "summary"),
    [
        ("FAILED a.py::test_b - TypeError: no\n1 failed in 0.1s\n", "a.py::test_b (TypeError)"),
        ("FAILED a.py::b - assert 1 == 2\nFAILED a.py::c\nFAILED a.py::d\n", "a.py::b (AssertionError), +2 more"),
        ("--- FAIL: TestA (0.0s)\n    --- FAIL: TestA/b (0.0s)\n", "TestA/b"),
        ("ValueError: the shop is closed\n\nFAILED (failures=1)\n", "ValueError: the shop is closed"),
        ("sum.sh: error: 2 is not 3\nmake: *** [Makefile:2: test] Error 1\n", "sum.sh: error: 2 is not 3"),
        ("the shop is closed\n3 tests failed\n", "the shop is closed"),
        ("3 tests failed\n", "3 tests failed"),
        ("", ""),
    ],
)
def test_a_summary_names_what_fails_and_never_only_counts(output: str, summary: str) -> None:
    assert make_signature(output).summarize() == summary
