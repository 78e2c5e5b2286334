"""swarm.toml: what a repository wants of the swarm.

Uses `hosts/` to check screen profiles, `model`, `text` and `errors`.
"""
