"""How long and when, as people read it. Milliseconds in."""

import time

_SECOND = 1_000
_MINUTE = 60 * _SECOND
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR


def age(ms: int) -> str:
    """Coarse, so that a screen full of ages does not change all the time: `now`, `15s`, `3m`, `2h05`, `4d`."""
    if ms < 15 * _SECOND:
        return "now"
    if ms < _MINUTE:
        return f"{ms // (15 * _SECOND) * 15}s"
    if ms < _HOUR:
        return f"{ms // _MINUTE}m"
    if ms < _DAY:
        return f"{ms // _HOUR}h{ms % _HOUR // _MINUTE:02}"
    return f"{ms // _DAY}d"


def lasting(ms: int) -> str:
    """To the second while that matters: `42 s`, `14 min 3 s`, `2 h 5 min`, `3 d 4 h`."""
    if ms < _MINUTE:
        return f"{max(0, ms) // _SECOND} s"
    if ms < _HOUR:
        return f"{ms // _MINUTE} min {ms % _MINUTE // _SECOND} s"
    if ms < _DAY:
        return f"{ms // _HOUR} h {ms % _HOUR // _MINUTE} min"
    return f"{ms // _DAY} d {ms % _DAY // _HOUR} h"


def countdown(ms: int) -> str:
    """Time that is left: `4:09`, `1:02:03`; `0:00` when none is."""
    seconds = max(0, -(-ms // _SECOND))
    minutes, hours = seconds // 60, seconds // 3600
    return f"{hours}:{minutes % 60:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"


def left(ms: int) -> str:
    """Time that is left, to the second only in the last minute: `5 min`, `42 s`."""
    return f"{-(-ms // _MINUTE)} min" if ms > _MINUTE else f"{max(0, -(-ms // _SECOND))} s"


def roughly(ms: int) -> str:
    """Without the seconds, once there are minutes: `42 s`, `14 min`, `2 h 5 min`, `3 d 4 h`."""
    return f"{ms // _MINUTE} min" if _MINUTE <= ms < _HOUR else lasting(ms)


def of_day(ms: int) -> str:
    return time.strftime("%H:%M:%S", time.localtime(ms / 1000))


def of_day_short(ms: int) -> str:
    return time.strftime("%H:%M", time.localtime(ms / 1000))
