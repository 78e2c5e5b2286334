"""Asks git, and runs `git commit` as a child. The only file that runs git; never with anything that skips a hook."""

import contextlib
import fcntl
import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from swarm_agents.errors import Unavailable
from swarm_agents.gate_scripts import NOTE
from swarm_agents.system.subprocesses import on_terminal, overheard, undisturbed

_MISSING = "git is not installed, or not on the PATH."
_ANSWER_LIMIT_S = 30  # for questions; a repository of a million files answers `git diff` in seconds
_REFLOG_ACTION = "GIT_REFLOG_ACTION"  # git's own way to say which command moved a ref; it begins the reflog's line
_OURS = "swarm commit ("
_LOOK_BACK = "--max-count=50"  # entries of a reflog: commits that others land while one's own is being made
SAVED_REF = "refs/worktree/swarm-saved"  # a ref of this worktree alone: stashes are shared between worktrees
_CHECK_FOLDER = "swarm-check-"  # how the folders of throwaway working trees begin
_OWNER = "owner"  # a file in them, locked by the process that uses the tree
KEPT_REF = "refs/worktree/swarm-kept"  # saved changes that conflict with the fix; their owner was told, none waits


class Repository(NamedTuple):
    """`common_dir` is shared by all worktrees; `root` is None in a bare repository or inside the git directory."""

    common_dir: Path
    root: Path | None


class HooksPath(NamedTuple):
    """The setting `core.hooksPath`: in which scope, as it is written, and as git reads it (`~` expanded)."""

    scope: str
    value: str
    folder: str


class HookRun(NamedTuple):
    name: str
    code: int


class CommitRun(NamedTuple):
    """What `git commit` did: its exit code, the hooks it ran with their own codes, git's errors, the output's end."""

    code: int
    hooks: tuple[HookRun, ...]
    errors: tuple[str, ...]
    output: str
    refused_by_gate: bool = False
    gate_alone: bool = False
    """Our gate was the only pre-commit hook: nothing has judged the code."""

    def refusing_hook(self) -> HookRun | None:
        return next((hook for hook in self.hooks if hook.code != 0), None)

    def passed_hook(self, name: str) -> bool:
        if name == "pre-commit" and self.gate_alone:
            return False
        return any(hook.name == name and hook.code == 0 for hook in self.hooks)


def repository(where: Path) -> Repository | None:
    """The repository around `where`, or None. Raises `Unavailable` when git is missing or refuses to say."""
    asked = _git(["rev-parse", "--path-format=absolute", "--git-common-dir", "--show-toplevel"], where)
    lines = _lines(asked.stdout)
    if asked.returncode == 0:
        common, top = (
            lines if len(lines) == 2 else (_path(one, where) for one in ("--git-common-dir", "--show-toplevel"))
        )
        return Repository(Path(common), Path(top))
    if lines:  # a bare repository, or inside .git: there is no top level
        return Repository(Path(_path("--git-common-dir", where)), None)
    if "not a git repository" in asked.stderr:
        return None
    raise Unavailable(f"git cannot say which repository this is: {asked.stderr.strip()}")


def version() -> str:
    return _git(["version"], Path.cwd()).stdout.strip()


def head(root: Path) -> str | None:
    """The commit that is checked out; None before the first one."""
    asked = _git(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], root)
    return asked.stdout.strip() or None


def contains(root: Path, tip: str, commit: str) -> bool | None:
    """Whether `commit` is reachable from `tip`; None when one of them does not exist here (any more)."""
    code = _git(["merge-base", "--is-ancestor", commit, tip], root).returncode
    return {0: True, 1: False}.get(code)


def run_hook_again(root: Path, name: str) -> int | None:
    """Run the hook once more as git would; its exit status, None where this git cannot (before 2.36)."""
    code = on_terminal(["git", "hook", "run", name], root)
    return None if code == 129 else code


def unstaged_files(root: Path) -> list[str]:
    """Tracked files of the working tree that differ from what is staged."""
    return [name for name in _git(["diff", "--name-only", "-z"], root).stdout.split("\0") if name]


