"""Which commits may land while the build is red, and the git hooks that ask.

Owns the hooks and the folder of judged trees. Uses `commit/`, `build/`, `git/`, events and `db/`.
"""
