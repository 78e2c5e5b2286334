"""Codecs: what each host's hooks say is read as one event, and a reply is written in the host's own form.

Each file of tests/data/hosts/HOST is one event: where its input is `from`, the `input`, the `event` that it is read as
and the `output` of a reply that says everything. `python -m tests.unit.hosts.test_codecs` writes the last two again.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from swarm_agents.hosts import registry
from swarm_agents.hosts.host import HookEvent, HookReply

DATA = Path(__file__).parents[2] / "data" / "hosts"
GOLDEN = sorted(DATA.glob("*/*.json"))
EVERYTHING = HookReply(context='"C" ü\n2', deny="D", go_on="G", name="otter")
ENVIRONMENT = {"TMUX": "/tmp/tmux,1,0", "TMUX_PANE": "%3"}


def ask(path: Path) -> tuple[dict[str, Any], HookEvent | None, str, int]:
    golden = json.loads(path.read_text(encoding="utf-8"))
    host = registry.load_host(path.parent.name)
    typed = json.dumps(golden["input"]) if "input" in golden else ""
    event = host.read_event(typed, golden.get("words", []), ENVIRONMENT)
    if event is None:
        return golden, None, "", 0
    output = host.write_reply(event, EVERYTHING, {})
    return golden, event, output.text, output.exit


def make_golden(path: Path) -> dict[str, Any]:
    golden, event, text, code = ask(path)
    kept = {key: golden[key] for key in ("from", "input", "words") if key in golden}
    told = json.loads(text) if text.startswith("{") else text
    shown = event and {
        key: list(value) if isinstance(value, tuple) else value for key, value in event._asdict().items()
    }
    return kept | {
        "event": shown and {key: value for key, value in shown.items() if value},
        "output": told,
        "exit": code,
    }


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_an_event_is_read_and_answered_as_written_down(path: Path) -> None:
    assert make_golden(path) == json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_reply_without_words_prints_nothing(path: Path) -> None:
    _, event, _, _ = ask(path)
    host = registry.load_host(path.parent.name)

    assert event is None or host.write_reply(event, HookReply(), {}) == ("", 0)


@pytest.mark.parametrize("host", registry.list_hosts(), ids=lambda host: host.name)
def test_a_quiet_event_has_a_file_here_as_every_other(host: Any) -> None:
    files = {path.stem.partition("-")[0] for path in (DATA / host.name).glob("*.json")}

    assert set(host.quiet_events) <= files


def test_no_reply_ever_grants_a_permission() -> None:
    assert not [path for path in GOLDEN if '"allow"' in ask(path)[2] or '"approve"' in ask(path)[2]]


if __name__ == "__main__":
    for each in GOLDEN:
        each.write_text(json.dumps(make_golden(each), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
