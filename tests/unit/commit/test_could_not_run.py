"""Which failures say nothing about the code: by exit status, and by what git, the shell or a program printed."""

import pytest

from swarm_agents.commit.could_not_run import explain, names_failures

NAMED = "FAILED tests/test_a.py::test_b - assert 1 == 2\n"


# What dash, bash, zsh, env and make print is copied from them; the rest is written from their documentation.
@pytest.mark.parametrize(
    ("status", "output"),
    [
        (127, ".git/hooks/pre-commit: 2: foo: not found\n"),
        (127, "sh: 1: foo: not found\n"),
        (127, "hook: line 2: foo: command not found\n"),
        (127, "bash: Zeile 1: foo: Kommando nicht gefunden.\n"),
        (127, "bash: ligne 1 : foo : commande introuvable\n"),
        (127, "zsh:1: command not found: foo\n"),
        (127, "fish: Unknown command: foo\n"),
        (127, "/usr/bin/env: ‘nonode’: No such file or directory\n"),
        (127, "\x1b[31msh: 1: foo: not found\x1b[0m\n"),
        (127, "> test\n> mocha\n\nsh: 1: mocha: not found\nnpm ERR! Test failed.  See above for more details.\n"),
        (126, ".git/hooks/pre-commit: line 2: ./f: Permission denied\n"),
        (126, ".git/hooks/pre-commit: 2: ./f: Permission denied\n"),
        (126, "zsh:1: permission denied: ./f\n"),
        (126, "bash: ./f: cannot execute binary file: Exec format error\n"),
        (126, "bash: ./f: /no/such: bad interpreter: No such file or directory\n"),
        (127, ""),
        (126, "\n"),
        (137, "Killed\n"),
        (137, f"{NAMED}Killed\n"),
        (137, "hook: line 2: 24503 Killed                  sh -c \"kill -9 $$\"\n"),
        (137, "zsh: killed     ./f\n"),
        (139, "Segmentation fault\n"),
        (139, "Segmentation fault (core dumped)\n"),
        (143, "Terminated\n"),
        (137, "tests ... app exited\n"),
        (130, ""),
        (-9, NAMED),
        (-1, ""),
        (128, "fatal: unable to read tree 1234\n"),
        (2, "make: *** [Makefile:5: k] Killed\n"),
        (2, f"{NAMED}make[1]: *** [Makefile:5: k] Killed\n"),
        (2, "/bin/sh: 1: foo: not found\nmake: *** [Makefile:9: s] Error 127\n"),
        (2, "make: *** [Makefile:9: s] Error 137\n"),
        (1, "check....Failed\n- hook id: check\n- exit code: 127\n\nsh: 1: foo: not found\n"),
        (1, "check....Failed\n- hook id: check\n- exit code: 1\n\nExecutable `foo` not found\n"),
        (101, "process didn't exit successfully: `target/debug/a` (signal: 9, SIGKILL: kill)\n"),
        (1, "signal: killed\nFAIL\texample.org/a\t3.0s\n"),
        (1, "c++: fatal error: Killed signal terminated program cc1plus\n"),
        (1, "cp: error writing 'x': No space left on device\n"),
        (1, "MemoryError\n"),
        (1, "numpy.core._exceptions._ArrayMemoryError\nOSError: [Errno 12] Cannot allocate memory\n"),
        (134, "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\nAborted\n"),
        (1, f"{NAMED}FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n"),
        (134, "terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc\nAborted\n"),
        (3, "Terminating due to java.lang.OutOfMemoryError: Java heap space\n"),
        (1, "hook: line 2: 24503 Killed                  pytest\n"),
    ],
)  # fmt: skip
def test_what_could_not_run_says_nothing_about_the_code(status: int, output: str) -> None:
    assert explain(status, output)


@pytest.mark.parametrize(
    ("status", "output"),
    [
        (1, NAMED),
        (1, ""),
        (125, ""),
        (255, "PHP Fatal error:  Uncaught Error: Call to undefined function foo() in /a.php:3\n"),
        (255, ""),
        (130, "  0 passing (2s)\n  130 failing\n\n  1) Array\n       #indexOf():\n"),
        (127, "  127 failing\n"),
        (126, f"126 tests\n{NAMED}"),
        (130, NAMED),
        (137, f"{NAMED}assert 'Killed' in ''\n"),
        (143, "not ok 1 - terminates\n"),
        (128, "128 problems (128 errors, 0 warnings)\n"),
        (127, "lint: all of it is ugly\n"),
        (1, f"{NAMED}E   AssertionError: assert 'No space left on device' in ''\n"),
        (1, f"{NAMED}E   AssertionError: expected Killed\n"),
        (1, f"{NAMED}Failed: DID NOT RAISE <class 'MemoryError'>\n"),
        (1, "1 failed, 3 passed\nstd::bad_alloc\n"),
        (101, "(signal: 11, SIGSEGV: invalid memory reference)\n"),
        (2, "make: *** [Makefile:2: t] Error 1\n"),
    ],
)
def test_what_judged_the_code_is_a_refusal_with_any_status(status: int, output: str) -> None:
    assert explain(status, output) is None


@pytest.mark.parametrize(
    "error",
    [
        "cannot run .git/hooks/pre-commit: No such file or directory",
        "cannot exec '.git/hooks/pre-commit': Permission denied",
        ".git/hooks/pre-commit died of signal 9",
    ],
)
def test_what_git_says_of_a_hook_counts_whatever_it_printed(error: str) -> None:
    assert explain(137, NAMED, [error]) == error


def test_a_command_that_passed_has_run() -> None:
    assert explain(0, "Killed\n") is None


@pytest.mark.parametrize("output", ["0 failed, 3 passed", "failures: 0", "no errors", "", "Error 127"])
def test_a_count_of_none_names_no_failure(output: str) -> None:
    assert not names_failures(output)
