"""Parses times of the command line: lengths of time and moments."""

from swarm_agents.cli.parsing import BadArgument

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_LONGEST_S = 100 * 366 * 86_400


def parse_duration_s(text: str) -> float:
    """Seconds of `90s`, `30m`, `2h`, `7d` or `4w`."""
    import re  # `msg` loads this file, and most of its verbs read no time

    parts = re.fullmatch(r"([0-9]{1,12})([smhdw])", text)
    seconds = int(parts[1]) * _UNITS_S[parts[2]] if parts else 0
    if not 0 < seconds <= _LONGEST_S:
        raise BadArgument("must be a length of time: 90s, 30m, 2h, 7d, 4w")
    return float(seconds)


class SinceTime:
    """A moment in the past: a length of time before now, or a date and time (UTC unless it has an offset)."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ago_s: float | None = None
        try:
            self._ago_s = parse_duration_s(text)
        except BadArgument:
            self._at_ms = _parse_moment_ms(text)

    def __str__(self) -> str:
        """As it was given, quoted for a command line."""
        import shlex  # loads re

        return shlex.quote(self._text)

    def at_ms(self, now_ms: int) -> int:
        """UTC milliseconds."""
        return self._at_ms if self._ago_s is None else now_ms - int(self._ago_s * 1000)


def _parse_moment_ms(text: str) -> int:
    from datetime import UTC, datetime  # takes 3 ms; only a date needs it

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadArgument(
            "must be a length of time (90s, 30m, 2h, 7d) or a date and time (2030-01-31T12:00Z)"
        ) from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
