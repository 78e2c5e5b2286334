"""Makes the signature of a breakage from the output of a failed run: the set of what fails.

It consists of the test ids and compiler errors of the tools below, without line numbers, times and colours. Where there
are none, it is the last lines, without numbers and paths.
"""

from __future__ import annotations

import hashlib
import re

from swarm_agents.values import NamedTuple

_MOST_IDS = 500  # a broken import fails every test, and five hundred ids are enough to tell two breakages apart
_FALLBACK_LINES = 10

_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_TIME = re.compile(r"\s*[(\[]?\d+(\.\d+)?\s?m?s[)\]]?$")
_PATH = re.compile(r"(?:[A-Za-z]:)?(?:[\w.@~+-]*[/\\])+([\w.@+-]*)")
_HEX = re.compile(r"\b0x[0-9a-fA-F]+\b|\b[0-9a-f]{12,}\b")
_NUMBER = re.compile(r"\d+")

# One pattern for each way in which a tool names what failed; its groups, joined, are the id.
_FAILURES = [
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        r"^(?:FAILED|ERROR) ([^\s:]+(?:::\S[^\n]*?|\.py))(?= - |\s*$)",  # pytest
        r"^(?:FAIL|ERROR): (\w+ \([\w.]+\))",  # unittest
        r"^\s*--- FAIL: (\S+)",  # go test
        r"^test (\S+) \.\.\. FAILED$",  # cargo test
        r"^\s*● (.+ › .+)$",  # jest
        r"^\s*(?:FAIL|×|✗|✕)\s+(\S+\.[cm]?[jt]sx?(?: > .+)?)$",  # jest and vitest, by file
        r"^\s*[×✗✕] (.+)$",  # vitest, by test
        r"^(\S+?)[(:]\d+[,:]\d+\)?(?:: | - )(error TS\d+: .+)$",  # tsc
        r"^(\S+\.pyi?):\d+(?::\d+)?: (error: .+)$",  # mypy
        r"^(\S+\.pyi?):\d+:\d+: ([A-Z]+\d+) ",  # ruff, concise
        r"^([A-Z]+\d{3}) .*\n\s*--> (\S+?):\d+:\d+$",  # ruff, full
        r"^(error(?:\[E\d+\])?: .+)\n\s*--> (\S+?):\d+:\d+$",  # rustc
        r"^(\S+\.(?:c|cc|cpp|cxx|h|hpp|m|mm)):\d+(?::\d+)?: ((?:fatal )?error: .+)$",  # gcc and clang
        r"^(\S+\.go):\d+(?::\d+)?: (.+)$",  # go build and vet
    )
]


class Signature(NamedTuple):
    """`ids` is what fails, sorted; empty when no tool was recognised. `key` is equal for equal breakages."""

    ids: tuple[str, ...]
    key: str


def make_signature(output: str) -> Signature:
    plain = _COLOUR.sub("", output).replace("\r", "")
    ids = tuple(sorted(set(_find_ids(plain)))[:_MOST_IDS])
    text = "\n".join(ids) if ids else _last_lines(plain)
    return Signature(ids, hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16])


def _find_ids(plain: str) -> list[str]:
    found = []
    for pattern in _FAILURES:
        for match in pattern.finditer(plain):
            found.append(_normalize(" ".join(part for part in match.groups() if part)))
    return found


def _normalize(failing: str) -> str:
    """An id without what differs from run to run: times and addresses."""
    return _HEX.sub("#", _TIME.sub("", failing.strip()))


def _last_lines(plain: str) -> str:
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    return "\n".join(_NUMBER.sub("#", _HEX.sub("#", _PATH.sub(r"\1", line))) for line in lines[-_FALLBACK_LINES:])
