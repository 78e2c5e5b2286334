"""Questions to the human: raised in the transaction that makes them necessary, closed by the human's answer."""

from __future__ import annotations

from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.errors import NotFound, UsageError
from swarm_agents.late import load_late
from swarm_agents.model import HUMAN, Build
from swarm_agents.text import one_line, tail
from swarm_agents.values import TYPE_CHECKING, NamedTuple, StrEnum

if TYPE_CHECKING:
    from swarm_agents.escalations import announcements
    from swarm_agents.incidents import incidents
    from swarm_agents.incidents.incidents import Attempt
else:
    announcements = load_late("swarm_agents.escalations.announcements")
    incidents = load_late("swarm_agents.incidents.incidents")

TEXT_LIMIT = 5_000  # characters of output in the text; a person reads it on a screen
TEXT_LINES = 20


class Resolution(StrEnum):
    """What a human may answer to a question about a red build."""

    RETRY = "retry"
    ASSIGN = "assign"
    TAKE_OVER = "take-over"
    DECLARE_PASSING = "declare-passing"


class AckResolution(StrEnum):
    """What a human may answer to a question about a message that was not acknowledged."""

    SAY_AGAIN = "say-again"
    EXCUSE = "excuse"


class Escalation(NamedTuple):
    """A question to the human: about an incident, or about a message that was not acknowledged. Times in UTC ms."""

    id: int
    incident: int | None
    message: int | None
    raised_at: int
    raised_by: str
    reason: str
    text: str
    acked_at: int | None
    resolved_at: int | None
    resolved_by: str | None
    resolution: str | None
    answer: str | None
    """The reason that was given with the resolution; '' when none was given, None while it is open."""


def raise_about_build(tx: Transaction, build: Build, by: str, reason: str) -> int:
    """Open the escalation of the build's incident, with the text that the human decides by; its id.

    The schema allows one open escalation for each incident.
    """
    incident = build.incident
    assert incident is not None, "a red build has an incident"
    escalation = _open(tx, by, reason, incident=incident)
    body = ""
    with tx.savepoint() as block:
        body = _text(tx, escalation, build, incident, reason)
    set_text(tx, escalation, reason, body or _short_text(escalation, build, incident, reason, block.error))
    return escalation


def raise_about_message(tx: Transaction, message: int, by: str, reason: str) -> int:
    """Open the escalation of a message, still without its text (see `set_text`); its id."""
    return _open(tx, by, reason, message=message)


def find_open_about_message(tx: Transaction, message: int) -> int | None:
    row = tx.one("select id from escalations where message_id = :message and resolved_at is null", message=message)
    return int(row["id"]) if row else None


def set_text(tx: Transaction, escalation: int, reason: str, text: str) -> None:
    """Replace the reason and the text that the human decides by. Announces nothing."""
    tx.execute(
        "update escalations set reason = :reason, body = :text where id = :id", reason=reason, text=text, id=escalation
    )


def message_to_agents(build: Build, reason: str) -> str:
    """The message that tells agents of an escalated build."""
    return f"The build is red: {build.breakage}. A human was asked: {reason}. Do something else meanwhile."


def find_answerable(tx: Transaction, escalation: int, option: Resolution | AckResolution) -> Escalation:
    """The open escalation. Raises `NotFound` when it is not open, `UsageError` when `option` does not answer it."""
    found = find(tx, escalation)
    if found.resolved_at is not None:
        raise NotFound(
            f"Escalation {escalation} was resolved already: {found.resolution}.", next="swarm escalation list"
        )
    if isinstance(option, Resolution) != (found.incident is not None):
        raise UsageError(
            f"'{option.value}' does not answer escalation {escalation}: 'swarm escalation show {escalation}' "
            "lists the options that do."
        )
    return found


def close(tx: Transaction, escalation: int, resolution: str, answer: str, by: str = HUMAN) -> None:
    """Record its resolution."""
    tx.execute(
        "update escalations set resolved_at = :now, resolved_by = :by, resolution = :resolution, answer = :answer "
        "where id = :id and resolved_at is null",
        now=tx.now,
        by=by,
        resolution=resolution,
        answer=answer,
        id=escalation,
    )


