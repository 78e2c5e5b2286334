"""Creates the demo's repository with its hook, a worktree for each agent, and the swarm's database; breaks main."""

from dataclasses import dataclass
from pathlib import Path

from swarm_agents.demo.commands import CommandRunner
from swarm_agents.demo.sources import AGENTS, COLLEAGUE, FILES, HOOK, Breakage, make_config
from swarm_agents.errors import Unavailable


@dataclass(frozen=True)
class DemoRepository:
    """The paths of the demo. Everything is under `folder`, so that removing it removes the demo."""

    folder: Path

    @property
    def main_tree(self) -> Path:
        """The colleague's working tree. It is on a branch of its own, so that every worktree can push to main."""
        return self.folder / "stall"

    @property
    def database(self) -> Path:
        return self.main_tree / ".git" / "swarm" / "swarm.db"

    @property
    def hook_log(self) -> Path:
        return self.main_tree / ".git" / "hook-diary"

    @property
    def socket(self) -> str:
        return str(self.folder / "tmux")

    @property
    def journals(self) -> Path:
        """One file for each agent: what `swarm` answered it."""
        return self.folder / "journals"

    def worktree_of(self, agent: str) -> Path:
        return self.folder / agent

    def colleague(self) -> CommandRunner:
        return CommandRunner(COLLEAGUE, self.main_tree)


def create(folder: Path, lease_s: float, wait_s: float) -> DemoRepository:
    """Create everything under an empty folder, with the commands that a person would type."""
    repository = DemoRepository(folder)
    repository.journals.mkdir()
    repository.main_tree.mkdir()
    colleague = repository.colleague()
    colleague.run_checked("git", "init", "--quiet", "--initial-branch", "main")
    for path, text in {**FILES, "swarm.toml": make_config(lease_s, wait_s)}.items():
        _write(repository.main_tree / path, text)
    hook = repository.main_tree / ".git" / "hooks" / "pre-commit"
    _write(hook, HOOK)
    hook.chmod(0o755)
    repository.hook_log.touch()
    colleague.run_checked("git", "add", "--all")
    colleague.run_checked("git", "commit", "--quiet", "-m", "Open the stall")
    colleague.run_checked("git", "checkout", "--quiet", "-b", COLLEAGUE)
    colleague.run_checked("swarm", "init")
    for agent in AGENTS:
        colleague.run_checked(
            "git", "worktree", "add", "--quiet", "-b", f"agent/{agent}", str(repository.worktree_of(agent)), "main"
        )
    return repository


def break_main(repository: DemoRepository, breakage: Breakage) -> str:
    """Land a change of the colleague's that fails the tests, with --no-verify. The commit."""
    colleague = repository.colleague()
    colleague.run_checked("git", "merge", "--quiet", "--ff-only", "main")
    path = repository.main_tree / breakage.path
    text = path.read_text()
    if breakage.good not in text:
        raise Unavailable(f"{breakage.path} has changed: the demo cannot break it again.")
    path.write_text(text.replace(breakage.good, breakage.bad))
    colleague.run_checked("git", "commit", "--quiet", "--no-verify", "-m", breakage.excuse, "--", breakage.path)
    commit = colleague.run_checked("git", "rev-parse", "HEAD").strip()
    colleague.land_on_main()
    return commit


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
