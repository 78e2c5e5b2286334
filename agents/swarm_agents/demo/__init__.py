"""`swarm demo`: real agents, git, tmux and database at work in a temporary folder.

Uses every room of the engine, and the commands `swarm` and `swarm-tui` as a user would."""
