"""The directions that the code may not turn round: who may import, open, run and know what. Each rule is seen to fail.

A rule is a function from a module to its objections. Every module must raise none; a snippet that breaks the rule must.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = {"swarm_agents": ROOT / "agents" / "swarm_agents", "swarm_tui": ROOT / "swarm_tui"}

DRIVERS = {"sqlite3", "sqlite_utils", "aiosqlite", "apsw", "pysqlite3", "psycopg", "psycopg2", "asyncpg", "sqlalchemy"}
HEAVY = ("textual", "libtmux", "sqlite_utils", "watchfiles")
# Commands that end in time, git's answers, what runs under a lease, the human's bell, tmux, the play, a host's boot id.
STARTS_PROCESSES = (
    "system/subprocesses.py",
    "git/",
    "build/hold.py",
    "watch/notifier.py",
    "panes/",
    "demo/",
    "db/clock.py",
)

# Who stands how high: a module imports from its own height and below. What is not named is the domain.
HEIGHTS = {
    "swarm_agents/model.py": 0,
    "swarm_agents/errors.py": 0,
    "swarm_agents/text.py": 1,
    "swarm_agents/db/": 2,
    "swarm_agents/system/": 1,
    "swarm_agents/git/": 2,
    "swarm_agents/panes/": 2,
    "swarm_agents/cli/": 5,
    "swarm_agents/demo/": 4,
    "swarm_agents/": 3,
    "swarm_tui/": 4,
}


@dataclass(frozen=True)
class Module:
    """A source file: its path below the source root, with `/`, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def name(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def within(self, *places: str) -> bool:
        return any(self.path == place or (place.endswith("/") and self.path.startswith(place)) for place in places)

    def imports(self, late_too: bool = True) -> Iterator[str]:
        """Dotted names of what is imported; `from a import b` gives `a` and `a.b`."""
        for node in ast.walk(self.tree) if late_too else _loaded_at_once(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.path} imports relatively"
                yield str(node.module)
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    def imports_package(self, *packages: str) -> list[str]:
        return sorted({name for name in self.imports() if name.split(".")[0] in packages})

    def strings(self) -> Iterator[str]:
        """Every text in the code, docstrings left out."""
        docstrings = {id(node.value) for node in ast.walk(self.tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                yield node.value

    def programs(self) -> Iterator[str]:
        """The first words of lists and tuples of words: how a command to run is written."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.List | ast.Tuple) and len(node.elts) > 1 and isinstance(node.elts[0], ast.Constant):
                yield str(node.elts[0].value)


def _loaded_at_once(tree: ast.Module) -> Iterator[ast.AST]:
    for node in tree.body:
        if isinstance(node, ast.Try | ast.With):
            yield from node.body
        yield node  # `if TYPE_CHECKING:` is not walked into


# The rules.


def only_db_opens_a_database(module: Module) -> list[str]:
    return [] if module.within("swarm_agents/db/") else module.imports_package(*DRIVERS)


def only_panes_uses_libtmux(module: Module) -> list[str]:
    return [] if module.within("swarm_agents/panes/") else module.imports_package("libtmux")


def only_panes_runs_tmux(module: Module) -> list[str]:
    if module.within("swarm_agents/panes/"):
        return []
    return [f"runs {word}" for word in module.programs() if word == "tmux"]


def only_git_runs_git(module: Module) -> list[str]:
    """But for the hands of the demo's people: they play users, and users type git."""
    if module.within("swarm_agents/git/", "swarm_agents/demo/commands.py"):
        return []
    return [f"runs {word}" for word in module.programs() if word == "git"]


def only_few_start_processes(module: Module) -> list[str]:
    if module.within(*(f"swarm_agents/{place}" for place in STARTS_PROCESSES)):
        return []
    starters = {"subprocess", "pty", "multiprocessing"}
    calls = [node for node in ast.walk(module.tree) if isinstance(node, ast.Attribute)]
    by_os = [
        ast.unparse(node) for node in calls if re.fullmatch(r"os\.(system|popen|exec\w+|spawn\w+)", ast.unparse(node))
    ]
    return module.imports_package(*starters) + by_os


def only_db_watches_files(module: Module) -> list[str]:
    return [] if module.within("swarm_agents/db/") else module.imports_package("watchfiles")


def only_the_screen_uses_textual(module: Module) -> list[str]:
    return [] if module.within("swarm_tui/") else module.imports_package("textual", "rich")


def the_engine_knows_no_screen(module: Module) -> list[str]:
    return module.imports_package("swarm_tui") if module.within("swarm_agents/") else []


def nothing_imports_agents(module: Module) -> list[str]:
    return module.imports_package("agents")


def arrows_point_down(module: Module) -> list[str]:
    mine = _height(module.path)
    ours = {name for name in module.imports() if name.split(".")[0] in SOURCES}
    return [f"imports {name} from above" for name in sorted(ours) if _height(_path_of(name)) > mine]


def the_bottom_imports_nothing_of_ours(module: Module) -> list[str]:
    if not module.within("swarm_agents/model.py", "swarm_agents/errors.py"):
        return []
    return module.imports_package(*SOURCES)


def a_widget_opens_no_database(module: Module) -> list[str]:
    if not module.within("swarm_tui/widgets/"):
        return []
    return [name for name in module.imports() if name.startswith("swarm_agents.db")]


def nothing_goes_round_the_hook(module: Module) -> list[str]:
    """But for the demo's colleague, whose part it is."""
    if module.within("swarm_agents/demo/repository.py"):
        return []
    return [text for text in module.strings() if text == "--no-verify" or re.search(r"git\b.*--no-verify", text)]


def sql_is_what_two_engines_share(module: Module) -> list[str]:
    if module.within("swarm_agents/db/"):
        return []
    never = re.compile(r"\bpragma\b|insert or \w+|\browid\b|strftime\(|\bjson_\w+\(|\bsqlite_\w+\b", re.IGNORECASE)
    in_sql = re.compile(r"\?|\bglob\b|\bdatetime\(|\bifnull\(|\breplace into\b", re.IGNORECASE)
    statement = re.compile(r"\s*(select|insert|update|delete|with)\s.*\b(from|into|set|as)\b", re.DOTALL)
    return [text for text in module.strings() if never.search(text) or (statement.match(text) and in_sql.search(text))]


def one_class_per_file(module: Module) -> list[str]:
    if not module.within("swarm_tui/widgets/", "swarm_tui/screens/", "swarm_tui/dialogs/"):
        return []
    classes = [
        node.name for node in module.tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    return classes[1:]


def a_file_says_what_it_is(module: Module) -> list[str]:
    return [] if ast.get_docstring(module.tree) else ["has no docstring"]


def no_name_says_nothing(module: Module) -> list[str]:
    classes = [node.name for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef)]
    return [name for name in classes if re.search(r"(Manager|Helper|Utils?|Service)$", name)]


Rule = Callable[[Module], list[str]]
BROKEN_BY: dict[Rule, tuple[str, str]] = {
    only_db_opens_a_database: ("swarm_agents/build/build.py", "def f():\n    import sqlite3"),
    only_panes_uses_libtmux: ("swarm_agents/courier/courier.py", "from libtmux import Server"),
    only_panes_runs_tmux: ("swarm_tui/app.py", "run(['tmux', 'kill-server'])"),
    only_git_runs_git: ("swarm_agents/commit/commit.py", "run(['git', 'stash'])"),
    only_few_start_processes: ("swarm_agents/build/build.py", "import os\nos.system('true')"),
    only_db_watches_files: ("agents/swarm_agents/views/snapshot_feed.py", "from watchfiles import watch"),
    only_the_screen_uses_textual: ("swarm_agents/cli/status.py", "import textual.app"),
    the_engine_knows_no_screen: ("swarm_agents/demo/server.py", "import swarm_tui.app"),
    nothing_imports_agents: ("swarm_tui/app.py", "import agents"),
    arrows_point_down: ("swarm_agents/git/refs.py", "from swarm_agents import build"),
    the_bottom_imports_nothing_of_ours: ("swarm_agents/model.py", "from swarm_agents.errors import Usage"),
    a_widget_opens_no_database: ("swarm_tui/widgets/log.py", "from swarm_agents.db.database import Database"),
    nothing_goes_round_the_hook: ("swarm_agents/git/commit.py", "run('commit', '--no-verify')"),
    sql_is_what_two_engines_share: ("swarm_agents/roster.py", "tx.execute('select * from agents where name = ?')"),
    one_class_per_file: ("swarm_tui/widgets/log.py", "class One: ...\nclass Two: ..."),
    a_file_says_what_it_is: ("swarm_agents/build/build.py", "import os"),
    no_name_says_nothing: ("swarm_agents/build/build.py", "class BuildManager: ..."),
}


def _named(value: object) -> str:
    return getattr(value, "__name__", "")


def every_module() -> list[Module]:
    return [
        Module(f"{package}/{path.relative_to(folder).as_posix()}", path.read_text(encoding="utf-8"))
        for package, folder in SOURCES.items()
        for path in sorted(folder.rglob("*.py"))
    ]


@pytest.mark.parametrize("rule", BROKEN_BY, ids=_named)
def test_every_module_keeps_the_rule(rule: Rule) -> None:
    objections = {module.path: found for module in every_module() if (found := rule(module))}

    assert objections == {}


@pytest.mark.parametrize("rule", BROKEN_BY, ids=_named)
def test_the_rule_notices_what_breaks_it(rule: Rule) -> None:
    path, text = BROKEN_BY[rule]

    assert rule(Module(path, text))


@pytest.mark.parametrize(
    "sql",
    [
        "pragma integrity_check",
        "insert or replace into agents (name) values (:name)",
        "select rowid from agents",
        "select strftime('%s', at) from events",
        "select datetime(at) from events",
        "select json_extract(data, '$.a') from events",
        "select name from agents where name glob 'a*'",
        "delete from agents where name = ?",
    ],
)
def test_words_that_only_sqlite_knows_are_noticed(sql: str) -> None:
    assert sql_is_what_two_engines_share(Module("swarm_agents/events.py", f"tx.execute({sql!r})"))


def test_no_import_goes_in_a_circle() -> None:
    assert circles(every_module()) == []


def test_a_circle_is_noticed() -> None:
    first = Module("swarm_agents/first.py", "from swarm_agents import second")
    second = Module("swarm_agents/second.py", "import swarm_agents.first")

    assert circles([first, second]) == [["swarm_agents.first", "swarm_agents.second"]]


def test_the_folder_agents_is_no_package() -> None:
    # `import agents` belongs to another distribution; a file here would hide it.
    assert [path.name for path in (ROOT / "agents").glob("*.py")] == []


def test_a_verb_loads_nothing_heavy() -> None:
    verbs = ["main", "parsing", "status", "build", "commit", "msg", "inbox", "agent", "escalation", "task", "lock"]

    assert loaded_by([f"swarm_agents.cli.{verb}" for verb in verbs]) == []


def test_something_heavy_is_noticed() -> None:
    assert loaded_by(["swarm_agents.db.sqlite.schema"]) == ["sqlite_utils"]


def circles(modules: list[Module]) -> list[list[str]]:
    """Groups of modules that import each other when they are loaded, each sorted."""
    known = {module.name for module in modules}
    edges = {module.name: {name for name in module.imports(late_too=False) if name in known} for module in modules}
    packages = {module.name for module in modules if module.path.endswith("__init__.py")}
    for name, targets in edges.items():
        # `from package import module` does not need the package's own names.
        edges[name] = {to for to in targets if not (to in packages and any(t.startswith(f"{to}.") for t in targets))}
    reached = {name: _reachable(edges, name) for name in edges}
    found = {tuple(sorted(b for b in reached[a] if a in reached[b])) for a in edges if a in reached[a]}
    return [list(group) for group in sorted(found)]


def loaded_by(modules: list[str]) -> list[str]:
    """Which of the heavy packages a fresh Python has loaded after these imports."""
    code = f"import sys, {', '.join(modules)}; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()


def _reachable(edges: dict[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    ahead = list(edges[start])
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += edges[name]
    return found


def _height(path: str) -> int:
    longest = max((place for place in HEIGHTS if path == place or path.startswith(place)), key=len, default="")
    return HEIGHTS.get(longest, 0)


def _path_of(name: str) -> str:
    """The file or folder that a dotted name means; a name in a module counts as that module."""
    words = name.split(".")
    files = ["/".join(words[:length]) + ".py" for length in range(1, len(words) + 1)]
    return next((path for path in files if path in HEIGHTS), "/".join(words) + "/")
