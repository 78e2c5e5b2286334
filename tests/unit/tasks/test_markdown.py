"""Checklists in Markdown: what is an item, what it is part of, its notes and its detail."""

import pytest

from swarm_agents.errors import BadData
from swarm_agents.tasks import task_file
from swarm_agents.tasks.drafts import DraftState, TaskDraft
from swarm_agents.tasks.naming import name_drafts

FENCES = """\
- [ ] First

````md
```
- [ ] an example
```
- [ ] another
````

~~~
- [ ] a third
~~~

    - [ ] indented code

<!--
- [ ] a comment
-->

> - [ ] quoted

- [ ] Last
"""


def test_what_is_shown_as_code_or_quoted_is_no_task() -> None:
    assert titles(FENCES) == ["First", "Last"]


def test_items_of_every_kind_of_list_are_tasks_and_stand_beside_others() -> None:
    text = """\
* [ ] Star
+ [x] Plus

1. [ ] One
2. two
3) [ ] Three
- not a task
  - [ ] Inside it
- [link](x) and [x](y)
"""
    drafts = read(text)

    assert [one.title for one in drafts] == ["Star", "Plus", "One", "Three", "Inside it"]
    assert all(one.after == () for one in drafts)


def test_a_child_comes_before_its_own_parent_only() -> None:
    text = """\
1. [ ] Parent
   - plain
     - [ ] Child
   - [ ] Other child
2. [ ] Sibling
 - [ ] Not indented enough
"""
    assert waits(text) == {
        "parent": ("child", "other-child"),
        "child": (),
        "other-child": (),
        "sibling": (),
        "not-indented-enough": (),
    }


@pytest.mark.parametrize(
    "title",
    ["Replace {id}", "Handle {}", "Fill in {id} and {title}", "Expand ${id=x}", "Keep `{id=x}`", "{a == b}", "f{x}"],
)
def test_braces_that_are_no_notes_are_text(title: str) -> None:
    assert titles(f"- [ ] {title}\n") == [title]


def test_a_title_goes_on_until_its_paragraph_or_its_notes_end() -> None:
    text = """\
- [ ] A title that an editor
  wrapped {id=a}
  and a word about it

  More of it:

  ```
  - [ ] code
  ```
  - a plain item
  - [ ] Part
    of it
- [ ] Next
  one
"""
    first, part, last = read(text)

    assert (first.title, part.title, last.title) == ("A title that an editor wrapped", "Part of it", "Next one")
    assert first.detail == "and a word about it\n\nMore of it:\n\n```\n- [ ] code\n```\n- a plain item"
    assert (part.detail, last.detail) == ("", "")


def test_a_paragraph_too_long_for_a_title_becomes_the_detail_after_its_first_line() -> None:
    [draft] = read("- [ ] Short\n  " + "word " * 100)

    assert (draft.title, draft.detail) == ("Short", ("word " * 100).strip())


def test_a_box_with_a_dash_is_cancelled() -> None:
    assert [one.state for one in read("- [-] A\n- [x] B\n- [ ] C\n")] == [
        DraftState.CANCELLED,
        DraftState.COMPLETED,
        DraftState.OPEN,
    ]


def test_a_title_with_windows_line_ends_is_whole() -> None:
    assert titles("- [ ] A\r\n- [x] B\r\n") == ["A", "B"]


@pytest.mark.parametrize("note", ["{id=a files}", "{id=a when}", "{id=a id=b}", "{title=x}", "{id=}"])
def test_notes_that_are_not_understood_are_refused(note: str) -> None:
    with pytest.raises(BadData, match="line 1: "):
        read(f"- [ ] A {note}\n")


def read(text: str) -> list[TaskDraft]:
    return name_drafts(task_file.parse(text, "markdown"), {})


def titles(text: str) -> list[str]:
    return [one.title for one in read(text)]


def waits(text: str) -> dict[str, tuple[str, ...]]:
    return {one.id: one.after for one in read(text)}
