"""Every error that the swarm raises on purpose, and the exit code each one ends with.

    SwarmError                    exit  code
    ├── UsageError                64    usage          the call is wrong
    ├── BadData                   65    bad_data       the input is wrong
    ├── NoSwarm                   66    no_swarm       no repository, or `swarm init` was not run here
    ├── Unavailable               69    unavailable    something outside is missing or cannot be read
    │   ├── DatabaseLocked                             another process holds the write lock for too long
    │   ├── DatabaseUnreadable                         damaged, replaced, or not our database
    │   └── DatabaseNewer                              written by a newer version
    ├── CannotWrite               73    cannot_write   read-only, no permission
    │   └── DiskFull
    ├── Denied                    77    denied         only a human may do it, or the name is another agent's
    ├── BadConfig                 78    bad_config     swarm.toml is wrong
    ├── AlreadyTaken              90    taken          another agent holds the name or the thing
    ├── RateLimited               91    rate_limited   too many messages: try later
    └── NotFound                  92    not_found      no such agent, message, escalation

Losing a race is none of these: it is a value (`build.outcomes`).
"""


class SwarmError(Exception):
    """An error whose message says what to do next. `next` is a command to run, where there is one."""

    exit = 70
    code = "internal"

    def __init__(self, message: str, next: str | None = None) -> None:  # noqa: A002 - the envelope's word
        super().__init__(message)
        self.message = message
        self.next = next


class UsageError(SwarmError):
    exit = 64
    code = "usage"


class BadData(SwarmError):
    exit = 65
    code = "bad_data"


class NoSwarm(SwarmError):
    exit = 66
    code = "no_swarm"


class Unavailable(SwarmError):
    exit = 69
    code = "unavailable"


class DatabaseLocked(Unavailable):
    pass


class DatabaseUnreadable(Unavailable):
    pass


class DatabaseNewer(Unavailable):
    pass


class CannotWrite(SwarmError):
    exit = 73
    code = "cannot_write"


class DiskFull(CannotWrite):
    pass


class Denied(SwarmError):
    exit = 77
    code = "denied"


class BadConfig(SwarmError):
    exit = 78
    code = "bad_config"


class AlreadyTaken(SwarmError):
    exit = 90
    code = "taken"


class RateLimited(SwarmError):
    exit = 91
    code = "rate_limited"


class NotFound(SwarmError):
    exit = 92
    code = "not_found"

    def __init__(
        self,
        message: str,
        next: str | None = None,  # noqa: A002 - as above
        kind: str = "",
        name: str = "",
    ) -> None:
        """`kind` and `name` say what was looked for (`agent`, `task` ...), where a mistyped name may be the reason."""
        super().__init__(message, next)
        self.kind = kind
        self.name = name
