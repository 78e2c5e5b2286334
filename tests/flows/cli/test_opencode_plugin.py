"""The plugin that `swarm setup opencode` installs, run by Node.js with a `swarm` that answers what the test says."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.repo import RUN_LIMIT_S, Repo

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")

DRIVER = """
import { SwarmPlugin } from "./swarm.mjs"
const sent = []
const client = { session: { promptAsync: async (prompt) => sent.push(prompt.body.parts[0].text) } }
const hooks = await SwarmPlugin({ client, directory: process.cwd() })
let refused = ""
const args = { command: "git commit -m x" }
await hooks.event({ event: { type: "session.created", properties: { info: { id: "s1" } } } })
const before = { tool: "bash", sessionID: "s1" }
await hooks["tool.execute.before"](before, { args }).catch((error) => (refused = error.message))
await hooks["tool.execute.after"]({ tool: "bash", sessionID: "s1", args }, { output: "x", metadata: { exit: 83 } })
await hooks.event({ event: { type: "session.idle", properties: { sessionID: "s1" } } })
const system = []
await hooks["experimental.chat.system.transform"]({ sessionID: "s1" }, { system })
console.log(JSON.stringify({ refused, sent, system }))
"""


@pytest.fixture
def plugin(repo: Repo, tmp_path: Path) -> Path:
    """A folder with the installed plugin and the driver."""
    assert repo.swarm("setup", "opencode", HOME=str(tmp_path)).exit == 0
    folder = tmp_path / "run"
    folder.mkdir()
    shutil.copy(repo.path / ".opencode/plugins/swarm.js", folder / "swarm.mjs")
    (folder / "driver.mjs").write_text(DRIVER, encoding="utf-8")
    return folder


def drive(folder: Path, script: str) -> dict[str, object]:
    program = folder / "swarm"
    program.write_text(script, encoding="utf-8")
    program.chmod(0o755)
    node = str(shutil.which("node"))
    done = subprocess.run(
        [node, "driver.mjs"],
        cwd=folder,
        env={"PATH": f"{folder}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=RUN_LIMIT_S,
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, object] = json.loads(done.stdout)
    return said


def test_it_passes_events_on_and_does_what_the_reply_says(plugin: Path) -> None:
    said = drive(
        plugin,
        """#!/bin/sh
[ "$*" = "hook opencode" ] || exit 64
event=$(cat)
printf '%s\\n' "$event" >> seen
case $event in
*session.created*) echo '{"context": "You are alice."}' ;;
*tool.execute.before*) echo '{"deny": "The build is red."}' ;;
*session.idle*) echo '{"go_on": "You are the fixer."}' ;;
esac
""",
    )

    assert said == {"refused": "The build is red.", "sent": ["You are the fixer."], "system": ["You are alice."]}
    seen = [json.loads(line) for line in (plugin / "seen").read_text().splitlines()]
    assert [event["hook_event_name"] for event in seen] == [
        *("session.created", "tool.execute.before", "tool.execute.after", "session.idle")
    ]
    assert {event["session_id"] for event in seen} == {"s1"}
    assert seen[1]["args"] == {"command": "git commit -m x"} and seen[2]["exit_status"] == 83


@pytest.mark.parametrize(
    "script", ["#!/bin/sh\necho no json\n", "#!/bin/sh\nexit 70\n", "#!/nowhere\n"], ids=["text", "fails", "missing"]
)
def test_an_error_of_ours_stops_nothing(plugin: Path, script: str) -> None:
    assert drive(plugin, script) == {"refused": "", "sent": [], "system": []}
