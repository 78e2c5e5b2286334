"""What a host runs in the background: ends leases that are over, and announces escalations to the human.

Uses every room of the engine below it. `swarm courier` and the dashboard each have a loop of their own that calls it.
"""