def untracked_files(root: Path) -> list[str]:
    listed = _git(["ls-files", "--others", "--exclude-standard", "-z"], root).stdout
    return [name for name in listed.split("\0") if name]


def has_hook(root: Path, name: str) -> bool:
    """Whether git would run a hook of that name here."""
    return hook(root, name) is not None


def hook(root: Path, name: str) -> Path | None:
    """The hook of that name that git would run here."""
    asked = _git(["rev-parse", "--path-format=absolute", "--git-path", f"hooks/{name}"], root)
    found = Path(asked.stdout.rstrip("\n"))
    return found if asked.returncode == 0 and found.is_file() and os.access(found, os.X_OK) else None


def tree_of(root: Path, commit: str) -> str | None:
    """The tree of a commit; None when there is no such commit."""
    return _git(["rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}"], root).stdout.strip() or None


def tree_and_parents(root: Path, commit: str) -> tuple[str, list[str]]:
    """The tree of a commit and the commits before it, as the commit itself says. It need not be on any branch yet."""
    head = _must(["cat-file", "commit", commit], root).partition("\n\n")[0].split("\n")
    return head[0].removeprefix("tree "), [line[7:] for line in head[1:] if line.startswith("parent ")]


def tree_to_commit(
    root: Path, everything: bool = False, pathspec: Sequence[str] = (), with_index: bool = False
) -> str | None:
    """The tree that a commit would have: of what is staged, with `everything` of all tracked changes too, with a
    `pathspec` of what that names alone, or `with_index`. None when git cannot say. The caller's index is not touched.
    """
    staged = _git(["write-tree"], root).stdout.strip() or None
    if staged is None or (not everything and not pathspec):
        return staged
    if "--pathspec-from-file=-" in pathspec:
        return None  # git has read that to its end
    import tempfile  # costs every other verb ten milliseconds

    with tempfile.TemporaryDirectory(prefix="swarm-index-") as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        _git(["read-tree", staged if everything or with_index else "HEAD"], root, index)
        if everything:
            _git(["add", "-u"], root, index)
        else:
            _git(["add", *pathspec], Path.cwd(), index)  # the paths are written from where the caller stands
        return _git(["write-tree"], root, index).stdout.strip() or None


def first_parents(root: Path, count: int) -> list[tuple[str, str, str]]:
    """The last commits of this branch, newest first: id, tree, author's name."""
    listed = _git(["log", "--first-parent", f"--max-count={count}", "--format=%H%x00%T%x00%an"], root).stdout
    found = [line.split("\0") for line in _lines(listed)]
    return [(commit, tree, author) for commit, tree, author in found]


@contextmanager
def clean_tree(root: Path, tree: str) -> Iterator[Path]:
    """A throwaway working tree with exactly this content, outside of every other one; gone afterwards."""
    import tempfile  # only a verdict needs one

    identity = ["-c", "user.name=swarm", "-c", "user.email=swarm@localhost"]
    commit = _must([*identity, "commit-tree", tree, "-m", "swarm: a tree to check"], root)
    with tempfile.TemporaryDirectory(prefix=_CHECK_FOLDER, ignore_cleanup_errors=True) as folder, _owned(folder):
        _remove_abandoned_trees(root)
        where = Path(folder).resolve() / "tree"
        # No hook of the user's runs for a tree that is none of theirs.
        add = ["-c", f"core.hooksPath={os.devnull}", "worktree", "add", "--quiet", "--detach", str(where), commit]
        try:
            with undisturbed():
                _must(add, root)
            yield where
        finally:
            with undisturbed():
                _git(["worktree", "remove", "--force", "--force", str(where)], root)
                _git(["worktree", "prune"], root)


@contextmanager
def _owned(folder: str) -> Iterator[None]:
    """Lock the folder as long as this process lives."""
    with open(Path(folder) / _OWNER, "w", encoding="ascii") as owner:
        fcntl.flock(owner, fcntl.LOCK_EX)
        yield


