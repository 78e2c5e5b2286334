"""Files of tasks: the same plan in three formats, errors with their line, hostile files; templates of plans."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm_agents.errors import BadData, NotFound, UsageError
from swarm_agents.tasks import plan as task_plan
from swarm_agents.tasks import task_file
from swarm_agents.tasks.drafts import DraftState, TaskDraft
from swarm_agents.tasks.graph import sort_drafts
from swarm_agents.tasks.naming import name_drafts

MARKDOWN = """\
# A plan

Some words about it.

- [ ] The models {id=models files=src/models.py,src/db.py estimate=2h}
- [x] The outline
1. no task
* [ ] The API {id=api after=models,the-outline}
```
- [ ] an example, no task
```
"""
YAML = """\
---
# A plan
tasks:
  - id: models
    title: The models
    files:
      - src/models.py
      - src/db.py
    estimate: 2h   # guessed
  - title: "The outline"
    done: true
  - id: api
    title: 'The API'
    after: [models, the-outline]
"""
JSON = """\
{"tasks": [
  {"id": "models", "title": "The models", "files": ["src/models.py", "src/db.py"], "estimate": "2h"},
  {"title": "The outline", "done": true},

  {"id": "api", "title": "The API",
   "after": ["models", "the-outline"]}
]}
"""
PLAN = [
    TaskDraft("models", "The models", files=("src/models.py", "src/db.py"), estimate_min=120),
    TaskDraft("the-outline", "The outline", state=DraftState.COMPLETED),
    TaskDraft("api", "The API", after=("models", "the-outline")),
]


@pytest.mark.parametrize(
    ("text", "format_", "lines"),
    [(MARKDOWN, "markdown", [5, 6, 8]), (YAML, "yaml", [4, 10, 12]), (JSON, "json", [2, 3, 5])],
)
def test_one_plan_reads_the_same_in_each_format(text: str, format_: str, lines: list[int]) -> None:
    drafts = read(text, format_)

    assert [one._replace(line=None) for one in drafts] == PLAN
    assert [one.line for one in drafts] == lines


def test_an_item_waits_for_those_indented_under_it() -> None:
    text = "- [ ] Whole\n  - [ ] Half\n    - [ ] Quarter\n  - [ ] Other half\n- [ ] Next\n"

    after = {one.id: one.after for one in read(text, "markdown")}

    assert after == {"whole": ("half", "other-half"), "half": ("quarter",), "quarter": (), "other-half": (), "next": ()}


@pytest.mark.parametrize(
    ("text", "format_", "why"),
    [
        ("- [ ] A\n- [?] B\n", "markdown", "line 2: the box"),
        ("- [ ] A {when=now}\n", "markdown", "line 1: unknown key 'when'"),
        ("- [ ] A {id=a id=b}\n", "markdown", "line 1: 'id=b' is no note"),
        ("- [ ] A {estimate=soon}\n", "markdown", "line 1: 'estimate' is a time"),
        ("- title: A\n  when: now\n", "yaml", "line 1: unknown key 'when'"),
        ("- title: A\n- B\n", "yaml", "line 2: a task is a table"),
        ("- title: A\n\tid: a\n", "yaml", "line 2: this is not YAML"),
        ("- title: A\n   id: a\n", "yaml", "line 2: this is not YAML"),
        ("- title: A\n  title: B\n", "yaml", "line 2: the key 'title' stands twice"),
        ("- title: a: b\n", "yaml", "line 1: this is not YAML"),
        ("- title: 'A\n", "yaml", "line 2: this is not YAML"),
        ("- title: A\n- title: B\n  after: [a, [b]]\n", "yaml", "line 2: 'after' must be a list"),
        ("- title: A\n- title: {a: b}\n", "yaml", "line 2: 'title' must be a text"),
        ("- title: A\n  id: !!python/name:os.system x\n", "yaml", "line 2: the tag"),
        ("- title: A\n- &x [*x]\n", "yaml", "line 2: "),
        ("- title: A\n---\n- title: B\n", "yaml", "line 2: this is not YAML"),
        ('- title: A\n- title: "\x07"\n', "yaml", "line 2: this is not YAML"),
        ("title: A\n", "yaml", "line 1: write a list of tasks"),
        ("other:\n  - title: A\n", "yaml", "line 1: write a list of tasks"),
        ('[{"title": "A"},\n {"title": "B", "title": "C"}]', "json", "line 2: the key 'title' stands twice"),
        ('[{"title": "A",\n "id": ""}]', "json", "line 1: 'id' is empty"),
        ('[{"title": "A", "estimate": ' + "9" * 5000 + "}]", "json", "line 1: this JSON cannot be read"),
        ('[{"title": "A"},\n {"title": 3}]', "json", "line 2: 'title' must be a text"),
        ('[{"title": "A"},\n {"title": "B", "after": [["a"]]}]', "json", "line 2: 'after'"),
        ('[{"title": "A"},\n 3]', "json", "line 2: a task is a table"),
        ('[{"title": "A",}]', "json", "line 1: this is not JSON"),
        ('{"title": "A"}', "json", "Write a list of tasks"),
        ('[{"title": "A", "estimate": true}]', "json", "line 1: 'estimate'"),
        ("[" * 100_000, "json", "nested too deeply|not JSON"),
        ("[" * 10_000, "yaml", "nested too deeply"),
        ("- title: A\n" * 60_000, "yaml", "50000 keys and values are the limit"),
        ("- [ ] A\n" * 1001, "markdown", "There are 1001 tasks in it"),
        ("- A\n" * 10_001, "markdown", "There are 10001 items"),
        ("".join("  " * deep + "- [ ] A\n" for deep in range(900)), "markdown", "line 51: lists are nested"),
        ("x" * 1_048_577, "markdown", "1048576 bytes are the limit"),
    ],
)
def test_a_mistake_is_refused_with_its_line(text: str, format_: str, why: str) -> None:
    with pytest.raises(BadData, match=why):
        task_file.parse(text, format_)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"- [ ] A\n- [ ] B\0\n", "line 2: there is a NUL"),
        (b"- [ ] A\n\n- [ ] \xff\n", "line 3: this is not valid UTF-8"),
        (b"x" * 1_048_577, "1048576 bytes are the limit"),
    ],
)
def test_what_is_no_text_is_refused_with_its_line(data: bytes, why: str) -> None:
    with pytest.raises(BadData, match=why):
        task_file.decode(data)


def test_a_byte_order_mark_is_not_part_of_the_first_line() -> None:
    text = task_file.decode(b"\xef\xbb\xbf- [ ] A\n")

    assert [one.title for one in task_file.parse(text, "markdown")] == ["A"]
    assert [one.title for one in task_file.parse('\ufeff[{"title": "A"}]', "json")] == ["A"]


def test_yaml_has_all_that_its_users_expect_and_none_of_its_surprises() -> None:
    text = """\
