"""The only room that talks to tmux: snapshots of servers, addresses of panes, guarded typing, servers of our own.

Uses `model`, `errors` and `text`. `server` loads libtmux and `tmux` starts tmux; the hot verbs load only `address`.
"""