def _remove_abandoned_trees(root: Path) -> None:
    """Those that a killed process could not remove."""
    import shutil

    listed = _git(["worktree", "list", "--porcelain", "-z"], root).stdout.split("\0")
    trees = [Path(line.removeprefix("worktree ")) for line in listed if line.startswith("worktree ")]
    for tree in trees:
        if not tree.parent.name.startswith(_CHECK_FOLDER):
            continue
        with contextlib.suppress(OSError), open(tree.parent / _OWNER, "r+", encoding="ascii") as owner:
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _git(["worktree", "remove", "--force", "--force", str(tree)], root)
            shutil.rmtree(tree.parent, ignore_errors=True)


def changed_files(root: Path) -> list[str]:
    """Tracked files that differ from the commit that is checked out, staged or not."""
    against = ["HEAD"] if head(root) else ["--cached"]
    return [name for name in _git(["diff", "--name-only", "-z", *against], root).stdout.split("\0") if name]


def unmerged_files(root: Path) -> list[str]:
    names = _git(["diff", "--name-only", "--diff-filter=U", "-z"], root).stdout.split("\0")
    return [name for name in names if name]


def head_and_changes(root: Path) -> tuple[str | None, list[str], list[str]]:
    """The commit that is checked out (None before the first one), the files with staged changes and with others."""
    asked = _git(["status", "--porcelain=v2", "--branch", "-z", "--untracked-files=no", "--no-renames"], root)
    head: str | None = None
    staged: list[str] = []
    unstaged: list[str] = []
    for line in asked.stdout.split("\0"):
        if line.startswith("# branch.oid ") and not line.endswith("(initial)"):
            head = line.removeprefix("# branch.oid ")
        elif line.startswith("1 "):
            name = line.split(" ", 8)[8]
            staged += [name] if line[2] != "." else []
            unstaged += [name] if line[3] != "." else []
    return head, staged, unstaged


def head_and_tree(root: Path) -> tuple[str, str] | None:
    """The commit that is checked out and its tree; None before the first one."""
    asked = _git(["rev-parse", "--quiet", "HEAD^{commit}", "HEAD^{tree}"], root)
    if asked.returncode != 0:
        return None
    commit, tree = asked.stdout.split()
    return commit, tree


def unstaged_fingerprint(root: Path, paths: list[str]) -> str:
    """Changes when one of these files (any tracked one, without paths) changes in the working tree."""
    import hashlib  # costs every other verb a millisecond

    changes = _git(["diff", "--no-ext-diff", "--no-color", "--binary", "--", *paths], root).stdout
    return hashlib.sha256(changes.encode(errors="surrogateescape")).hexdigest()


def scrubbed_environment(root: Path) -> dict[str, str]:
    """This environment without what would point a child's git at another repository or index."""
    local = _git(["rev-parse", "--local-env-vars"], root).stdout.split()
    return {name: value for name, value in os.environ.items() if name not in local}


def repository_folder(root: Path) -> Path:
    """The git directory that all worktrees share."""
    return Path(_must(["rev-parse", "--path-format=absolute", "--git-common-dir"], root))


def worktree_folder(root: Path) -> Path:
    """The git directory of this worktree alone."""
    return Path(_must(["rev-parse", "--path-format=absolute", "--absolute-git-dir"], root))


def hooks_folder(root: Path) -> Path:
    """Where git looks for hooks here."""
    return Path(_must(["rev-parse", "--path-format=absolute", "--git-path", "hooks"], root))


def hooks_path(root: Path) -> HooksPath | None:
    """`core.hooksPath`, when it is set anywhere."""
    asked = _git(["config", "--show-scope", "-z", "--get", "core.hooksPath"], root)
    if asked.returncode != 0:
        return None
    scope, value = asked.stdout.rstrip("\0").split("\0")
    folder = _git(["config", "-z", "--type=path", "--get", "core.hooksPath"], root).stdout.rstrip("\0")
    return HooksPath(scope, value, folder)


