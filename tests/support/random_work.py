"""Random repositories with random work in them, and a check that `swarm commit` lost none of it.

A case is made from its number alone. It is a repository in some state (an operation in progress, staged, unstaged,
untracked and ignored files, a submodule, a sparse checkout, links), a way to call `swarm commit`, a hook, a sync
command, and a build that is green, red, or repaired on a branch that this one lacks. About a third of the calls are
killed at a random moment.
"""

import contextlib
import hashlib
import os
import random
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.commits import leave_behind
from tests.support.repo import HOOK, SWARM, Repo, environment, make_repo
from tests.support.until import until

WAIT_LIMIT_S = 60
PSEUDO_REFS = ("HEAD", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "ORIG_HEAD", "REBASE_HEAD")
EMPTY = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"  # what the index has of a file that was added by intent
KILL_WITHIN_S = 0.6  # a call that syncs takes longer than this

FORMS = (
    ["-m", "x"],
    ["-am", "x"],
    ["-m", "x", "."],
    ["-m", "x", "--", "shared", "both"],
    ["-im", "x", "--", "shared"],
    ["-om", "x", "--", "gone", "staged"],
    ["--amend", "--no-edit"],
    ["--amend", "-am", "x"],
    ["-F", "-"],
    ["-C", "HEAD~1"],
    ["--fixup", "HEAD"],
    ["-pm", "x"],
    ["-m", "x", "--pathspec-from-file=-"],
    ["--allow-empty", "-m", "x"],
    ["--dry-run", "-a"],
    [],
)
SYNCS = (
    None,
    "git merge -q --no-edit fixed",
    "git rebase -q fixed",
    "git pull -q --rebase . fixed",
    "git pull -q --no-rebase --no-edit . fixed",
    "git merge -q --no-edit fixed; exit 1",
    "git stash -q; git merge -q --no-edit fixed && git stash pop -q",
    "git merge -q --ff-only fixed",
    "git checkout -q fixed",
)
HOOKS = (
    HOOK,
    HOOK,
    "#!/bin/sh\n[ -e fmt ] && echo formatted >> fmt && exit 1\n" + HOOK.removeprefix("#!/bin/sh\n"),
    "#!/bin/sh\nexit 0\n",
    "#!/bin/sh\necho FAILED test_always; exit 1\n",
    "#!/bin/sh\nkill -9 $$\n",
    # As pre-commit does: put aside what is not staged. It would delete what git does not see, so not where that is.
    "#!/bin/sh\n[ -d gone ] || [ -h down ] || git ls-files -v | grep -q '^h' || "
    '[ -n "$(git diff --name-only --diff-filter=AU)" ] || {\n'
    "git diff --binary --ignore-submodules > .git/aside\n"
    "[ ! -s .git/aside ] || { git checkout -q -- . && git apply --whitespace=nowarn .git/aside; }\n}\n"
    + HOOK.removeprefix("#!/bin/sh\n"),
)
OPERATIONS = ("none",) * 8 + ("merge", "clean merge", "cherry-pick", "revert", "am", "rebase", "edit", "exec", "bisect")
BUILDS = ("green", "red", "behind", "behind", "behind")


@dataclass
class Case:
    """What one case did; `lost` names each blob that is gone, and where it had been."""

    number: int
    told: list[str] = field(default_factory=list)
    exit: int | None = None
    killed: bool = False
    takes_files: bool = False
    """The commit takes files as they are in the working tree, which replaces what was staged of them."""
    lost: dict[str, str] = field(default_factory=dict)


