"""Checks that tmux and git are there and new enough, and names the command that installs them on this system."""

import platform
import re
import shutil
import subprocess
from pathlib import Path

from swarm_agents.errors import Unavailable

OLDEST = {"tmux": (3, 2), "git": (2, 32)}  # the first with `new-window -e`; the first with GIT_CONFIG_GLOBAL
_VERSION_FLAG = {"tmux": "-V", "git": "--version"}
_ASK_LIMIT_S = 10

_INSTALL = {
    "debian": "sudo apt-get update && sudo apt-get install -y {}",
    "fedora": "sudo dnf install -y {}",
    "arch": "sudo pacman -S --needed {}",
    "alpine": "sudo apk add {}",
    "suse": "sudo zypper install -y {}",
    "macos": "brew install {}",
}
_FAMILIES = {
    "debian": "debian",
    "ubuntu": "debian",
    "fedora": "fedora",
    "rhel": "fedora",
    "centos": "fedora",
    "arch": "arch",
    "alpine": "alpine",
    "suse": "suse",
    "opensuse": "suse",
}


def check() -> None:
    """Raise `Unavailable`, with the line that installs it, when tmux or git is missing or too old."""
    missing = [program for program in OLDEST if shutil.which(program) is None]
    if missing:
        line = install_line(missing)
        raise Unavailable(f"The demo needs {' and '.join(missing)}. Install: {line}", next=line)
    for program, oldest in OLDEST.items():
        found = _version(program)
        if found and found < oldest:
            line = install_line([program])
            needed = ".".join(map(str, oldest))
            version = ".".join(map(str, found))
            raise Unavailable(
                f"The demo needs {program} {needed} or newer, this is {version}. Upgrade: {line}", next=line
            )


def install_line(programs: list[str], os_release: Path = Path("/etc/os-release")) -> str:
    """The command that installs these programs on this system; a sentence where the system is not known."""
    names = " ".join(programs)
    family = "macos" if platform.system() == "Darwin" else _family(os_release)
    return _INSTALL[family].format(names) if family else f"install {names} with your system's package manager"


def _family(os_release: Path) -> str | None:
    try:
        text = os_release.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    named = dict(re.findall(r'^(ID|ID_LIKE)="?([^"\n]*)"?$', text, re.MULTILINE))
    for word in f"{named.get('ID', '')} {named.get('ID_LIKE', '')}".split():
        if word in _FAMILIES:
            return _FAMILIES[word]
    return None


def _version(program: str) -> tuple[int, ...] | None:
    """Major and minor version; None for a version without numbers (a build from the sources)."""
    told = subprocess.run(
        [program, _VERSION_FLAG[program]], capture_output=True, text=True, timeout=_ASK_LIMIT_S, check=False
    )
    found = re.search(r"(\d+)\.(\d+)", told.stdout)
    return (int(found[1]), int(found[2])) if found else None
