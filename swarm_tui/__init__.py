"""The human's screen: what the swarm does, live from its database, and what a person can do about it."""
