"""The leases of tasks. Apart from `tasks`, so that a verb which only renews them loads little."""

from swarm_agents.db.leases import LeaseTable

TASK_LEASES = LeaseTable("tasks", "claimant")
