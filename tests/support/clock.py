"""A clock that stands still until a test moves it; wall clock and monotonic clock move separately."""

from swarm_agents.model import Moment

_NOON_MS = 1_800_000_000_000


class FakeClock:
    def __init__(self) -> None:
        self.wall_ms = _NOON_MS
        self.mono_ms = 5_000_000
        self.skew_ms = 0  # the sum of all jumps of the wall clock
        self.jumped_mono_ms = 0  # when it last jumped
        self.boot = 1

    def __call__(self) -> Moment:
        return Moment(self.wall_ms, self.mono_ms, f"boot-{self.boot}")

    def forward(self, seconds: float) -> None:
        """Time passes."""
        self.wall_ms += int(seconds * 1000)
        self.mono_ms += int(seconds * 1000)

    def jump(self, seconds: float) -> None:
        """The wall clock is set; no time passes."""
        self.wall_ms += int(seconds * 1000)
        self.skew_ms += int(seconds * 1000)
        self.jumped_mono_ms = self.mono_ms

    def reboot(self) -> None:
        self.boot += 1
        self.mono_ms = 1_000
