"""`swarm commit`: one commit from its arguments to its end, and the evidence for what a refusal means.

Uses `build/`, `incidents/`, `git/`, `config/`, `system/` and `db/`.
"""
