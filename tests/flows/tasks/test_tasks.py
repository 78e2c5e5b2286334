"""`swarm task`: many processes at once, the verbs, the commands named in messages, import and plan."""

import json
import re
import time
from pathlib import Path

import pytest

from swarm_agents import roster
from swarm_agents.db.database import Database
from swarm_agents.tasks import rows as task_rows
from swarm_agents.tasks import tasks
from tests.support.processes import LIMIT_S, Answer, Worker, workers
from tests.support.repo import Ran, Repo
from tests.support.until import until

ROUNDS = 200
HERD = [f"agent-{n}" for n in range(8)]
HOSTILE = ["a\nb", "a'b", 'a"b', "a" * 10_000, "a\x1b[2J", "\u202ea", "a b", "", "a\u200b", "..", "a/b", "$name"]


def test_of_eight_claims_at_once_one_wins_and_the_others_name_it(db_path: Path) -> None:
    join(db_path, HERD)
    with workers(db_path, 8) as crew, Database(db_path) as db:
        for round_ in range(ROUNDS):
            tasks.add(db, "work", "human", f"r{round_}")

            told = all_at_once(crew, "task_claim", task=f"r{round_}")

            [winner] = [name for name, answer in zip(HERD, told, strict=True) if answer.told == f"TaskUpdated {name}"]
            losers = [answer.told for answer in told if answer.told != f"TaskUpdated {winner}"]
            assert losers == [f"TaskTaken {winner}"] * 7, f"round {round_}: {told}"


