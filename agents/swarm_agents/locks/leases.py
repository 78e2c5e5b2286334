"""The leases of locks. Apart from `locks`, so that a verb which only renews them loads little."""

from swarm_agents.db.leases import LeaseTable

LOCK_LEASES = LeaseTable("locks", "holder")