def set_hooks_path(root: Path, scope: str, value: str | None) -> None:
    """Set `core.hooksPath` in the scope `local` or `worktree`; None takes it out."""
    change = ["core.hooksPath", value] if value is not None else ["--unset", "core.hooksPath"]
    _must(["config", f"--{scope}", *change], root)


def config_file(root: Path, scope: str) -> Path:
    if scope == "worktree":
        return worktree_folder(root) / "config.worktree"
    return repository_folder(root) / "config"


def act_as(agent: str) -> None:
    """Every git of this process and every hook of theirs knows for whom it runs; none may go round the gate."""
    os.environ["SWARM_AGENT"] = agent
    os.environ.pop("SWARM_BYPASS", None)


def current_branch(root: Path) -> str | None:
    """The full name of the branch that is checked out, also before its first commit; None on a detached HEAD."""
    return _git(["symbolic-ref", "--quiet", "HEAD"], root).stdout.strip() or None


def in_git_directory(where: Path) -> bool:
    """Whether that is within a git directory, where no commit is made: a push arrives there."""
    # Not --is-inside-git-dir: for a hook of receive-pack git takes its own folder for a working tree.
    return worktree_folder(where) in (where, *where.parents)


def is_new(root: Path, commit: str) -> bool:
    """Whether no ref, no reflog and no fetch of this repository, in any of its worktrees, knows the commit yet."""
    # FETCH_HEAD need not be there, which --ignore-missing forgives; the commit itself is.
    known = ["--all", "--reflog", "FETCH_HEAD"]
    if _must(["rev-list", "--max-count=1", "--ignore-missing", commit, "--not", *known], root) == "":
        return False
    return commit not in _fetched(root)


def _fetched(root: Path) -> set[str]:
    """The tips of the last fetch: as a revision FETCH_HEAD is the first of them alone."""
    try:
        text = (worktree_folder(root) / "FETCH_HEAD").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return set()
    return {line.partition("\t")[0] for line in _lines(text)}


def commit(arguments: list[str], agent: str, notes: Path, quiet_stdout: bool) -> CommitRun:
    """Run `git commit` with these arguments on the caller's terminal, and tell what it did.

    `notes` is an empty folder of this process. With `quiet_stdout` git's own standard output goes to standard error.
    Signals reach git; its answer is awaited.
    """
    trace, gate_note = notes / "trace", notes / "gate"
    environment = {name: value for name, value in os.environ.items() if name != "GIT_TRACE2_PARENT_SID"}
    theirs = environment.get("GIT_TRACE2_EVENT", "")
    environment["GIT_TRACE2_EVENT"] = str(trace)
    environment[NOTE] = str(gate_note)
    environment[_REFLOG_ACTION] = _reflog_action(agent)
    try:
        code, output = overheard(["git", "commit", *arguments], environment, quiet_stdout)
    except FileNotFoundError:
        raise Unavailable(_MISSING) from None
    recorded = trace.read_text(encoding="utf-8", errors="replace") if trace.exists() else ""
    gate_alone = Path(f"{gate_note}-alone")
    noted = [note.exists() for note in (gate_note, gate_alone)]
    if os.path.isabs(theirs) and not os.path.isdir(theirs):
        with contextlib.suppress(OSError), open(theirs, "a", encoding="utf-8") as user_trace:
            user_trace.write(recorded)
    for note in (trace, gate_note, gate_alone):  # the next try in this folder starts anew
        note.unlink(missing_ok=True)
    hooks, errors = _read_trace(recorded)
    return CommitRun(code, hooks, errors, output.decode("utf-8", errors="replace"), *noted)


