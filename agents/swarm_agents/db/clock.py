"""The host's clocks: wall clock for people, monotonic clock and boot id for deadlines.

A lease must survive a clock that jumps (NTP, a laptop that slept), so its deadline is kept on CLOCK_MONOTONIC,
which all processes of a boot share and which stands still during suspend. The boot id voids deadlines of an earlier
boot, whose monotonic clock cannot be compared with this one.
"""

from __future__ import annotations

import functools
import sys
import time

from swarm_agents.model import Moment
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

Clock: TypeAlias = "Callable[[], Moment]"


def host_clock() -> Moment:
    return Moment(wall_ms=time.time_ns() // 1_000_000, mono_ms=time.monotonic_ns() // 1_000_000, boot_id=_boot_id())


@functools.cache
def _boot_id() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as file:
            return file.read().strip()
    except FileNotFoundError:
        if sys.platform != "darwin":
            raise
    import subprocess  # only macOS has no file to read

    ran = subprocess.run(
        ["sysctl", "-n", "kern.bootsessionuuid"], capture_output=True, text=True, timeout=5, check=True
    )
    return ran.stdout.strip()
