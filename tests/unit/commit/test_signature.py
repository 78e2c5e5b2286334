"""Signatures: the same breakage has the same one, another breakage another, whatever the tool prints around it."""

import pytest

from swarm_agents.commit.signature.signature import make_signature

PYTEST = """
tests/test_a.py:12: AssertionError
=========================== short test summary info ============================
FAILED tests/test_a.py::test_sum - assert 3 == 4
FAILED tests/test_a.py::TestB::test_c[x y] - ValueError: 0x7f12ab
ERROR tests/test_broken.py
========================= 2 failed, 40 passed in {time}s =========================
"""
UNITTEST = """
======================================================================
FAIL: test_sum (tests.test_a.Sums.test_sum)
----------------------------------------------------------------------
AssertionError: 3 != 4

Ran 12 tests in {time}s
"""
GO = """
--- FAIL: TestSum ({time}s)
    --- FAIL: TestSum/negative ({time}s)
        sum_test.go:12: got 3
FAIL\texample.org/sum\t{time}s
"""
CARGO = """
test sums::adds ... FAILED
test sums::subs ... ok
test result: FAILED. 1 passed; 1 failed; finished in {time}s
"""
JEST = """
FAIL src/sum.test.ts
  ● sums › adds

    expect(received).toBe(expected)
      ✕ adds ({time} ms)
"""
VITEST = """
 FAIL  src/sum.test.ts > sums > adds
 Duration  {time}s
"""
TSC = "src/a.ts({n},5): error TS2322: Type 'string' is not assignable to type 'number'.\n"
TSC_PRETTY = "src/a.ts:{n}:5 - error TS2322: Type 'string' is not assignable to type 'number'.\n"
MYPY = 'src/a.py:{n}: error: Incompatible return value type (got "int")  [return-value]\n'
RUFF = "src/a.py:{n}:1: F401 [*] `os` imported but unused\n"
RUFF_FULL = "F401 [*] `os` imported but unused\n --> src/a.py:{n}:8\n  |\n"
GCC = "src/a.c:{n}:5: error: 'x' undeclared (first use in this function)\n"
RUSTC = "error[E0308]: mismatched types\n --> src/main.rs:{n}:5\n"


@pytest.mark.parametrize(
    ("output", "ids"),
    [
        (PYTEST, ["tests/test_a.py::TestB::test_c[x y]", "tests/test_a.py::test_sum", "tests/test_broken.py"]),
        (UNITTEST, ["test_sum (tests.test_a.Sums.test_sum)"]),
        (GO, ["TestSum", "TestSum/negative"]),
        (CARGO, ["sums::adds"]),
        (JEST, ["adds", "src/sum.test.ts", "sums › adds"]),
        (VITEST, ["src/sum.test.ts > sums > adds"]),
        (TSC, ["src/a.ts error TS2322: Type 'string' is not assignable to type 'number'."]),
        (TSC_PRETTY, ["src/a.ts error TS2322: Type 'string' is not assignable to type 'number'."]),
        (MYPY, ['src/a.py error: Incompatible return value type (got "int")  [return-value]']),
        (RUFF, ["src/a.py F401"]),
        (RUFF_FULL, ["F401 src/a.py"]),
        (GCC, ["src/a.c error: 'x' undeclared (first use in this function)"]),
        (RUSTC, ["error[E0308]: mismatched types src/main.rs"]),
    ],
)
def test_each_tool_names_what_fails_and_not_when_or_on_which_line(output: str, ids: list[str]) -> None:
    first = make_signature(output.format(time="0.12", n=12)) if "{" in output else make_signature(output)
    moved = make_signature(output.format(time="9.87", n=99)) if "{" in output else first

    assert [one for one in first.ids if "sum_test.go" not in one] == sorted(ids)
    assert moved.key == first.key


def test_colours_make_no_difference() -> None:
    plain = make_signature("FAILED tests/a.py::test_x - boom\n")

    assert make_signature("\x1b[31mFAILED\x1b[0m tests/a.py::test_x - boom\r\n").key == plain.key


def test_another_failing_test_is_another_breakage() -> None:
    assert make_signature("FAILED a.py::x\n").key != make_signature("FAILED a.py::y\n").key


def test_an_unknown_tool_is_told_by_its_last_lines_without_numbers_and_paths() -> None:
    first = make_signature("step 12\nerror in /tmp/x1/build/main.zig at 0xdeadbeef after 3 s\n")

    assert first.ids == ()
    assert make_signature("step 13\nerror in /home/b/main.zig at 0xcafe0000 after 45 s\n").key == first.key
    assert make_signature("step 13\nwarning in /home/b/main.zig at 0xcafe0000 after 45 s\n").key != first.key


def test_an_output_of_any_bytes_has_a_signature() -> None:
    assert make_signature("").key
    assert make_signature("\udcff\x00" * 1000).key