- title: >-
    A title over
    two lines
  id: one
  detail: |
    First.
    Second.
  files: &both ["a: b.py", 'c.py']
- {title: No, id: "12:30", after: [one], files: *both}
"""
    first, second = task_file.parse(text, "yaml")

    assert (first.title, first.detail) == ("A title over two lines", "First.\nSecond.\n")
    assert (second.title, second.id, second.after) == ("No", "12:30", ("one",))
    assert first.files == second.files == ("a: b.py", "c.py")


def test_aliases_of_aliases_are_refused_and_not_copied() -> None:
    laughs = "- &a [x, x]\n" + "".join(f"- &a{n} [*a{n - 1 if n else ''}, *a{n - 1 if n else ''}]\n" for n in range(40))

    with pytest.raises(BadData, match="a task is a table"):
        task_file.parse(laughs, "yaml")


@given(st.text(), st.sampled_from(["markdown", "yaml", "json", "taskmaster", "beads", "github"]))
def test_any_text_is_read_or_refused(text: str, format_: str) -> None:
    try:
        task_file.parse(text, format_)
    except BadData as error:
        assert error.message


@given(st.lists(st.tuples(st.text(min_size=1), st.integers(0, 5))))
def test_the_lines_of_json_are_right_however_it_is_laid_out(items: list[tuple[str, int]]) -> None:
    text, lines, line = "[", [], 1
    for number, (title, blank) in enumerate(items):
        text += ("," if number else "") + "\n" * blank
        line += blank
        lines.append(line)
        text += json.dumps({"title": title, "detail": "]["})

    drafts = task_file.parse(text + "]", "json")

    assert ([one.title for one in drafts], [one.line for one in drafts]) == ([title for title, _ in items], lines)


@pytest.mark.parametrize(
    ("name", "text", "format_"),
    [
        ("a.md", "", "markdown"),
        ("a.YML", "", "yaml"),
        ("a.json", "", "json"),
        ("-", " [1]", "json"),
        ("-", "x\n- [ ] A", "markdown"),
        ("-", "- title: A", "yaml"),
        ("-", "1) [x] A", "markdown"),
        ("-", '[{"title": "A"}]', "json"),
        ("tasks.json", '{"tasks": [{"title": "A"}]}', "json"),
        ("tasks.json", '{"tasks": [{"id": 1, "title": "A", "status": "done"}]}', "taskmaster"),
        ("tasks.json", '{"master": {"tasks": []}, "ui": {"tasks": []}}', "taskmaster"),
        ("issues.jsonl", "", "beads"),
        ("-", '{"id": "a-1", "title": "A", "status": "open"}\n{"id": "a-2"}', "beads"),
        ("-", '{"id": "a-1", "title": "A", "status": "open"}', "beads"),
        ("-", '[{"number": 1, "title": "A", "body": ""}]', "github"),
        ("a.json", '{"number": 1, "title": "A", "body": ""}', "github"),
        ("a.json", "[", "json"),
    ],
)
def test_the_format_follows_from_the_name_or_the_text(name: str, text: str, format_: str) -> None:
    assert task_file.choose_format(name, text) == format_


def test_a_name_with_an_unknown_suffix_needs_a_format() -> None:
    with pytest.raises(UsageError, match="--format"):
        task_file.choose_format("tasks.txt", "")


@pytest.mark.parametrize(
    ("feature", "template"),
    [
        ("OAuth login with 2FA", "auth"),
        ("a REST endpoint for orders", "api"),
        ("migrate the orders table", "database"),
        ("a settings page", "ui"),
        ("faster start", "generic"),
    ],
)
def test_the_template_is_chosen_by_the_words_of_the_feature(feature: str, template: str) -> None:
    assert task_plan.propose_from_template("auto", feature) == task_plan.propose_from_template(template, feature)


@pytest.mark.parametrize("template", ["auth", "api", "database", "ui", "generic"])
def test_every_template_is_a_valid_plan(template: str) -> None:
    drafts = task_plan.propose_from_template(template, "Orders")

    assert len(sort_drafts(drafts, known=())) == len(drafts) >= 4
    assert all(one.title.startswith("Orders: ") and one.estimate_min for one in drafts)
    assert sum(not one.after for one in drafts) == 1


def test_an_unknown_template_is_refused_with_the_known_ones() -> None:
    with pytest.raises(NotFound, match="api, auth, database, generic, ui and auto"):
        task_plan.propose_from_template("../auth", "x")


def read(text: str, format_: str) -> list[TaskDraft]:
    return [one._replace(of_tracker=False) for one in name_drafts(task_file.parse(text, format_), {})]
