"""What is installed: the wheel holds the two packages and nothing else, and lives beside another project's `agents`."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LIMIT_S = 300  # pip may have to fetch what it installs


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT))
    [built] = folder.glob("*.whl")
    return built


def run(*words: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(words, capture_output=True, text=True, timeout=LIMIT_S, env=environment, cwd=ROOT.parent)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_the_two_packages_whole_and_nothing_else(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}

    assert names == files_below(ROOT / "swarm_tui") | files_below(ROOT / "agents" / "swarm_agents")
    assert {Path(name).suffix for name in names} >= {".py", ".sql", ".tcss", ".toml"}


def test_installed_beside_openai_agents_each_finds_its_own(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=True)
    binaries = tmp_path / "env" / "bin"
    python = str(binaries / "python")

    run(python, "-m", "pip", "install", "--quiet", str(wheel), "openai-agents")

    theirs = run(python, "-c", "import agents; print(agents.Agent.__module__, agents.__file__)")
    ours = run(python, "-c", "import swarm_agents, swarm_tui; print(swarm_agents.__file__, swarm_tui.__file__)")
    assert theirs.startswith("agents.")
    assert "swarm" not in theirs.replace(str(tmp_path), "")
    assert ours.count("site-packages") == 2
    assert "usage: swarm" in run(str(binaries / "swarm"), "--help")
    assert "usage: swarm-tui" in run(str(binaries / "swarm-tui"), "--help")


def files_below(package: Path) -> set[str]:
    files = [path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {path.relative_to(package.parent).as_posix() for path in files}
