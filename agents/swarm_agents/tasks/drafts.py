"""A proposed task, and what its id, title and texts may be."""

from enum import StrEnum
from typing import NamedTuple

from swarm_agents.errors import BadData
from swarm_agents.text import is_name, one_line, printable

TITLE_LIMIT = 200  # characters; what is longer belongs in the detail
TEXT_LIMIT = 10_240  # bytes of a detail, a result or a reason; what is longer belongs in a file that the text names
DRAFTS_LIMIT = 1_000  # tasks added at once


class DraftState(StrEnum):
    """How far a proposed task is where it comes from. The first three are states of a task here too."""

    OPEN = "open"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    DEFERRED = "deferred"


class TaskDraft(NamedTuple):
    """A proposed task. `line` is where it stands in the file of tasks; None when it comes from elsewhere.

    Until `naming.name_drafts` has given it an id, the id may be empty, and is made of `stem` or of the title; `parent`
    is the position in the list of the draft that it is part of. `of_tracker`: another tracker keeps it, under this id.
    """

    id: str
    title: str
    after: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    estimate_min: int | None = None
    detail: str = ""
    state: DraftState = DraftState.OPEN
    line: int | None = None
    stem: str = ""
    parent: int | None = None
    of_tracker: bool = False


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
    try:
        check_text(draft.detail, "detail")
    except BadData as error:
        raise make_draft_error(draft, error.message[:1].lower() + error.message[1:].removesuffix(".")) from None


def check_text(text: str, what: str) -> None:
    """Raises `BadData` for a text that is not UTF-8 or longer than `TEXT_LIMIT`; `what` names it."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise BadData(f"The {what} is not valid UTF-8.") from None
    if "\0" in text:
        raise BadData(f"The {what} has a NUL character in it.")
    if size > TEXT_LIMIT:
        raise BadData(f"The {what} has {size} bytes; {TEXT_LIMIT} are the limit. Put it into a file and name that.")


def make_count_error(count: int) -> BadData:
    return BadData(f"There are {count} tasks in it; {DRAFTS_LIMIT} are the limit.")


def make_draft_error(draft: TaskDraft, why: str) -> BadData:
    """The error for a draft, with its line where there is one."""
    return BadData(f"line {draft.line}: {why}." if draft.line is not None else f"{why[:1].upper()}{why[1:]}.")
