"""Mutants of the build's statements, each of which some test must notice: guards removed, sums not done."""

from dataclasses import dataclass, field


@dataclass
class Mutant:
    """Replaces `true` by `false` in statements that contain `where`. `hits` counts the statements that it changed."""

    what: str
    true: str
    false: str
    where: str = ""
    hits: int = field(default=0, compare=False)

    def __call__(self, sql: str) -> str:
        if self.true not in sql or self.where not in sql:
            return sql
        self.hits += 1
        return sql.replace(self.true, self.false)


MUTANTS = (
    Mutant("any fence is accepted", "fence = coalesce(:fence, fence)", "1 = 1"),
    Mutant("anyone with the fence is the holder", "fixer_agent_id = :agent and fence", "fence"),
    Mutant("a lease survives a restart", "lease_boot_id <> :boot or ", ""),
    Mutant("every lease has run out", "lease_mono_ms <= :mono", "1 = 1"),
    Mutant("no lease runs out", "lease_mono_ms <= :mono", "1 = 0"),
    Mutant("leases follow the wall clock", "lease_mono_ms <= :mono", "lease_expires_at <= :now"),
    Mutant("old checks count", "fresh_mono_ms <= :began_mono", "1 = 1"),
    Mutant("a check is old at once", "fresh_mono_ms <= :began_mono", "fresh_mono_ms + 1 < :began_mono"),
    Mutant("one attempt too many", "attempts_used + 1 >= max_attempts", "attempts_used >= max_attempts"),
    Mutant("one attempt too few", "attempts_used + 1 >= max_attempts", "attempts_used + 2 >= max_attempts"),
    Mutant("attempts are not counted", "attempts_used = attempts_used + :counts", "attempts_used = attempts_used"),
    Mutant(
        "a missing right uses up an attempt",
        "attempts_used = attempts_used + :counts",
        "attempts_used = attempts_used + 1",
    ),
    Mutant("a missing right does not ask", "when :asks = 1 or", "when 1 = 0 or"),
    Mutant(
        "the role can be taken while it is held",
        "status = 'broken' and attempts_used",
        "status in ('broken', 'fixing') and attempts_used",
    ),
    Mutant(
        "an escalated build can be claimed",
        "status = 'broken' and attempts_used",
        "status in ('broken', 'escalated') and attempts_used",
    ),
    Mutant("a red build opens another incident", "status = 'passing' and", "status <> 'fixing' and"),
    Mutant("a claim takes no new fence", "status = 'fixing', fence = fence + 1", "status = 'fixing', fence = fence"),
    Mutant(
        "an end takes no new fence",
        "attempts_used = attempts_used + :counts, fence = fence + 1",
        "attempts_used = attempts_used + :counts",
    ),
    Mutant("green takes no new fence", "budget = budget + 1, fence = fence + 1", "budget = budget + 1"),
    Mutant(
        "a human may come late", "status in ('broken', 'fixing') and fence = :fence", "status in ('broken', 'fixing')"
    ),
    Mutant(
        "force-release ignores the fence",
        "where id = 1 and status = 'fixing' and fence = :fence",
        "where id = 1 and status = 'fixing'",
    ),
    Mutant("a fixer is healed away", "status = 'broken' and (changed", "status in ('broken', 'fixing') and (changed"),
    Mutant("a check from before heals", "changed_mono_ms <= :began_mono", "1 = 1"),
    Mutant("any agent may hand over", "fixer_agent_id = :giver and ", ""),
    Mutant("a renewal renews nothing", "lease_mono_ms = :mono + lease_ms", "lease_mono_ms = lease_mono_ms"),
    Mutant("a renewal keeps the old boot", "lease_boot_id = :boot where", "lease_boot_id = lease_boot_id where"),
    Mutant("the new budget is spent already", "attempts_used = 0, network_failures = 0", "network_failures = 0"),
    Mutant("the old budget's checks count", "fresh_mono_ms = :mono", "fresh_mono_ms = fresh_mono_ms"),
    Mutant("green can be escalated", "status in ('broken', 'fixing') returning", "status <> 'escalated' returning"),
    Mutant("asking leaves the fixer its fence", "status = 'escalated', fence = fence + 1", "status = 'escalated'"),
    Mutant("a change of status has no time", "changed_mono_ms = :mono", "changed_mono_ms = changed_mono_ms"),
    Mutant("the line is forgotten while it waits", "deadline_mono_ms <= :mono - :grace", "1 = 1"),
    Mutant("no waiter is ever forgotten", "deadline_boot_id <> :boot or deadline_mono_ms <= :mono - :grace", "1 = 0"),
    Mutant(
        "the fixer stands in line too",
        "delete from waiters where agent = :agent",
        "delete from waiters where agent = :agent and 1 = 0",
    ),
    Mutant("the network costs an attempt", "attempts_used + :counts,", "attempts_used + :counts + :network,"),
    Mutant("the network is failing for ever", "network_failures >= :pauses", "1 = 0"),
    Mutant("the network fails once too often", "network_failures >= :pauses", "network_failures > :pauses"),
    Mutant("failures of the network are not counted", "network_failures + :network", "network_failures"),
    Mutant("a claim ignores the pause", "retry_mono_ms <= :mono", "1 = 1"),
    Mutant("a pause survives a restart", "retry_boot_id <> :boot or ", ""),
    Mutant("a pause follows the wall clock", "retry_mono_ms <= :mono", "retry_at <= :now"),
    Mutant("the new budget has the old failures of the network", "network_failures = 0, ", ""),
    Mutant("the new budget begins in the old pause", "retry_boot_id = null", "retry_boot_id = retry_boot_id"),
)
