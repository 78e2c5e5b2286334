"""Completion of the command line: what the real shells offer, made from the parsers' own declarations."""

import shlex
import shutil
from pathlib import Path

import pytest

from swarm_agents.cli import completion
from swarm_agents.cli.main import NOUNS
from swarm_agents.cli.parsers import find_parser
from swarm_agents.cli.parsing import Parser
from swarm_agents.views import known_names
from tests.support.repo import Repo, environment
from tests.support.tmux import Tmux
from tests.support.until import until

# How each shell is started without the user's own settings, and what it runs first.
SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(swarm completion bash)"'),
    "zsh": (["zsh", "-f", "-i"], 'autoload -U compinit; compinit -u -D; eval "$(swarm completion zsh)"'),
    "fish": (["fish", "--no-config", "-i"], "swarm completion fish | source"),
}


@pytest.fixture
def busy(repo: Repo) -> Repo:
    """Alice has a task and a lock, and asks the human."""
    assert repo.swarm("--as", "alice", "task", "add", "Write the parser", "--id", "parser").exit == 0
    assert repo.swarm("--as", "alice", "lock", "acquire", "src/main file.py").exit == 0
    repo.swarm("--as", "alice", "build", "report", "--summary", "red")
    repo.swarm("--as", "alice", "build", "escalate", "--reason", "which one?")
    return repo


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("typed", "becomes"),
    [
        ("swarm esc", "swarm escalation "),
        ("swarm task cla", "swarm task claim "),
        ("swarm task claim pa", "swarm task claim parser "),
        ("swarm agent adopt bo", "swarm agent adopt bob "),
        ("swarm lock release sr", r"swarm lock release src/main\ file.py "),
        ("swarm build failed --reason x --class netw", "swarm build failed --reason x --class network "),
        ("swarm msg send bob hi --requires", "swarm msg send bob hi --requires-ack "),
        ("swarm msg export note", "swarm msg export notes.md "),
    ],
)
def test_a_tab_completes_the_line(busy: Repo, tmux: Tmux, shell: str, typed: str, becomes: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    busy.write("notes.md", "")
    start, setting = SHELLS[shell]
    set_up = tmux.folder / "set_up"
    ready = tmux.folder / "ready"
    set_up.write_text(f"{setting}\ntouch {ready}\n")
    variables = [f"{name}={environment()[name]}" for name in ("PATH", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM")]
    words = ["env", "-C", str(busy.path), *variables, "PS1=> ", "TERM=dumb" if shell == "bash" else "TERM=tmux", *start]
    pane = tmux.find(tmux.pane(*words))

    pane.send_keys(f". {shlex.quote(str(set_up))}", enter=True)
    until(ready.exists, f"{shell} has read its settings")
    pane.send_keys("clear", enter=True)
    pane.send_keys(typed, enter=False, literal=True)
    pane.send_keys("Tab", enter=False)

    until(
        lambda: becomes.rstrip() in tmux.run("capture-pane", "-p", "-t", pane.pane_id or ""),
        f"{shell} offers {becomes!r}",
    )


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        (["--as", ""], {"alice", "bob"}),
        (["--as=b"], {"--as=bob"}),
        (["build", "failed", "--class", "=", "l"], {"logic"}),
        (["msg", "send", ""], {"alice", "bob", "agent", "all", "human"}),
        (["escalation", "ack", ""], {"1"}),
        (["help", "task", "cl"], {"claim"}),
        (["commit", "--amen"], {"--amend"}),
        (["commit", "--no-ver"], set()),
        (["lock", "acquire", ""], {":files"}),
        (["build", "hold", "--", "make", ""], {":files"}),
        (["agent", "join", ""], set()),
        (["no-such-noun", ""], set()),
    ],
)
def test_the_words_that_fit(busy: Repo, line: list[str], offered: set[str]) -> None:
    ended = busy.swarm("completion", "words", "--", *line)

    assert ended.exit == 0
    assert {one.partition("\t")[0] for one in ended.out.splitlines()} == offered


@pytest.mark.parametrize("noun", NOUNS)
def test_every_verb_and_option_is_offered(repo: Repo, noun: str) -> None:
    declared = find_parser(noun)
    if declared is None:
        pytest.skip("its options are git's")

    for verb, one in declared.verbs.items() or [("", declared)]:
        line = [noun, *([verb] if verb else []), "--"]
        offered = {word.partition("\t")[0] for word in repo.swarm("completion", "words", "--", *line).out.splitlines()}
        assert offered >= {argument.names[-1] for argument in one.arguments if argument.is_option}


def test_every_value_of_an_argument_has_a_kind() -> None:
    """A new metavar must say whether its values can be listed."""
    missing = []
    for noun in NOUNS:
        declared = find_parser(noun)
        for one in [declared, *declared.verbs.values()] if declared else []:
            missing += [f"{one.prog} {metavar}" for metavar in list_metavars(one) if not is_known(one, metavar)]
    assert not missing
    assert set(completion.KINDS.values()) - {"", completion.FILES} <= set(known_names.KINDS)


def test_without_a_swarm_it_offers_what_needs_none(tmp_path: Path) -> None:
    outside = Repo(tmp_path)

    assert outside.swarm("completion", "words", "--", "task", "claim", "").out == ""
    assert outside.swarm("completion", "words", "--", "task", "clai").out == "claim\tclaim a task\n"


def list_metavars(of: Parser) -> list[str]:
    takes_value = [
        argument for argument in of.arguments if "action" not in argument.keywords or "metavar" in argument.keywords
    ]
    return [str(one.keywords["metavar"]) for one in takes_value if isinstance(one.keywords.get("metavar"), str)]


def is_known(of: Parser, metavar: str) -> bool:
    words = of.prog.split()[1:]
    return any(" ".join([*words[:depth], metavar]) in completion.KINDS for depth in range(len(words) + 1))
