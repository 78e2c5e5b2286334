"""Which commits may land while the build is red, and the git hooks that ask.

Uses `commit/`, `build/`, `git/`, events and `db/`.
"""
