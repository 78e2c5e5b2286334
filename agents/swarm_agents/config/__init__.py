"""swarm.toml, the configuration of a repository: `config` reads it as values, `schema` checks its keys.

Uses `hosts/` to check screen profiles, `model`, `text` and `errors`.
"""