def test_of_eight_that_claim_the_task_of_a_dead_agent_one_wins(db_path: Path) -> None:
    join(db_path, [*HERD, "dead"])
    with workers(db_path, 8) as crew, Database(db_path) as db:
        for round_ in range(ROUNDS // 4):
            tasks.add(db, "work", "human", f"r{round_}")
            tasks.claim(db, "dead", f"r{round_}", lease_s=0)

            told = all_at_once(crew, "task_claim", task=f"r{round_}")

            assert sorted(answer.told.split()[0] for answer in told) == [*["TaskTaken"] * 7, "TaskUpdated"]
            assert len({answer.told.split()[1] for answer in told}) == 1 and {answer.fence for answer in told} == {3}


def test_eight_processes_add_twenty_tasks_each_with_different_ids(db_path: Path) -> None:
    with workers(db_path, 8) as crew:
        for number in range(20):
            for worker in crew:
                worker.send("task_add", title=f"number {number}")
        ids = [worker.receive().told for worker in crew for _ in range(20)]

    with Database(db_path) as db, db.reading() as tx:
        assert sorted(task.id for task in task_rows.list_tasks(tx)) == sorted(set(ids))
    assert len(set(ids)) == 160


def test_two_tasks_from_adding_to_completion(repo: Repo) -> None:
    assert repo.swarm("task", "add", "The models", "--id", "models").exit == 0
    assert repo.swarm("task", "add", "The API", "--id", "api", "--after", "models").exit == 0
    assert act(repo, "alice", "claim", "models").exit == 0
    assert act(repo, "alice", "start", "models").exit == 0
    assert act(repo, "alice", "done", "models", "--result", "see models.py").exit == 0

    listed = repo.swarm("task", "list", "--json").data["tasks"]

    assert [(one["id"], one["status"], one["claimant"], one["after"]) for one in listed] == [
        ("models", "completed", "alice", []),
        ("api", "open", None, ["models"]),
    ]


def test_a_refused_claim_names_its_reason(repo: Repo) -> None:
    repo.swarm("task", "add", "First", "--id", "first")
    repo.swarm("task", "add", "Second", "--id", "second", "--after", "first")
    act(repo, "alice", "claim", "first")

    taken, blocked, unknown = (act(repo, "bob", "claim", one) for one in ("first", "second", "third"))

    assert (taken.exit, taken.data["reason"], taken.data["taken_by"]) == (90, "taken_by", "alice")
    assert (blocked.exit, blocked.data["reason"], blocked.data["blocked_by"]) == (90, "blocked_by", ["first"])
    assert (unknown.exit, unknown.json["code"]) == (92, "not_found")


def test_only_the_claimant_completes_a_task(repo: Repo) -> None:
    repo.swarm("task", "add", "First", "--id", "first")
    unclaimed = act(repo, "bob", "done", "first")
    act(repo, "alice", "claim", "first")

    assert [unclaimed.exit, act(repo, "bob", "done", "first").exit, act(repo, "human", "done", "first").exit] == [
        77
    ] * 3
    assert repo.swarm("task", "show", "first", "--json").data["status"] == "claimed"
    assert act(repo, "bob", "done", "second").exit == 92


def test_the_task_of_a_dead_claimant_is_opened_and_its_late_completion_refused(repo: Repo) -> None:
    repo.write("swarm.toml", "[tasks]\nlease_s = 1\n")
    repo.swarm("task", "add", "First", "--id", "first")
    fence = act(repo, "alice", "claim", "first").data["fence"]
    repo.write("swarm.toml", "")  # bob's lease outlasts the test

    until(lambda: act(repo, "bob", "claim", "first").exit == 0, "the lease runs out", look_every_s=0.2)

    assert act(repo, "alice", "done", "first", "--fence", str(fence)).exit == 77
    assert repo.swarm("task", "show", "first", "--json").data["claimant"] == "bob"


def test_an_agent_that_leaves_releases_its_tasks_and_locks(repo: Repo) -> None:
    repo.swarm("task", "add", "First", "--id", "first")
    act(repo, "alice", "claim", "first")
    repo.swarm("--as", "alice", "lock", "acquire", "README")

    repo.swarm("--as", "alice", "agent", "leave")

    assert act(repo, "bob", "claim", "first").exit == 0
    assert repo.swarm("--as", "bob", "lock", "acquire", "README").exit == 0


@pytest.mark.parametrize("verb", ["claim", "start", "done", "fail", "review"])
def test_acts_on_tasks_need_a_known_agent(repo: Repo, verb: str) -> None:
    repo.swarm("task", "add", "First", "--id", "first")
    words = [verb, "first", *(["--reason", "x"] if verb == "fail" else [])]

    assert repo.swarm("task", *words).exit == 64
    assert repo.swarm("--as", "stranger", "task", *words).exit == 92


def test_acts_reserved_for_a_human_are_refused_to_agents(repo: Repo) -> None:
    repo.swarm("task", "add", "First", "--id", "first")
    act(repo, "alice", "claim", "first")

    assert act(repo, "bob", "reassign", "first", "bob").exit == 77
    assert act(repo, "bob", "release", "first").exit == 77
    assert act(repo, "bob", "cancel", "first").exit == 77
    assert repo.swarm("task", "reassign", "first", "bob").exit == 0
    assert act(repo, "bob", "done", "first").exit == 0


def test_hostile_ids_are_refused_by_every_verb_and_nothing_is_written(repo: Repo) -> None:
    repo.swarm("task", "add", "First", "--id", "first")
    before = repo.swarm("task", "list", "--json").out

    for verb, *more in (["claim"], ["start"], ["done"], ["review"], ["cancel"], ["show"], ["release"]):
        for hostile in HOSTILE[:4]:
            refused = act(repo, "alice", verb, "--", hostile, *more)
            assert refused.exit == 64, (verb, hostile, refused)
    for hostile in HOSTILE:
        assert repo.swarm("task", "add", "T", f"--id={hostile}").exit == 64, hostile
        assert repo.swarm("task", "add", "T", f"--after={hostile}").exit == 64, hostile

    assert repo.swarm("task", "list", "--json").out == before


@pytest.mark.parametrize("title", ["", "  ", "a\nb", "a\x1b[2Jb", "\u202eevil", "x" * 201])
def test_a_title_that_cannot_be_shown_in_a_line_is_refused(repo: Repo, title: str) -> None:
    assert repo.swarm("task", "add", title).exit == 65
    assert repo.swarm("task", "list", "--json").data["tasks"] == []


def test_every_command_that_a_message_names_runs_as_it_is_written(repo: Repo) -> None:
    repo.swarm("task", "add", "First", "--id", "first")
    repo.swarm("task", "add", "Second", "--id", "second", "--after", "first")
    told_of_new = follow(repo, "bob")
    repo.swarm("--as", "alice", "inbox")
    act(repo, "bob", "done", "first")
    told_of_next = follow(repo, "alice")
    repo.swarm("task", "reassign", "second", "bob")
    told_of_gift = follow(repo, "bob")
    repo.swarm("--as", "alice", "inbox")
    act(repo, "bob", "review", "second")
    told_of_review = follow(repo, "alice")

    assert told_of_new == [("swarm task claim first", 0)]
    assert told_of_next == [("swarm task claim second", 0)]
    assert told_of_gift == [("swarm task start second", 0)]
    assert told_of_review == [("swarm task show second", 0)]


def test_an_agent_is_not_told_of_its_own_acts(repo: Repo) -> None:
    act(repo, "alice", "add", "First", "--id", "first")
    act(repo, "alice", "claim", "first")
    act(repo, "alice", "done", "first")

    assert repo.swarm("--as", "alice", "inbox", "--json").data["messages"] == []
    assert len(repo.swarm("--as", "bob", "inbox", "--json").data["messages"]) == 3


def test_the_printed_next_commands_lead_to_completion(repo: Repo) -> None:
    repo.swarm("task", "add", "First", "--id", "first")
    claimed = act(repo, "alice", "claim", "first")

    started = repo.shell(claimed.json["next"])

    assert (claimed.json["next"], started) == ("swarm task start first --as alice", 0)
    assert act(repo, "alice", "start", "first").json["next"] == "swarm task done first --as alice"


# Import and plan.


def test_a_checklist_becomes_tasks(repo: Repo) -> None:
    repo.write("plan.md", "# Plan\n- [ ] Models {id=models estimate=1h}\n- [ ] API {id=api after=models}\n")

    assert repo.swarm("task", "import", "plan.md").exit == 0
    assert ids(repo) == ["models", "api"]


def test_a_file_with_a_mistake_adds_nothing_and_names_the_line(repo: Repo) -> None:
    repo.write("plan.yaml", "- title: One\n  after: [two]\n- title: Two\n  after: [one]\n")

    refused = repo.swarm("task", "import", "plan.yaml")

    assert refused.exit == 65 and "line 1" in refused.err and "circle" in refused.err
    assert ids(repo) == []


def test_a_second_import_adds_what_is_new_in_the_file(repo: Repo) -> None:
    plan = "- [ ] C\n- [ ] C++\n- [ ] C#\n- [ ] 修复登录\n- [ ] 写测试\n- [x] Rename {id} to {name}\n"
    repo.write("plan.md", plan)
    first = repo.swarm("task", "import", "plan.md", "--json").data["ids"]
    before = repo.swarm("task", "list", "--json").out

    again = repo.swarm("task", "import", "plan.md")
    unchanged = repo.swarm("task", "list", "--json").out
    repo.write("plan.md", "- [ ] C♯ {after=c-2}\n" + plan)
    more = repo.swarm("task", "import", "plan.md", "--json").data

    assert first == ["c", "c-2", "c-3", "task", "task-2", "rename-id-to-name"]
    assert (again.exit, unchanged) == (0, before) and "Nothing is new. 6 are there already" in again.out
    assert (more["ids"], sorted(more["present"])) == (["c-4"], sorted(first))
    assert more["tasks"][0]["after"] == ["c-2"]


def test_an_id_that_means_another_task_here_is_refused_with_file_and_line(repo: Repo) -> None:
    repo.swarm("task", "add", "The models", "--id", "models")
    repo.write("plan.md", "- [ ] First\n- [ ] Other models {id=models}\n")

    refused = repo.swarm("task", "import", "plan.md")

    assert refused.exit == 65 and ids(repo) == ["models"]
    assert "plan.md: line 2: there is a task models already, 'The models'; give this one another id" in refused.err


def test_a_part_that_is_new_is_told_where_its_whole_is_there_already(repo: Repo) -> None:
    repo.write("plan.md", "- [ ] Whole\n")
    repo.swarm("task", "import", "plan.md")
    repo.write("plan.md", "- [ ] Whole\n  - [ ] Part\n")

    told = repo.swarm("task", "import", "plan.md")

    assert told.exit == 0 and "does not wait for what is new, though the file says so: whole after part" in told.out


def test_a_tracker_gives_its_open_work_and_a_renamed_issue_is_the_same(repo: Repo) -> None:
    closed, deferred = ([{"depends_on_id": id_, "type": "blocks"}] for id_ in ("bd-1", "bd-3"))
    issues = [
        {"id": "bd-1", "title": "Closed", "status": "closed"},
        {"id": "bd-2", "title": "Open", "status": "open", "dependencies": closed},
        {"id": "bd-3", "title": "Put off", "status": "deferred"},
        {"id": "bd-4", "title": "Waits", "status": "open", "dependencies": deferred},
    ]
    lines = [json.dumps(one) for one in issues]
    repo.write(".beads/issues.jsonl", "\n".join(lines))

    first = repo.swarm("task", "import", ".beads/issues.jsonl", "--json").data
    repo.write(".beads/issues.jsonl", "\n".join(lines).replace('"Open"', '"Renamed"').replace("deferred", "open"))
    second = repo.swarm("task", "import", ".beads/issues.jsonl", "--json").data

    assert (first["ids"], first["ended"], first["deferred"]) == (["bd-2"], ["bd-1"], ["bd-3", "bd-4"])
    assert (second["ids"], second["present"]) == (["bd-3", "bd-4"], ["bd-2"])
    assert act(repo, "alice", "claim", "bd-2").exit == 0


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("nul.md", b"- [ ] A\n- [ ] B\0\n"),
        ("bytes.md", b"- [ ] A\n- [ ] \xff\xfe\n"),
        ("escape.md", b"- [ ] A\n- [ ] B\x1b[2J\n"),
        ("bidi.yaml", b'- title: A\n- title: "\\u202eB"\n'),
        ("controls.json", b'[{"title": "A"},\n{"title": "B\\u0007"}]'),
        ("half.json", b'[{"title": "A"},\n{"title": "B", "detail": "\\ud800"}]'),
        ("nul.json", b'[{"title": "A"},\n{"title": "B", "detail": "\\u0000"}]'),
        ("long.md", b"- [ ] A\n- [ ] " + b"B" * 201 + b"\n"),
        ("nested.json", b"[" * 10_000),
        ("nested.yaml", b"[" * 10_000),
        ("nested.md", b"- " * 10_000 + b"[ ] A\n"),
        ("huge.md", b"- [ ] A\n" * 140_000),
        ("huge.yaml", b"- title: A\n" * 95_000),
        ("empty.md", b""),
        ("conflict.jsonl", b"<<<<<<< HEAD\n"),
    ],
)
def test_a_hostile_file_is_refused_by_name_and_nothing_of_it_is_added(repo: Repo, name: str, data: bytes) -> None:
    (repo.path / name).write_bytes(data)

    refused = repo.swarm("task", "import", name)

    assert (refused.exit, ids(repo)) == (65, []), refused
    assert f"{name}: " in refused.err and "Traceback" not in refused.err
    assert len(refused.err) < 600 and refused.err.strip().isprintable()


