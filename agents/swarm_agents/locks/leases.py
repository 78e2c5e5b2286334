"""The leases of locks. A file of its own, so that a verb which only renews them need not load `locks`."""

from swarm_agents.db.leases import LeaseTable

LOCK_LEASES = LeaseTable("locks", "holder")
