"""`swarm commit`: one commit from its arguments to its end, and the evidence for what a refusal means.

Owns the tables verdicts and check_runs, and the notes that git and the gate's hooks leave about a commit. Start reading
in commit.py. Uses `build/`, `incidents/`, `git/`, `config/`, `system/` and `db/`.
"""