def make_template(folder: Path, build: str) -> Repo:
    """A repository on the branch `work`, whose build is in this state; the branch `fixed` has the fix."""
    repo = make_repo(folder / build, agents=["alice", "bob"])
    for name in ("shared", "both", "gone", "staged", "mode", "link", "fmt", "far/away", "down/file"):
        repo.stage(name, "".join(f"{name} {number}\n" for number in range(20)))
    repo.git("commit", "-q", "-m", "files")
    if build == "behind":
        repo.stage("broken")
        repo.git("commit", "-q", "-m", "break it", "--no-verify")
    repo.git("branch", "work")
    fixer = repo.worktree("fixed")
    fixer.stage("shared", "".join(["fixed\n", *(f"shared {number}\n" for number in range(1, 20))]))
    fixer.stage("both", "by the fixer\n")
    fixer.stage("ours.env", "by the fixer\n")
    fixer.stage("brought", "by the fixer\n")
    if build == "behind":
        fixer.git("rm", "-q", "--cached", "broken")
        leave_behind(fixer)
    else:
        fixer.git("commit", "-q", "-m", "beside", "--no-verify")
    repo.git("worktree", "remove", "--force", os.fspath(fixer.path))
    repo.git("switch", "-q", "work")
    for name in ("more", "again"):
        repo.stage(name, f"{name}\n")
        repo.git("commit", "-q", "-m", name, "--no-verify")
    if build == "red":
        assert repo.swarm("--as", "alice", "build", "report", "--summary", "a test fails").exit == 81
    return repo


def run_case(number: int, templates: dict[str, Repo], folder: Path) -> Case:
    """Make the case in `folder`, which is removed afterwards, unless something was lost."""
    chance = random.Random(number)
    case = Case(number)
    build = chance.choice(BUILDS)
    repo = Repo(folder / f"case-{number}")
    shutil.copytree(templates[build].path, repo.path, symlinks=True)
    try:
        _prepare(repo, chance, case, build)
        before = _list_blobs(repo)
        _call(repo, chance, case)
        _compare(repo, case, before, "at once")
        if case.killed:
            _resume(repo, case)
            _compare(repo, case, before, "after the next call")
        return case
    finally:
        if not case.lost:
            shutil.rmtree(repo.path, ignore_errors=True)


def _prepare(repo: Repo, chance: random.Random, case: Case, build: str) -> None:
    sync = chance.choice(SYNCS)
    settings: dict[str, object] = {"wait_s": 0.3}
    if sync:
        settings["sync"] = sync
    if chance.random() < 0.2:
        settings["check"] = "! test -e broken"
    repo.configure(**settings)
    (repo.path / ".git/info").mkdir(exist_ok=True)
    (repo.path / ".git/info/exclude").write_text("*.env\nswarm.toml\n", encoding="utf-8")
    case.told += [f"build {build}", f"sync {sync}", f"settings {settings}"]
    _commit_of_ones_own(repo, chance, case)
    if chance.random() < 0.3:
        repo.write("shared", "in the user's stash\n")
        repo.git("stash", "push", "-q")
    if chance.random() < 0.2:
        _add_submodule(repo, case)
    operation = chance.choice(OPERATIONS)
    case.told.append(f"operation {operation}")
    _begin(repo, operation, chance)
    _change_files(repo, chance, case)
    hook = chance.choice(HOOKS)
    case.told.append(f"hook {hook!r}")
    repo.hook(hook)
    if chance.random() < 0.2:
        for setting in ("rebase.autoStash", "merge.autoStash", "submodule.recurse"):
            repo.git("config", setting, "true")
        case.told.append("settings true")


def _commit_of_ones_own(repo: Repo, chance: random.Random, case: Case) -> None:
    if chance.random() < 0.3:
        case.told.append("own commit conflicts with the fix")
        repo.stage("both", "by its own branch\n")
        repo.git("commit", "-q", "-m", "own", "--no-verify")


def _add_submodule(repo: Repo, case: Case) -> None:
    case.told.append("submodule")
    library = Repo(repo.path / "sub")
    library.path.mkdir()
    library.git("init", "-q")
    library.git("config", "user.name", "T")
    library.git("config", "user.email", "t@e")
    library.stage("lib", "library\n")
    library.git("commit", "-q", "-m", "library")
    repo.git("-c", "advice.addEmbeddedRepo=false", "add", "sub")
    repo.git("commit", "-q", "-m", "add sub", "--no-verify")
    library.write("lib", "precious in the submodule\n")
    library.write("new", "untracked in the submodule\n")


