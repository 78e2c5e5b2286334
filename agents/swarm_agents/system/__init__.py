"""What every room takes from the operating system: subprocesses, parallel threads, owned folders, the log file.

Uses only `text` and `errors`. Starts no git and no tmux; `git/` and `panes/` do, through this room.
"""
