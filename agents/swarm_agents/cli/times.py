"""Times as people write them on the command line: how long, and since when."""

import argparse
import re
import shlex

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_LONGEST_S = 100 * 366 * 86_400


def parse_duration_s(text: str) -> float:
    """`90s`, `30m`, `2h`, `7d`, `4w`."""
    said = re.fullmatch(r"([0-9]{1,12})([smhdw])", text)
    seconds = int(said[1]) * _UNITS_S[said[2]] if said else 0
    if not 0 < seconds <= _LONGEST_S:
        raise argparse.ArgumentTypeError("must be a length of time: 90s, 30m, 2h, 7d, 4w")
    return float(seconds)


class SinceTime:
    """A length of time before now, or a date and time (UTC unless it says otherwise)."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ago_s: float | None = None
        try:
            self._ago_s = parse_duration_s(text)
        except argparse.ArgumentTypeError:
            self._at_ms = _moment_ms(text)

    def __str__(self) -> str:
        """As it was said, for a command line."""
        return shlex.quote(self._text)

    def at_ms(self, now_ms: int) -> int:
        return self._at_ms if self._ago_s is None else now_ms - int(self._ago_s * 1000)


def _moment_ms(text: str) -> int:
    from datetime import UTC, datetime  # 3 ms that only this option costs

    try:
        said = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            "must be a length of time (90s, 30m, 2h, 7d) or a date and time (2030-01-31T12:00Z)"
        ) from None
    return int((said if said.tzinfo else said.replace(tzinfo=UTC)).timestamp() * 1000)