def _begin(repo: Repo, operation: str, chance: random.Random) -> None:
    if operation == "none":
        return
    repo.git("branch", "before-operation")
    repo.git("switch", "-q", "-c", "other", "HEAD~1")
    repo.stage("README", "other\n")
    repo.stage("from-other", "other\n")
    repo.git("commit", "-q", "-m", "other", "--no-verify")
    repo.git("switch", "-q", "work")
    repo.stage("README", "work\n")
    repo.git("commit", "-q", "-m", "work", "--no-verify")
    patch = repo.path.parent / f"{repo.path.name}.patch"
    if operation == "am":
        patch.write_text(repo.git("format-patch", "--stdout", "-1", "other") + "\n", encoding="utf-8")
    commands = {
        "merge": ["merge", "other"],
        "clean merge": ["merge", "--no-commit", "-s", "ours", "other"],
        "cherry-pick": ["cherry-pick", "other"],
        "revert": ["revert", "--no-edit", "HEAD~1"],
        "am": ["am", "-3", os.fspath(patch)],
        "rebase": ["rebase", "other"],
        "edit": ["rebase", "-i", "HEAD^"],
        "exec": ["rebase", "--exec", "false", "HEAD^"],
        "bisect": ["bisect", "start", "HEAD", "HEAD~2"],
    }
    editor = {"GIT_SEQUENCE_EDITOR": "sed -i s/^pick/edit/"} if operation == "edit" else {}
    subprocess.run(
        ["git", *commands[operation]], cwd=repo.path, env=environment() | editor, capture_output=True, check=False
    )
    patch.unlink(missing_ok=True)
    if chance.random() < 0.6 and (repo.path / "README").exists():
        repo.stage("README", "resolved by hand\n")


def _change_files(repo: Repo, chance: random.Random, case: Case) -> None:
    changes = {
        "staged new": lambda: repo.stage("new", "staged new\n"),
        "staged": lambda: repo.stage("staged", "staged\n"),
        "staged in part": lambda: (repo.stage("staged", "staged first\n"), repo.write("staged", "not staged yet\n")),
        "unstaged": lambda: repo.write("shared", "".join(f"shared {number}\n" for number in range(19)) + "mine\n"),
        "unstaged, as the fix": lambda: repo.write("both", "mine against the fix\n"),
        "staged, as the fix": lambda: repo.stage("both", "staged against the fix\n"),
        "formatted": lambda: repo.stage("fmt", "to be formatted\n"),
        "deleted": lambda: (repo.path / "gone").unlink(missing_ok=True),
        "removed": lambda: repo.git("rm", "-q", "-f", "--ignore-unmatch", "gone"),
        "mode": lambda: (repo.path / "mode").chmod(0o755),
        "link": lambda: _replace_by_link(repo, "link"),
        "by intent": lambda: (repo.write("intended", "by intent\n"), repo.git("add", "-N", "intended")),
        "untracked": lambda: repo.write("loose", "untracked\n"),
        "untracked, as the fix": lambda: repo.write("brought", "untracked against the fix\n"),
        "ignored": lambda: repo.write("private.env", "ignored\n"),
        "ignored, as the fix": lambda: repo.write("ours.env", "ignored against the fix\n"),
        "not looked at": lambda: (
            repo.git("update-index", "--assume-unchanged", "mode"),
            repo.write("mode", "not looked at\n"),
        ),
        "folder for a file": lambda: _replace_by_folder(repo),
        "link for a folder": lambda: _replace_by_link(repo, "down"),
        "sparse": lambda: repo.git("sparse-checkout", "set", "--no-cone", "/*", "!/far/"),
        "odd name": lambda: repo.stage("odd \u00e9\t*\n[x]", "odd\n"),
    }
    for name, change in changes.items():
        if chance.random() < 0.3:
            with contextlib.suppress(AssertionError, OSError):  # not every change fits every state
                change()
                case.told.append(name)


def _replace_by_link(repo: Repo, name: str) -> None:
    there = repo.path / name
    shutil.rmtree(there) if there.is_dir() and not there.is_symlink() else there.unlink(missing_ok=True)
    there.symlink_to("somewhere else")


def _replace_by_folder(repo: Repo) -> None:
    (repo.path / "gone").unlink(missing_ok=True)
    repo.write("gone/untracked", "untracked where a file was\n")


