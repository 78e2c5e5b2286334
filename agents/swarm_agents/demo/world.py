"""Makes the world of the demo: a repository with a hook, a working tree for everybody, and the swarm's database."""

from dataclasses import dataclass
from pathlib import Path

from swarm_agents.demo.commands import Hands
from swarm_agents.demo.sources import AGENTS, COLLEAGUE, FILES, HOOK, Breakage, config
from swarm_agents.errors import Unavailable


@dataclass(frozen=True)
class World:
    """Everything lies under `folder`, so that removing it removes the world."""

    folder: Path

    @property
    def repository(self) -> Path:
        """The colleague's own working tree; nobody has main checked out, so everybody can move it forward."""
        return self.folder / "stall"

    @property
    def database(self) -> Path:
        return self.repository / ".git" / "swarm" / "swarm.db"

    @property
    def hook_diary(self) -> Path:
        return self.repository / ".git" / "hook-diary"

    @property
    def socket(self) -> str:
        return str(self.folder / "tmux")

    @property
    def journals(self) -> Path:
        """What each agent was answered by `swarm`, a file each."""
        return self.folder / "journals"

    def tree_of(self, agent: str) -> Path:
        return self.folder / agent

    def colleague(self) -> Hands:
        return Hands(COLLEAGUE, self.repository)


def make(folder: Path, lease_s: float, wait_s: float) -> World:
    """Build the world under an empty folder, with the commands a person would type."""
    world = World(folder)
    world.journals.mkdir()
    world.repository.mkdir()
    colleague = world.colleague()
    colleague.must("git", "init", "--quiet", "--initial-branch", "main")
    for path, text in {**FILES, "swarm.toml": config(lease_s, wait_s)}.items():
        _write(world.repository / path, text)
    hook = world.repository / ".git" / "hooks" / "pre-commit"
    _write(hook, HOOK)
    hook.chmod(0o755)
    world.hook_diary.touch()
    colleague.must("git", "add", "--all")
    colleague.must("git", "commit", "--quiet", "-m", "Open the stall")
    colleague.must("git", "checkout", "--quiet", "-b", COLLEAGUE)
    colleague.must("swarm", "init")
    for agent in AGENTS:
        colleague.must("git", "worktree", "add", "--quiet", "-b", f"agent/{agent}", str(world.tree_of(agent)), "main")
    return world


def break_main(world: World, breakage: Breakage) -> str:
    """The colleague lands a change that fails the tests, round the hook. The commit."""
    colleague = world.colleague()
    colleague.must("git", "merge", "--quiet", "--ff-only", "main")
    path = world.repository / breakage.path
    text = path.read_text()
    if breakage.good not in text:
        raise Unavailable(f"{breakage.path} is not as it was: the demo cannot break it again.")
    path.write_text(text.replace(breakage.good, breakage.bad))
    colleague.must("git", "commit", "--quiet", "--no-verify", "-m", breakage.excuse, "--", breakage.path)
    commit = colleague.must("git", "rev-parse", "HEAD").strip()
    colleague.land_on_main()
    return commit


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
