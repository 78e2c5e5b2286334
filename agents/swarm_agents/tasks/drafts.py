"""A proposed task, and what its id, title and texts may be."""

from typing import NamedTuple

from swarm_agents.errors import BadData
from swarm_agents.text import is_name, one_line, printable

TITLE_LIMIT = 200  # characters; what is longer belongs in the detail
TEXT_LIMIT = 10_240  # bytes of a detail, a result or a reason; what is longer belongs in a file that the text names
DRAFTS_LIMIT = 1_000  # tasks added at once


class TaskDraft(NamedTuple):
    """A proposed task. `line` is where it stands in the file of tasks; None when it comes from elsewhere."""

    id: str
    title: str
    after: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    estimate_min: int | None = None
    detail: str = ""
    done: bool = False
    line: int | None = None


def check_draft(draft: TaskDraft) -> None:
    """Raises `BadData` when the task cannot be added like this; with the line, where there is one."""
    if not is_name(draft.id):
        raise make_draft_error(draft, f"{one_line(draft.id, 40)!r} is no task id: letters, digits, '_', '-'; up to 64")
    if not draft.title.strip():
        raise make_draft_error(draft, "the title is empty")
    if len(draft.title) > TITLE_LIMIT:
        raise make_draft_error(draft, f"the title has {len(draft.title)} characters; {TITLE_LIMIT} are the limit")
    if "\n" in draft.title or "\t" in draft.title or printable(draft.title) != draft.title:
        raise make_draft_error(draft, "the title must be one line of visible characters")
    for name in draft.files:
        if not name.strip() or len(name) > 1000 or one_line(name, 1000) != name:
            raise make_draft_error(draft, f"{one_line(name, 60)!r} is no file name")
    check_text(draft.detail, "detail")


def check_text(text: str, what: str) -> None:
    """Raises `BadData` for a text that is not UTF-8 or longer than `TEXT_LIMIT`; `what` names it."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise BadData(f"The {what} is not valid UTF-8.") from None
    if size > TEXT_LIMIT:
        raise BadData(f"The {what} has {size} bytes; {TEXT_LIMIT} are the limit. Put it into a file and name that.")


def make_draft_error(draft: TaskDraft, why: str) -> BadData:
    """The error for a draft, with its line where there is one."""
    return BadData(f"line {draft.line}: {why}." if draft.line is not None else f"{why[:1].upper()}{why[1:]}.")
