"""What swarm.toml names: the check of the build, and the command that announces an escalation."""

from __future__ import annotations

import shutil
from pathlib import Path

from swarm_agents.commit import check_comparison
from swarm_agents.config.config import Config
from swarm_agents.db.database import Database
from swarm_agents.doctor.database import open_database
from swarm_agents.doctor.findings import Finding, make_error_finding, note, ok, warning
from swarm_agents.errors import BadConfig, Unavailable
from swarm_agents.model import HUMAN
from swarm_agents.place import Place
from swarm_agents.text import one_line
from swarm_agents.watch import watch_report


def read_config(place: Place) -> Config | Finding:
    try:
        return place.config()
    except BadConfig as wrong:
        return make_error_finding("configuration", wrong, f"$EDITOR {place.config_files()[0]}")


def describe_config(place: Place, config: Config) -> Finding:
    rules = ", ".join(f"{name} {value:g}" for name, value in config.rules._asdict().items())
    files = [path for path in place.config_files() if Path(path).exists()]
    return ok("configuration", f"{', '.join(files) or 'No swarm.toml, so the defaults'}: {rules}")


def examine_notify_command(config: Config) -> list[Finding]:
    """Find the command as the announcer does: a path from the repository's root, or a name on the PATH."""
    notify = config.notify
    if not notify.command:
        return [ok("notify", "No notify command: the dashboard and tmux announce escalations")]
    program = notify.command[0]
    found = shutil.which(Path(notify.folder or ".") / program if "/" in program else program)
    if found is None:
        name = one_line(program, 100)
        text = f"The notify command {name} does not exist or is not executable: it would announce no escalation"
        return [warning("notify", text, f"chmod +x {name}" if "/" in name else f"command -v {name}")]
    return [ok("notify", f"The notify command is {found}")]


def examine_watching(place: Place) -> list[Finding]:
    """How soon a background loop notices changes of files."""
    with open_database(place) as db:
        try:
            return [ok("watching", f"Changes of files are {watch_report.describe_watching(db, place)}")]
        except Unavailable as unwatched:
            return [warning("watching", f"Changes of files are {unwatched.message}", "sysctl fs.inotify")]


def examine_check(db: Database, agent: str | None, config: Config, root: Path) -> Finding:
    """Try the check as verdicts do, in a clean tree, and where it does not pass there also in the working tree."""
    if config.check is None:
        text = "No [build] check is configured: every refusal counts as a broken build"
        return note("check", text, f"$EDITOR {root}/swarm.toml")
    found = check_comparison.compare(db, agent or HUMAN, config.check, root, always_here=False)
    if not found.passes_in_both:
        return warning("check", one_line(f"The check {found.describe()}", 600), "swarm build check")
    return ok("check", f"The check {found.describe().removesuffix('.')}")