def landed(root: Path, agent: str, before: str | None) -> tuple[str, str] | None:
    """The commit that the agent's last `commit` made, and its tree; None when HEAD is where it was `before`.

    Others may have committed in the same checkout meanwhile: HEAD's reflog says whose commit is which.
    """
    asked = _git(["log", "--walk-reflogs", "--no-show-signature", _LOOK_BACK, "--format=%H %T %gs", "HEAD"], root)
    action = _as_in_reflog(f"{_reflog_action(agent)}:")
    entries = [line.split(" ", 2) for line in _lines(asked.stdout)]
    if asked.returncode != 0 or not entries:  # nobody keeps a reflog here
        now = head_and_tree(root)
        return None if now is None or now[0] == before else now
    for commit, tree, what in entries:
        if commit == before:
            return None
        if _as_in_reflog(what).startswith(action):
            return commit, tree
    return None


def _reflog_action(agent: str) -> str:
    given = os.environ.get(_REFLOG_ACTION, "")
    return given if given and not given.startswith(_OURS) else f"{_OURS}{agent})"


def _as_in_reflog(text: str) -> str:
    return " ".join(text.split())  # git writes any run of white space as one space


def save_changes(root: Path) -> str | None:
    """Put the tracked changes, staged ones as staged, under `SAVED_REF`, and clean the tree; None without any."""
    saved = _git(["stash", "create", "swarm: kept while the fix is brought in"], root).stdout.strip()
    if not saved:
        return None
    with undisturbed():
        _must(["update-ref", SAVED_REF, saved], root)
        _must(["reset", "--quiet", "--hard", "HEAD"], root)
    return saved


def restore_changes(root: Path, saved: str) -> bool:
    """Bring the saved changes back, staged ones as staged. False when they conflict: then `KEPT_REF` keeps them."""
    with undisturbed():
        back = _git(["stash", "apply", "--quiet", "--index", saved], root).returncode == 0
        if not back:
            _must(["update-ref", KEPT_REF, saved], root)
        _must(["update-ref", "-d", SAVED_REF, saved], root)
    return back


def saved_changes(root: Path) -> str | None:
    """What an interrupted `save_changes` left behind."""
    return _git(["rev-parse", "--verify", "--quiet", SAVED_REF], root).stdout.strip() or None


def abort_merge(root: Path) -> None:
    """Undo a merge that stopped at a conflict. Nothing happens when there is none."""
    with undisturbed():
        _git(["merge", "--abort"], root)


def _git(arguments: list[str], where: Path, extra: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["git", *arguments],
            cwd=where,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            env=os.environ | {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"} | (extra or {}),
            stdin=subprocess.DEVNULL,
            timeout=_ANSWER_LIMIT_S,
            check=False,
        )
    except FileNotFoundError:
        raise Unavailable(_MISSING) from None
    except subprocess.TimeoutExpired:
        raise Unavailable(f"'git {arguments[0]}' did not answer within {_ANSWER_LIMIT_S} s.") from None


def _must(arguments: list[str], where: Path) -> str:
    done = _git(arguments, where)
    if done.returncode != 0:
        raise Unavailable(f"'git {' '.join(arguments)}' failed: {done.stderr.strip()}")
    return done.stdout.removesuffix("\n")


def _path(which: str, where: Path) -> str:
    return _must(["rev-parse", "--path-format=absolute", which], where)


def _lines(said: str) -> list[str]:
    """Not `splitlines`: names of files and people, and subjects, hold other ends of lines, as U+2028."""
    return [line for line in said.split("\n") if line]


def _read_trace(recorded: str) -> tuple[tuple[HookRun, ...], tuple[str, ...]]:
    names: dict[int, str] = {}
    hooks: list[HookRun] = []
    errors: list[str] = []
    for line in recorded.split("\n"):
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            continue  # git was killed in the middle of a line
        if "/" in record.get("sid", ""):
            continue  # written by a git that a hook ran
        match record.get("event"):
            case "child_start" if record.get("child_class") == "hook":
                names[record["child_id"]] = record.get("hook_name", "")
            case "child_exit" if record.get("child_id") in names:
                hooks.append(HookRun(names[record["child_id"]], record["code"]))
            case "error":
                errors.append(record.get("msg", ""))
    return tuple(hooks), tuple(errors)
