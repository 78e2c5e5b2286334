"""`swarm db`: questions to the database in SQL, and its maintenance by a human."""

from swarm_agents.cli.invocation import Arguments, Call
from swarm_agents.cli.output import Answer, talk
from swarm_agents.cli.parsing import Parser, parser, read_body, seconds, verb, whole_number
from swarm_agents.cli.times import parse_duration_s
from swarm_agents.errors import UsageError


def parse(words: list[str]) -> Arguments:
    db_parser = parser("db", "Query the database, and maintain it.")
    _add_query_options(verb(db_parser, "query", _query, "answer one SQL query; the views v_... are made for it"))
    pruning = verb(
        db_parser, "prune", _prune, "remove old messages that were read and acknowledged and that nothing needs"
    )
    pruning.add_argument(
        "--older-than", type=parse_duration_s, required=True, metavar="AGE", help="90s, 30m, 2h, 7d, 4w"
    )
    return db_parser.parse_args(words)


def _add_query_options(querying: Parser) -> None:
    querying.add_argument("sql", nargs="?", metavar="SQL", help="one statement; '-' or none: standard input")
    querying.add_argument(
        "-t", "--table", excludes=True, action="store_true", help="aligned columns, long cells cut (the default)"
    )
    querying.add_argument("--csv", excludes=True, action="store_true", help="CSV; --json has the rows as objects")
    querying.add_argument("--no-headers", action="store_true", help="leave the line with the columns' names out")
    querying.add_argument(
        "-p", "--param", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"), help="the value of :NAME"
    )
    querying.add_argument("--limit", type=whole_number(1, 1_000_000), default=1000, metavar="N", help="rows, at most")
    querying.add_argument("--timeout", type=seconds(0.1, 60), default=5.0, metavar="S", help="stop it after so long")


def _query(call: Call) -> Answer:
    from swarm_agents.cli import query_lines  # loads csv and base64, which prune does without
    from swarm_agents.db import query  # loads threading, which prune does without

    arguments = call.arguments
    if call.as_json and (arguments.csv or arguments.table):
        raise UsageError("Say --json, --csv or --table, not two of them.")
    sql, values = read_body(arguments.sql, None), dict(arguments.param)
    _require_utf8(sql, *values, *values.values())
    call.record_read()
    result = query.run(call.db.path, sql, values, arguments.limit, arguments.timeout)
    cut = f"There are more rows than these {len(result.rows)}: see --limit." if result.more else ""
    if call.as_json:
        return Answer(cut or f"{len(result.rows)} rows.", data=query_lines.make_query_data(result))
    if cut:
        talk(cut)
    format_rows = query_lines.format_csv if arguments.csv else query_lines.format_table
    return Answer("", lines=tuple(format_rows(result, not arguments.no_headers)))


def _require_utf8(*texts: str) -> None:
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        raise UsageError("The query and its parameters must be valid UTF-8.") from None


def _prune(call: Call) -> Answer:
    from swarm_agents.messages import retention  # loads the messages, which query does without

    call.require_human()
    done = retention.prune(call.db, call.arguments.older_than)
    text = f"{done.removed} messages were removed; {done.kept} as old are kept: unread, unacknowledged or in use."
    return Answer(text, data={"removed": done.removed, "kept": done.kept})
