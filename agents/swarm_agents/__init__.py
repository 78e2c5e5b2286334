"""What a swarm of coding agents can do: the engine and the `swarm` command. Knows nothing of the screen."""
