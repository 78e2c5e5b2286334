"""How long the screen may sleep: until a text on it changes with the time."""

from swarm_agents.model import Moment
from swarm_agents.views.snapshot import Snapshot, View, is_at_rest

_SECOND_S = 1.0  # something counts down
_YOUNG_S = 5.0  # an age under a minute is shown in steps of 15 s, and a lease's last minute in seconds
_MINUTE_MS = 60_000


def find_pause_s(view: View | None, moment: Moment) -> float:
    """Seconds until the next tick. While nothing counts down and nothing is new, the turn of the clock's minute."""
    if not isinstance(view, Snapshot) or not is_at_rest(view):
        return _SECOND_S
    if view.work is not None or moment.wall_ms - _find_newest(view) < _MINUTE_MS:
        return _YOUNG_S
    return (_MINUTE_MS - moment.wall_ms % _MINUTE_MS) / 1000


def _find_newest(snapshot: Snapshot) -> int:
    """When the youngest thing happened whose age is shown."""
    moments = [snapshot.build.changed_at, *(event.at for event in snapshot.events[-1:])]
    return max(moments + [listed.agent.seen_at for listed in snapshot.agents])
