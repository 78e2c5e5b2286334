"""Exports: complete and exact in both formats, and no file is left when one fails."""

import json
from pathlib import Path

import pytest

from swarm_agents.db.database import Database
from swarm_agents.errors import CannotWrite, UsageError
from swarm_agents.messages import export as message_export
from swarm_agents.messages import messages
from swarm_agents.messages.rows import NO_FILTER, MessageFilter
from swarm_agents.model import HUMAN, MessageType

HOSTILE = "first\nsecond\u2028third \x1b[2J ```\n## #9 fake\n\x9b nul \x00 ä"


def say(db: Database, body: str, type_: MessageType = MessageType.INFO) -> int:
    return messages.send(db, HUMAN, "all", body, type_)[0]


def test_every_line_of_jsonl_is_one_message_with_its_exact_body(db: Database, tmp_path: Path) -> None:
    say(db, HOSTILE)
    say(db, "x" * messages.BODY_LIMIT, MessageType.QUESTION)
    file = tmp_path / "all.jsonl"

    assert message_export.export(db, file, NO_FILTER, "jsonl") == 2

    read = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [one["body"] for one in read] == [HOSTILE, "x" * messages.BODY_LIMIT]
    assert (read[1]["id"], read[1]["type"], read[1]["from"], read[1]["to"]) == (2, "QUESTION", HUMAN, "all")


def test_no_body_leaves_its_markdown_fence_or_moves_a_cursor(db: Database, tmp_path: Path) -> None:
    say(db, HOSTILE)
    file = tmp_path / "all.md"

    message_export.export(db, file, NO_FILTER, "markdown")

    text = file.read_text(encoding="utf-8")
    assert "````text\nfirst\n" in text and text.endswith("\n````\n\n")
    assert not {"\x1b", "\x9b", "\x00", "\u2028"} & set(text)


def test_an_export_over_many_pages_keeps_to_the_filter(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_export, "_BATCH", 3)
    for number in range(20):
        say(db, f"number {number}", MessageType.QUESTION if number % 2 else MessageType.INFO)
    file = tmp_path / "some.jsonl"

    assert message_export.export(db, file, MessageFilter(type=MessageType.QUESTION), "jsonl") == 10

    bodies = [json.loads(line)["body"] for line in file.read_text(encoding="utf-8").splitlines()]
    assert bodies == [f"number {number}" for number in range(1, 20, 2)]


def test_an_existing_file_is_not_overwritten(db: Database, tmp_path: Path) -> None:
    file = tmp_path / "mine.md"
    file.write_text("mine", encoding="utf-8")

    with pytest.raises(UsageError):
        message_export.export(db, file, NO_FILTER, "markdown")

    assert file.read_text(encoding="utf-8") == "mine"


def test_a_missing_folder_is_an_error(db: Database, tmp_path: Path) -> None:
    with pytest.raises(CannotWrite):
        message_export.export(db, tmp_path / "no" / "all.md", NO_FILTER, "markdown")


def test_a_failed_export_leaves_nothing_behind(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    say(db, "hello")
    monkeypatch.setitem(message_export.FORMATS, "jsonl", lambda _: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        message_export.export(db, tmp_path / "all.jsonl", NO_FILTER, "jsonl")

    assert not (tmp_path / "all.jsonl").exists()


@pytest.mark.parametrize(
    ("name", "given", "format_"), [("a.md", None, "markdown"), ("a.jsonl", None, "jsonl"), ("a.txt", "jsonl", "jsonl")]
)
def test_the_format_is_the_given_one_or_follows_from_the_name(name: str, given: str | None, format_: str) -> None:
    assert message_export.choose_format(Path(name), given) == format_


def test_an_unknown_suffix_needs_a_format() -> None:
    with pytest.raises(UsageError, match="say --format"):
        message_export.choose_format(Path("a.txt"), None)