def test_a_second_plan_of_the_same_feature_leaves_the_first_alone(repo: Repo) -> None:
    first = repo.swarm("task", "plan", "OAuth login", "--json").data["ids"]
    act(repo, "alice", "claim", first[0])

    second = repo.swarm("task", "plan", "OAuth login", "--json").data["ids"]

    assert not set(first) & set(second) and ids(repo) == first + second
    assert repo.swarm("task", "show", first[0], "--json").data["claimant"] == "alice"


def test_a_command_of_the_user_proposes_the_tasks(repo: Repo) -> None:
    answer = """[{"id": "a", "title": "A"}, {"id": "b", "title": "B", "after": ["a"]}]"""
    command = f"grep -q 'agents can work on at the same time: Export' && echo '{answer}'"

    planned = repo.swarm("task", "plan", "Export", "--with", command, "--json")

    assert planned.data["ids"] == ["export-a", "export-b"]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("echo 'Sure! Here is your plan.'", 65),
        ('echo \'[{"title": ""}]\'', 65),
        ("echo '[]'", 65),
        ('echo \'[{"title": "A", "after": ["nowhere"]}]\'', 65),
        ("printf '\\377'", 65),
        ("head -c 2000000 /dev/zero | tr '\\0' x", 65),
        ("exit 3", 69),
        ("kill -9 $$", 69),
    ],
)
def test_an_invalid_answer_of_the_command_adds_nothing(repo: Repo, command: str, code: int) -> None:
    assert repo.swarm("task", "plan", "Export", "--with", command).exit == code
    assert ids(repo) == []


