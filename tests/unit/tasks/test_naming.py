"""Ids made of titles: never the same for two tasks, and the same for one task at every import."""

from hypothesis import given
from hypothesis import strategies as st

from swarm_agents.tasks.drafts import TaskDraft
from swarm_agents.tasks.naming import name_drafts
from swarm_agents.text import is_name

TITLES = st.lists(
    st.one_of(st.sampled_from(["C", "C++", "C#", "c 2", "修复登录", "写测试", "x" * 41, "x" * 42]), st.text())
)


def test_titles_with_the_same_letters_get_different_ids() -> None:
    assert ids(["C", "C++", "C#", "修复登录", "写测试", "x" * 40 + "a", "x" * 40 + "b"]) == [
        "c",
        "c-2",
        "c-3",
        "task",
        "task-2",
        "x" * 40,
        "x" * 40 + "-2",
    ]


def test_an_id_that_the_file_gives_goes_to_its_task() -> None:
    drafts = name_drafts([TaskDraft("", "C"), TaskDraft("c", "Another"), TaskDraft("", "After", after=("c",))], {})

    assert [(one.id, one.title) for one in drafts[:2]] == [("c-2", "C"), ("c", "Another")]
    assert drafts[2].after == ("c",)


@given(TITLES)
def test_ids_are_valid_and_no_two_are_equal(titles: list[str]) -> None:
    made = ids(titles)

    assert len(set(made)) == len(titles) and all(map(is_name, made))


@given(TITLES, st.integers(0, 100), st.text())
def test_one_more_task_anywhere_changes_no_id_of_the_others(titles: list[str], at: int, title: str) -> None:
    titles = [one.strip() for one in titles]
    first = ids(titles)
    known = dict(zip(first, titles, strict=True))

    again = ids([*titles[:at], title, *titles[at:]], known)

    assert set(first) <= set(again) and len(set(again)) == len(titles) + 1
    assert dict(zip(again, [*titles[:at], title, *titles[at:]], strict=True)).items() >= known.items()


def ids(titles: list[str], known: dict[str, str] | None = None) -> list[str]:
    return [one.id for one in name_drafts([TaskDraft("", title) for title in titles], known or {})]
