"""The human's screen over the swarm's database."""
