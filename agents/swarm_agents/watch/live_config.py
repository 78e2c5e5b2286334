"""The configuration of a process that runs for long: swarm.toml is read again when it has changed."""

from swarm_agents.config.config import Config
from swarm_agents.errors import BadConfig
from swarm_agents.place import Place


class LiveConfig:
    """The configuration that is in effect. Any thread may read it, one thread reloads it."""

    def __init__(self, place: Place, config: Config) -> None:
        self.place = place
        self.current = config
        self.error: BadConfig | None = None
        """What is wrong with the files as they are now; `current` is then the last one that was right."""

    def reload(self) -> bool:
        """Read the files again; whether the configuration or what is wrong with it is another one now.

        Without a repository there are no files, and what it was made with holds. An equal configuration stays the same
        object: a comparison by identity then finds nothing to do.
        """
        if not self.place.config_files():
            return False
        before = self.error and self.error.message
        try:
            read, self.error = self.place.config(), None
        except BadConfig as error:
            read, self.error = self.current, error
        changed = read != self.current
        if changed:
            self.current = read
        return changed or before != (self.error and self.error.message)
