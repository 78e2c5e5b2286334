"""One task as it stands in a file, unchecked, and what all formats do alike: errors with a line, texts of a tracker."""

import hashlib
import re
from typing import Any, NamedTuple

from swarm_agents.errors import BadData
from swarm_agents.tasks.drafts import TEXT_LIMIT, TITLE_LIMIT, DraftState
from swarm_agents.text import is_name, one_line

KEYS = ("id", "title", "after", "files", "estimate", "detail", "done")


class RawTask(NamedTuple):
    """One task: its line, a table of `KEYS` and values, and the position in the list of the task that it is part of.

    `stem` begins the id that is made where the table has none; without it the title does. `of_tracker`: the list was
    written by a tracker, so its ids and titles are not ours to correct.
    """

    line: int
    table: Any
    parent: int | None = None
    state: DraftState = DraftState.OPEN
    stem: str = ""
    of_tracker: bool = False


def make_error(line: int, why: str) -> BadData:
    return BadData(f"line {line}: {why}.")


def make_tracker_task(
    line: int,
    id_: str,
    title: Any,
    detail: str,
    where: str,
    after: list[str],
    state: DraftState = DraftState.OPEN,
    parent: int | None = None,
) -> RawTask:
    """A task of a tracker under a fixed id. Too long a title or detail is cut in sight, and names where the rest is."""
    title, detail = fit_texts(line, title, detail, where)
    table = {"id": id_, "title": title, "detail": detail, "after": after}
    return RawTask(line, table, parent, state, of_tracker=True)


def fit_texts(line: int, title: Any, detail: str, where: str) -> tuple[str, str]:
    """The title on one line and the detail, both within their limits. A title that is cut is whole in the detail."""
    if not isinstance(title, str) or not title.strip():
        raise make_error(line, "a task needs a title")
    short = one_line(title, TITLE_LIMIT)
    if short.endswith("…") and not title.rstrip().endswith("…"):
        detail = f"{title.strip()}\n\n{detail}".strip()
    return short, _fit_detail(detail, where)


def _fit_detail(detail: str, where: str) -> str:
    data = detail.replace("\0", "\u2400").encode(errors="replace")
    if len(data) <= TEXT_LIMIT:
        return data.decode()
    rest = f"\n… (it has {len(data)} bytes; the rest is in {one_line(where, 200)})"
    return data[: TEXT_LIMIT - len(rest.encode())].decode(errors="ignore") + rest


def make_id(key: str) -> str:
    """An id for the key of a tracker: the key if it is a valid id, else one that only this key has, always the same."""
    plain = key.replace(".", "__")
    if is_name(plain) and "__" not in key:
        return plain
    digest = hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()[:8]
    readable = re.sub(r"[^A-Za-z0-9]+", "-", key)[:40].strip("-")
    return f"{readable}-{digest}" if readable else digest


def join_texts(*parts: tuple[str, Any]) -> str:
    """The texts that are there, each under its heading; a heading may be empty."""
    texts = ((heading, text.strip()) for heading, text in parts if isinstance(text, str))
    return "\n\n".join(f"{heading}:\n{text}" if heading else text for heading, text in texts if text)
