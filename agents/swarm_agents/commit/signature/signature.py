"""Makes the signature of a breakage from the output of a failed run: the set of what fails, by name.

Each tool's own file of patterns tells how it names a test or a compiler error, without line numbers and times. Where no
tool is recognised, the signature is the last lines, without numbers and paths.
"""

from __future__ import annotations

import hashlib
import re

from swarm_agents.commit.signature.plain_text import read_plain_text
from swarm_agents.commit.signature.tools import Failure, find_failures, read_tools
from swarm_agents.text import one_line
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_IDS = 500  # a broken import fails every test, and five hundred ids are enough to tell two breakages apart
_FALLBACK_LINES = 10
_SUMMARY_LENGTH = 120  # characters of the one name in a summary

_PATH = re.compile(r"(?:[A-Za-z]:)?(?:[\w.@~+-]*[/\\])+([\w.@+-]*)")
_HEX = re.compile(r"\b0x[0-9a-fA-F]+\b|\b[0-9a-f]{12,}\b")
_NUMBER = re.compile(r"\d+")
_QUOTES = str.maketrans("‘’“”", "''\"\"")  # compilers choose them by the locale

# Without a known tool: a line that names an error, and lines that only count failures or pass a status on.
_ERROR = re.compile(r"\b(?:\w*(?:Error|Exception)|error|ERROR|FAIL(?:ED)?|fail(?:ed|ure)?|panic|fatal)\b")
_COUNTS = re.compile(
    r"^FAILED \(|^FAIL(?:ED|URE)?\W*$|^\W*\d+ (?:test|spec|example|fail|error|problem|pass)|^Found \d+ error"
    r"|^Tests?:? .*\d+ fail|^make(?:\[\d+\])?: \*\*\*|^npm (?:ERR!|error)|exit(?:ed)?(?: with)? (?:code|status)"
    r"|^(?:error: )?(?:Recipe|Command|Process|Task|script) .*(?:exit|fail|status|code)",
    re.IGNORECASE,
)


class Signature(NamedTuple):
    """`ids` is what fails, sorted; empty when no tool was recognised. `key` is equal for equal breakages."""

    ids: tuple[str, ...]
    key: str
    kinds: tuple[str, ...] = ()
    """The kind of error of each id, '' where the tool does not tell."""
    telling_line: str = ""
    """Without ids: the line of the output that says most."""
    patterns_ended: bool = False
    """The user's own patterns took too much time or memory, so they name nothing here."""

    def summarize(self) -> str:
        """Names what fails: `tests/test_a.py::test_sum (TypeError), +2 more`; '' for an output without a word."""
        if not self.ids:
            return self.telling_line
        inner = [(one, kind) for one, kind in zip(self.ids, self.kinds, strict=True) if not self._has_parts(one)]
        first, kind = inner[0]
        more = f", +{len(inner) - 1} more" if len(inner) > 1 else ""
        return one_line(first, _SUMMARY_LENGTH) + (f" ({one_line(kind, 40)})" if kind else "") + more

    def _has_parts(self, name: str) -> bool:
        """Whether it is a test whose subtests fail."""
        return any(other.startswith(f"{name}/") for other in self.ids)


def make_signature(output: str, roots: Iterable[str] = (), patterns: tuple[str, ...] = ()) -> Signature:
    """The signature of this output.

    `roots` are folders in which it ran: paths in them are as seen from there. `patterns` are the user's own; they
    are without effect when they take too long, and then the signature says so.
    """
    text = read_plain_text(output)
    for root in roots:
        text = text.replace(f"{root}/", "")
    failures = find_failures(read_tools(), text)
    patterns_ended = False
    if patterns:
        from swarm_agents.commit.signature.user_patterns import find_failures_apart  # starts a process

        found = find_failures_apart(patterns, text)
        failures += found or []
        patterns_ended = found is None
    made = make_from_failures(failures) if failures else _make_from_text(text)
    return made._replace(patterns_ended=patterns_ended)


def make_from_failures(failures: Iterable[Failure]) -> Signature:
    """The signature of these failures, of which there is at least one."""
    kinds: dict[str, str] = {}
    for failure in failures:
        name = _normalize(failure.id)
        kinds[name] = kinds.get(name) or failure.kind
    ids = tuple(sorted(kinds)[:_MOST_IDS])
    return Signature(ids, _hash("\n".join(ids)), tuple(kinds[one] for one in ids))


def _make_from_text(text: str) -> Signature:
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    last = lines[-_FALLBACK_LINES:]
    same = "\n".join(_NUMBER.sub("#", _HEX.sub("#", _PATH.sub(r"\1", line))) for line in last)
    return Signature((), _hash(same), telling_line=_find_telling_line(lines))


def _find_telling_line(lines: list[str]) -> str:
    told = [line for line in lines if not _COUNTS.search(line)]
    errors = [line for line in told if _ERROR.search(line)]
    return one_line((errors or told or lines or [""])[-1], _SUMMARY_LENGTH)


def _normalize(name: str) -> str:
    """A name on one line, without the addresses and quotes that differ from run to run and machine to machine."""
    return _HEX.sub("#", " ".join(name.split())).translate(_QUOTES)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16]