def test_a_command_that_hangs_is_ended_with_its_children(repo: Repo) -> None:
    beat = repo.path / "beat"
    command = "(while :; do echo x >> beat; sleep 0.02; done) & sleep 600"

    hung = repo.swarm("task", "plan", "Export", "--with", command, "--timeout", "1")
    size = beat.stat().st_size

    assert hung.exit == 69 and "within 1 s" in hung.err and ids(repo) == []
    with pytest.raises(AssertionError, match="it beats on"):
        until(lambda: beat.stat().st_size > size, "it beats on", limit_s=0.5)


def follow(repo: Repo, agent: str) -> list[tuple[str, int]]:
    """Read the inbox and run each command in it as that agent; how each ended."""
    told = "\n".join(one["body"] for one in repo.swarm("--as", agent, "inbox", "--json").data["messages"])
    return [(one, repo.shell(f"SWARM_AGENT={agent} {one}")) for one in re.findall(r"'(swarm [^']+)'", told)]


def ids(repo: Repo) -> list[str]:
    return [one["id"] for one in repo.swarm("task", "list", "--json").data["tasks"]]


def act(repo: Repo, agent: str, verb: str, *words: str) -> Ran:
    return repo.swarm("--as", agent, "--json", "task", verb, *words)


def all_at_once(crew: list[Worker], order: str, **values: str) -> list[Answer]:
    at_ns = time.monotonic_ns() + 2_000_000
    for worker, name in zip(crew, HERD, strict=True):
        worker.send(order, agent=name, at_ns=at_ns, **values)
    return [worker.receive(LIMIT_S) for worker in crew]


def join(path: Path, names: list[str]) -> None:
    with Database(path) as db:
        for name in names:
            roster.join(db, name, "agent", None)
