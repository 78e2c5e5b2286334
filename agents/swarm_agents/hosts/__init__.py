"""The coding agents that people run: one folder for each, with what its screen looks like as data.

A host needs nothing of the swarm: uses only `text` and `errors`, so the configuration and the courier may use it.
"""
