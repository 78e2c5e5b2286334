"""The console script: an event of a host that only says "alive" ends here, everything else is a verb of `main`.

Hosts wait for their hooks, many times a minute, so that this file loads as little as can be.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import NoReturn


def main() -> NoReturn:
    if len(sys.argv) == 3 and sys.argv[1] == "hook":
        from swarm_agents.cli import hook_input  # no other verb needs it

        if hook_input.says_only_alive(sys.argv[2]):
            os._exit(0)

    from swarm_agents.cli.main import main as run_verb  # see above

    run_verb()
