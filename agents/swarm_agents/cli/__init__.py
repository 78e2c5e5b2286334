"""The `swarm` command: one file per noun, exit codes as an interface."""
