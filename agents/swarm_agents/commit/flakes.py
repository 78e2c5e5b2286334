"""Compares failures: which are of the same tests, and which are only of tests that are known to pass at times."""

from __future__ import annotations

from collections.abc import Iterable

from swarm_agents.commit.signature.signature import Signature, make_signature
from swarm_agents.db.transaction import Transaction

_KNOWN = 50  # flaky verdicts, the last ones


def fail_apart(first: Signature, again: Signature) -> bool:
    """Whether two failed runs name what failed and have nothing in common: each of it passed in the other run."""
    names, others = first.ids, again.ids
    return bool(names and others) and set(names).isdisjoint(others)


def fails_alike(output: str, other: str) -> bool:
    """Whether both failed at the same; what names nothing is compared by its last lines."""
    return make_signature(output).key == make_signature(other).key


def fails_only_there(output: str, flaky: Iterable[str]) -> bool:
    """Whether everything that failed is named, and failed in one of the flaky outputs too."""
    names = make_signature(output).ids
    return bool(names) and {name for one in flaky for name in make_signature(one).ids}.issuperset(names)


def list_outputs(tx: Transaction, command: str) -> list[str]:
    """The outputs of the last flaky failures of this check, or of the hook that it stood for."""
    rows = tx.execute(
        "select output from verdicts where verdict = 'flaky' and command = :command order by id desc limit :most",
        command=command,
        most=_KNOWN,
    )
    return [row["output"] for row in rows]


def count_verdicts(tx: Transaction, tree: str) -> int:
    """How often a commit of this tree, or on top of it, was refused as flaky."""
    row = tx.one(
        "select count(*) as n from verdicts where verdict = 'flaky' and (head_tree = :tree or index_tree = :tree)",
        tree=tree,
    )
    return int(row["n"]) if row else 0