def _call(repo: Repo, chance: random.Random, case: Case) -> None:
    words = chance.choice(FORMS)
    typed = "shared\nstaged\n" if "--pathspec-from-file=-" in words else "y\nn\n" * 20
    case.killed = chance.random() < 0.8  # more than half of them have ended by then
    case.told.append(f"swarm commit {words}")
    case.takes_files = any(word in ("-am", "-pm", ".", "--", "--pathspec-from-file=-") for word in words)
    running = _start(repo, words)
    assert running.stdin
    with contextlib.suppress(BrokenPipeError):
        running.stdin.write(typed.encode())
        running.stdin.close()
    if not case.killed:
        case.exit = running.wait(WAIT_LIMIT_S)
        return
    together = chance.random() < 0.5
    case.told.append("killed together with git" if together else "killed alone")
    with contextlib.suppress(subprocess.TimeoutExpired):
        running.wait(chance.uniform(0, KILL_WITHIN_S))
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL) if together else os.kill(running.pid, signal.SIGKILL)
    case.exit = running.wait(WAIT_LIMIT_S)
    _wait_for_group(running.pid)


def _start(repo: Repo, words: list[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [*SWARM, "--as", "bob", "commit", *words],
        cwd=repo.path,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _wait_for_group(group: int) -> None:
    """Wait until what the killed call had started has ended."""
    until(lambda: not _lives(group), "the children of the killed call have ended")


def _lives(group: int) -> bool:
    listed = subprocess.run(["ps", "-eo", "pgid=,stat="], capture_output=True, text=True, check=True).stdout
    return any(line.split()[0] == str(group) and not line.split()[1].startswith("Z") for line in listed.splitlines())


def _resume(repo: Repo, case: Case) -> None:
    """The user removes the lock of a git that was killed, as git says, and calls the command again."""
    for lock in (repo.path / ".git").rglob("*.lock"):
        lock.unlink()
    running = _start(repo, ["-m", "x", "--dry-run"])
    assert running.stdin
    running.stdin.close()
    case.told.append(f"next call: {running.wait(WAIT_LIMIT_S)}")


def _list_blobs(repo: Repo) -> dict[str, str]:
    """Each blob that the user has, and where it is."""
    found: dict[str, str] = {}
    for line in repo.git("ls-files", "--stage", "-z").split("\0"):
        if line and not line.startswith("160000"):
            found[line.split()[1]] = f"index: {line.partition(chr(9))[2]}"
    for path in repo.path.rglob("*"):
        if ".git" in path.relative_to(repo.path).parts:
            continue
        if path.is_symlink() or path.is_file():
            found[_hash(path)] = f"file: {path.relative_to(repo.path)}"
    for blob in _list_reachable(repo):
        found.setdefault(blob, "reachable")
    return found


def _list_reachable(repo: Repo) -> set[str]:
    git_dir = repo.path / ".git"
    # A git that was killed may have left one of them empty.
    named = [name for name in PSEUDO_REFS if (git_dir / name).exists() and (git_dir / name).read_text().strip()]
    listed = repo.git("rev-list", "--objects", "--all", "--reflog", "--indexed-objects", *named, "--")
    return {line.split(" ")[0] for line in listed.split("\n") if line}


def _hash(path: Path) -> str:
    content = os.fsencode(os.readlink(path)) if path.is_symlink() else path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _compare(repo: Repo, case: Case, before: dict[str, str], when: str) -> None:
    after = _list_blobs(repo)
    saved = repo.path / ".git/swarm-saved"
    kept = {_hash(path) for path in saved.rglob("*") if path.is_symlink() or path.is_file()}
    missing = {blob: where for blob, where in before.items() if blob not in after and blob not in kept}
    for blob, where in missing.items():
        if blob != EMPTY and not _is_the_users_doing(repo, case, where):
            case.lost[blob] = f"{where} ({when})"


def _is_the_users_doing(repo: Repo, case: Case, where: str) -> bool:
    kind, _, path = where.partition(": ")
    if kind != "index" or not case.takes_files:
        return False
    landed = repo.git("show", "--first-parent", "-m", "--format=", "--name-only", "HEAD")
    return path in landed or "-pm" in "".join(case.told)  # a picked hunk is staged before the commit
