"""What the operating system gives every room: subprocesses with a time limit, threads side by side, the log file.

Uses only `text` and `errors`. Starts no git and no tmux; `git/` and `panes/` do, through this room.
"""
