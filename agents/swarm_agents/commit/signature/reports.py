"""Reads what failed from reports in JUnit XML, which most test runners can write.

Only this file imports junitparser.
"""

from __future__ import annotations

import re

from swarm_agents.commit.signature.tools import Failure
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from junitparser import TestCase
    from junitparser.junitparser import FinalResult

_LARGEST_BYTES = 20_000_000
_ERROR_CLASS = re.compile(r"^(?:[\w$]+[.:\\]+)*([A-Za-z_$][\w$]*)$")
_MESSAGE = re.compile(r"^(?:[\w$]+[.:\\]+)*([A-Z][\w$]*)(?=: )")
_RAISED = re.compile(r"\b([A-Z]\w*(?:Error|Exception))\b")


def read_reports(files: Iterable[Path]) -> list[Failure]:
    """What failed, by these reports; empty when there is none, or one is damaged."""
    found: list[Failure] = []
    for file in files:
        failures = _read_report(file)
        if failures is None:
            return []
        found += failures
    return found


def _read_report(file: Path) -> list[Failure] | None:
    """The failures in this file; None when it is no report that can be read."""
    import junitparser  # loads an XML parser, and few checks write a report

    try:
        with open(file, "rb") as opened:
            content = opened.read(_LARGEST_BYTES + 1)
        if len(content) > _LARGEST_BYTES or b"<!DOCTYPE" in content:  # a report has none, and an attack needs one
            return None
        suites = junitparser.JUnitXml.fromstring(content)
        return [_read_case(case, result) for case, result in _list_failed(suites)]
    except (OSError, SyntaxError, ValueError, RecursionError, junitparser.JUnitXmlError):
        return None  # ElementTree's and lxml's errors are SyntaxErrors


def _list_failed(suites: object) -> Iterator[tuple[TestCase, FinalResult]]:
    from junitparser import Error, Failure, JUnitXml, TestSuite  # see `_read_report`

    for part in suites if isinstance(suites, (JUnitXml, TestSuite)) else ():
        if isinstance(part, TestSuite):
            yield from _list_failed(part)
            continue
        results = [result for result in part.result if isinstance(result, (Failure, Error))]
        if results:
            yield part, results[0]


def _read_case(case: TestCase, result: FinalResult) -> Failure:
    where = case._elem.get("file") or case.classname
    name = "::".join(part for part in (where, case.name) if part)
    return Failure(name or "a test without a name", _read_kind(result))


def _read_kind(result: FinalResult) -> str:
    """The class of the error, from its type or from how the message begins; '' where neither names one."""
    named = _ERROR_CLASS.match(result.type or "")
    if named and named[1].lower() not in ("failure", "error", "failed"):
        return named[1]
    message = result.message or ""
    begins = _MESSAGE.match(message) or _RAISED.search(message[:200])
    if begins:
        return begins[1]
    return "AssertionError" if message.startswith("assert ") else ""
