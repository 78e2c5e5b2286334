"""What an event of a coding agent's hooks means for the swarm, and what the agent is told: facts, never commands.

Uses hosts for events and replies, and below it whatever an event touches: the gate, the build, locks, messages. `swarm
hook` is its only caller. What another agent wrote is told as a quotation and in no other way.
"""
