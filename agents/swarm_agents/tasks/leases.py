"""The leases of tasks. A file of its own, so that a verb which only renews them need not load `tasks`."""

from swarm_agents.db.leases import LeaseTable

TASK_LEASES = LeaseTable("tasks", "claimant")
