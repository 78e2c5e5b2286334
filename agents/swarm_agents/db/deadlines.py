"""Deadlines on the host's monotonic clock: SQL for the two columns that store one, and reading them as a value.

A clock that jumps (NTP, suspend) must expire no lease, so a deadline is stored as monotonic milliseconds and the
boot id; a deadline of another boot has passed. Wall-clock columns beside it are for people.
Statements made from these pieces take the parameters of `Transaction.clock`.
"""

from __future__ import annotations

from swarm_agents.db.transaction import Row
from swarm_agents.model import Deadline, Moment
from swarm_agents.values import NamedTuple


class DeadlineColumns(NamedTuple):
    """The two columns of one deadline. Each property is a piece of SQL."""

    mono_ms: str
    boot_id: str

    @property
    def names(self) -> str:
        """For the column list of an insert, whose values `value_in` makes."""
        return f"{self.mono_ms}, {self.boot_id}"

    @property
    def has_passed(self) -> str:
        return self.is_not_after(":mono", ":boot")

    @property
    def is_ahead(self) -> str:
        return f"{self.boot_id} = :boot and {self.mono_ms} > :mono"

    @property
    def cleared(self) -> str:
        """An assignment that removes the deadline."""
        return f"{self.mono_ms} = null, {self.boot_id} = null"

    @property
    def taken_over(self) -> str:
        """An assignment in an upsert: the deadline of the row that was to be inserted."""
        return f"{self.mono_ms} = excluded.{self.mono_ms}, {self.boot_id} = excluded.{self.boot_id}"

    def of(self, table: str) -> DeadlineColumns:
        """The same columns with the table named, for a condition of an upsert."""
        return DeadlineColumns(f"{table}.{self.mono_ms}", f"{table}.{self.boot_id}")

    def set_in(self, ms: str) -> str:
        """An assignment: the deadline is `ms` from now; `ms` is a parameter or a column."""
        return f"{self.mono_ms} = :mono + {ms}, {self.boot_id} = :boot"

    def set_in_case(self, condition: str, ms: str) -> str:
        """The same where the condition holds; no deadline where it does not."""
        return (
            f"{self.mono_ms} = case when {condition} then :mono + {ms} end, "
            f"{self.boot_id} = case when {condition} then :boot end"
        )

    @property
    def set_now(self) -> str:
        """An assignment for columns that record a moment: now."""
        return f"{self.mono_ms} = :mono, {self.boot_id} = :boot"

    def is_not_after(self, mono: str, boot: str) -> str:
        """A condition: it lies at or before the moment in these two parameters, or belongs to another boot."""
        return f"({self.boot_id} <> {boot} or {self.mono_ms} <= {mono})"

    def read(self, row: Row) -> Deadline | None:
        """The deadline in the row, None where there is none."""
        mono_ms = row[self.mono_ms]
        return None if mono_ms is None else Deadline(mono_ms, row[self.boot_id])


def columns(name: str) -> DeadlineColumns:
    """The columns `NAME_mono_ms` and `NAME_boot_id`."""
    return DeadlineColumns(f"{name}_mono_ms", f"{name}_boot_id")


def value_in(ms: str) -> str:
    """The values for `DeadlineColumns.names`: a deadline `ms` from now."""
    return f":mono + {ms}, :boot"


def moment_values(name: str, moment: Moment | None) -> dict[str, int | str]:
    """The parameters `:NAME_mono` and `:NAME_boot`. None stands for a moment after every other one."""
    if moment is None:
        return {f"{name}_mono": 0, f"{name}_boot": ""}
    return {f"{name}_mono": moment.mono_ms, f"{name}_boot": moment.boot_id}
