"""Rules of the code that no import contract can say: which programs run where, what SQL may use, what files hold.

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

# Those that the project uses are in a contract of pyproject.toml.
OTHER_DRIVERS = {"aiosqlite", "apsw", "pysqlite3", "psycopg", "psycopg2", "asyncpg", "sqlalchemy"}
HEAVY = (
    "textual",
    "libtmux",
    "sqlite_utils",
    "tabulate",
    "watchfiles",
    "markdown_it",
    "mdit_py_plugins",
    "yaml",
    "junitparser",
)
# Commands that end in time, git's answers, what runs under a lease, the human's bell, tmux, the play, a host's boot id.
STARTS_PROCESSES = (
    "system/subprocesses.py",
    "git/",
    "build/hold.py",
    "watch/channels.py",
    "watch/announcer.py",
    "panes/",
    "demo/",
    "db/clock.py",
)


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

    def imports(self) -> Iterator[str]:
        """Dotted names of what is imported; `from a import b` gives `a` and `a.b`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.path} imports relatively"
                yield str(node.module)
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    def late_imports(self) -> Iterator[ast.stmt]:
        """Imports inside functions."""
        functions = [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        found = {id(node): node for each in functions for node in ast.walk(each)}
        yield from (node for node in found.values() if isinstance(node, ast.Import | ast.ImportFrom))

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


# The rules.


def no_other_database_driver_is_used(module: Module) -> list[str]:
    return [] if module.within("swarm_agents/db/") else module.imports_package(*OTHER_DRIVERS)


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


def nothing_imports_agents(module: Module) -> list[str]:
    return module.imports_package("agents")


def nothing_goes_round_the_hook(module: Module) -> list[str]:
    """But for the demo's colleague, whose part it is, and for what recognises it in an agent's command."""
    if module.within("swarm_agents/demo/repository.py", "swarm_agents/host_events/shell_commits.py"):
        return []
    return [text for text in module.strings() if text == "--no-verify" or re.search(r"git\b.*--no-verify", text)]


def sql_is_what_two_engines_share(module: Module) -> list[str]:
    if module.within("swarm_agents/db/"):
        return []
    never = re.compile(r"\bpragma\b|insert or \w+|\browid\b|strftime\(|\bjson_\w+\(|\bsqlite_\w+\b", re.IGNORECASE)
    in_sql = re.compile(r"\?|\bglob\b|\bdatetime\(|\bifnull\(|\breplace into\b", re.IGNORECASE)
    statement = re.compile(r"\s*(select|insert|update|delete|with)\s.*\b(from|into|set|as)\b", re.DOTALL)
    return [text for text in module.strings() if never.search(text) or (statement.match(text) and in_sql.search(text))]


def a_front_opens_no_transaction(module: Module) -> list[str]:
    """Neither a verb nor a screen: what they show comes from views/, what they change is a whole act of its room."""
    if not module.within("swarm_agents/cli/", "swarm_tui/"):
        return []
    calls = [node.func for node in ast.walk(module.tree) if isinstance(node, ast.Call)]
    return [ast.unparse(one) for one in calls if re.search(r"\bdb\.(reading|transaction)$", ast.unparse(one))]


def one_class_per_file(module: Module) -> list[str]:
    if not module.within("swarm_tui/widgets/", "swarm_tui/screens/", "swarm_tui/dialogs/"):
        return []
    classes = [
        node.name for node in module.tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    return classes[1:]


def a_field_keeps_what_is_pasted(module: Module) -> list[str]:
    """Textual's `Input` keeps the first line of a paste and drops the others."""
    if module.within("swarm_tui/widgets/line_field.py", "swarm_tui/widgets/body_field.py"):
        return []
    fields = {"textual.widgets.Input", "textual.widgets.MaskedInput", "textual.widgets.TextArea"}
    return sorted(fields & set(module.imports()))


def a_file_says_what_it_is(module: Module) -> list[str]:
    return [] if ast.get_docstring(module.tree) else ["has no docstring"]


def no_name_says_nothing(module: Module) -> list[str]:
    classes = [node.name for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef)]
    return [name for name in classes if re.search(r"(Manager|Helper|Utils?|Service)$", name)]


def a_sentence_says_who_does_what(module: Module) -> list[str]:
    """Words with which a sentence hides its subject; see docs/contributing.md."""
    return re.findall(r"\b(?:nobody|somebody|whoever|anew)\b", module.text, re.IGNORECASE)


def a_late_import_says_why(module: Module) -> list[str]:
    """Start-up time is the one reason; the comment on the line says what was measured."""
    lines = module.text.splitlines()
    return [
        f"line {node.lineno} imports late without a reason"
        for node in module.late_imports()
        if not any("  # " in line for line in lines[node.lineno - 1 : node.end_lineno])
    ]


def a_late_module_is_imported_for_the_contracts(module: Module) -> list[str]:
    """`x = load_late("a.x")` stands beside `from a import x` under TYPE_CHECKING, which import-linter and mypy see."""
    imported = {
        (alias.asname or alias.name, f"{node.module}.{alias.name}")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    late = {
        (ast.unparse(node.targets[0]), str(ast.literal_eval(node.value.args[0])))
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func) == "load_late"
    }
    return [f"{name} is not imported as {of}" for name, of in sorted(late - imported)]


Rule = Callable[[Module], list[str]]
BROKEN_BY: dict[Rule, tuple[str, str]] = {
    no_other_database_driver_is_used: ("swarm_agents/build/build.py", "def f():\n    import aiosqlite"),
    only_panes_runs_tmux: ("swarm_tui/app.py", "run(['tmux', 'kill-server'])"),
    only_git_runs_git: ("swarm_agents/commit/commit.py", "run(['git', 'stash'])"),
    only_few_start_processes: ("swarm_agents/build/build.py", "import os\nos.system('true')"),
    nothing_imports_agents: ("swarm_tui/app.py", "import agents"),
    nothing_goes_round_the_hook: ("swarm_agents/git/commit.py", "run('commit', '--no-verify')"),
    sql_is_what_two_engines_share: ("swarm_agents/roster.py", "tx.execute('select * from agents where name = ?')"),
    a_front_opens_no_transaction: ("swarm_agents/cli/lock.py", "with call.db.reading() as tx: ..."),
    one_class_per_file: ("swarm_tui/widgets/log.py", "class One: ...\nclass Two: ..."),
    a_field_keeps_what_is_pasted: ("swarm_tui/screens/overview.py", "from textual.widgets import Input"),
    a_sentence_says_who_does_what: ("swarm_agents/roster.py", "# Nobody goes by that name."),
    a_late_import_says_why: ("swarm_agents/roster.py", "def f():\n    import random\n    return random"),
    a_late_module_is_imported_for_the_contracts: (
        "swarm_agents/heartbeat.py",
        "if TYPE_CHECKING:\n    from swarm_agents import roster\nelse:\n    roster = load_late('swarm_agents.build')",
    ),
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


def test_every_class_name_has_one_definition() -> None:
    assert repeated_class_names(every_module()) == {}


def test_a_class_name_that_is_defined_twice_is_noticed() -> None:
    first, second = (Module(f"swarm_agents/{name}.py", "class Waiting: ...") for name in ("build", "courier"))

    assert repeated_class_names([first, second]) == {"Waiting": [first.path, second.path]}


def test_the_folder_agents_is_no_package() -> None:
    # `import agents` belongs to another distribution; a file here would hide it.
    assert [path.name for path in (ROOT / "agents").glob("*.py")] == []


def test_a_verb_loads_nothing_heavy() -> None:
    verbs = ["main", "parsing", "status", "build", "commit", "msg", "inbox", "agent", "escalation", "task", "lock"]

    assert loaded_by([*(f"swarm_agents.cli.{verb}" for verb in verbs), "swarm_agents.panes.address"]) == []


def test_something_heavy_is_noticed() -> None:
    assert loaded_by(["swarm_agents.db.sqlite.schema"]) == ["sqlite_utils"]


def loaded_by(modules: list[str]) -> list[str]:
    """Which of the heavy packages a fresh Python has loaded after these imports."""
    code = f"import sys, {', '.join(modules)}; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()


def repeated_class_names(modules: list[Module]) -> dict[str, list[str]]:
    """Class names that more than one module defines at its top, and where."""
    found: dict[str, list[str]] = {}
    for module in modules:
        for node in module.tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found.setdefault(node.name, []).append(module.path)
    return {name: paths for name, paths in found.items() if len(paths) > 1}
