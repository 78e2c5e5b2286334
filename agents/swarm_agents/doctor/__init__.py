"""What could go wrong here, each finding with its remedy, and the repairs that `swarm doctor --fix` may make.

An examination looks at one subject and returns findings; none may hold up the others (`examination`). Nothing is
changed, except by `repairs`. May use every room below: it asks each for what that room itself relies on.
"""