def acknowledge(tx: Transaction, escalation: int) -> None:
    """Record that the human has seen it; it stays open. Raises `NotFound`."""
    find(tx, escalation)
    tx.execute("update escalations set acked_at = :now where id = :id and acked_at is null", now=tx.now, id=escalation)


def find_open_about_build(tx: Transaction) -> int:
    """The id of the open escalation about the red build; there must be one."""
    row = tx.one("select id from escalations where resolved_at is null and incident_id is not null")
    assert row is not None, "an escalated build has an open escalation"
    return int(row["id"])


def list_open(tx: Transaction) -> list[Escalation]:
    return [_escalation(row) for row in tx.execute("select * from escalations where resolved_at is null order by id")]


def list_latest(tx: Transaction, limit: int) -> list[Escalation]:
    """Open and resolved ones, newest first."""
    return [
        _escalation(row) for row in tx.execute("select * from escalations order by id desc limit :limit", limit=limit)
    ]


def find(tx: Transaction, escalation: int) -> Escalation:
    """Raises `NotFound`."""
    row = tx.one("select * from escalations where id = :id", id=escalation)
    if not row:
        told = f"There is no escalation {escalation}."
        raise NotFound(told, next="swarm escalation list", kind="escalation", name=str(escalation))
    return _escalation(row)


def list_answers(escalation: int) -> list[str]:
    """What the human can answer about a build, each as a command."""
    resolve = f"swarm escalation resolve {escalation} --option"
    return [
        f"{resolve} retry",
        f"{resolve} assign --agent NAME",
        f"{resolve} take-over",
        f"{resolve} declare-passing --reason TEXT",
    ]


def _open(tx: Transaction, by: str, reason: str, incident: int | None = None, message: int | None = None) -> int:
    row = tx.one(
        "insert into escalations (incident_id, message_id, raised_at, raised_by, reason, body) "
        "values (:incident, :message, :now, :by, :reason, '') returning id",
        incident=incident,
        message=message,
        now=tx.now,
        by=by,
        reason=reason,
    )
    assert row is not None
    announcements.open_channels(tx, row["id"])
    return int(row["id"])


def _text(tx: Transaction, escalation: int, build: Build, incident: int, reason: str) -> str:
    tried = incidents.list_attempts(tx, incident)
    row = tx.one("select evidence from incidents where id = :id", id=incident)
    evidence = tail(row["evidence"] if row else "", TEXT_LINES, TEXT_LIMIT)
    parts = [
        *_heading(build, incident, reason),
        f"Attempts: {len(tried)}",
        *[f"  {_attempt_line(attempt)}" for attempt in tried],
    ]
    if evidence:
        parts += ["The last lines:", evidence]
    return "\n".join([*parts, *_answer_lines(escalation)])


def _short_text(escalation: int, build: Build, incident: int, reason: str, why: str) -> str:
    """The text when attempts or evidence cannot be read: the human is asked all the same."""
    missing = f"Attempts: could not be read ({one_line(why, 200)})"
    return "\n".join([*_heading(build, incident, reason), missing, *_answer_lines(escalation)])


def _heading(build: Build, incident: int, reason: str) -> list[str]:
    return [f"The build is red (incident {incident}): {build.breakage}", f"Asked because: {reason}"]


def _answer_lines(escalation: int) -> list[str]:
    return ["You can:", *[f"  {command}" for command in list_answers(escalation)]]


def _attempt_line(attempt: Attempt) -> str:
    end = attempt.end.value if attempt.end else "open"
    return f"{attempt.number}. {attempt.agent}: {end}" + (f" ({attempt.reason})" if attempt.reason else "")


def _escalation(row: Row) -> Escalation:
    return Escalation(
        id=row["id"],
        incident=row["incident_id"],
        message=row["message_id"],
        raised_at=row["raised_at"],
        raised_by=row["raised_by"],
        reason=row["reason"],
        text=row["body"],
        acked_at=row["acked_at"],
        resolved_at=row["resolved_at"],
        resolved_by=row["resolved_by"],
        resolution=row["resolution"],
        answer=row["answer"],
    )
