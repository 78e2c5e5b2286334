"""`swarm db query` as people and programs call it: forms of output, exit codes, what a terminal gets to see."""

import csv
import io

import pytest

from tests.support.repo import Repo

HOSTILE = "a\x1b]0;title\x07b\u202e\nc\td"
ROWS = "select 1 as n, 'x' as text, null as missing union all select 2, '', 1.5"
# One call of a function that takes hours and that no interrupt reaches.
ONE_LONG_STEP = "select instr(hex(zeroblob(8000000)), hex(zeroblob(4000000)) || 'b')"


def test_the_table_is_the_default_form(repo: Repo) -> None:
    told = repo.swarm("db", "query", ROWS)

    assert told.out.splitlines() == [
        "n    text    missing",
        "---  ------  ---------",
        "1    x       null",
        "2            1.5",
    ]
    assert repo.swarm("db", "query", ROWS, "--table").out == told.out


def test_a_table_shows_a_terminal_nothing_that_it_obeys(repo: Repo) -> None:
    told = repo.swarm("db", "query", 'select :said as "head\x1b[2J"', "-p", "said", HOSTILE)

    assert told.out.splitlines()[::2] == ["head␛[2J", "a␛]0;title␇b\ufffd␊c␉d"]


def test_a_table_cuts_long_cells_and_the_other_forms_do_not(repo: Repo) -> None:
    sql = "select printf('%.*c', 300, 'x') as long"

    assert repo.swarm("db", "query", sql, "--no-headers").out == f"{'x' * 99}…\n"
    assert repo.swarm("db", "query", sql, "--no-headers", "--csv").out == f"{'x' * 300}\n"


def test_csv_carries_texts_as_they_are(repo: Repo) -> None:
    told = repo.swarm(
        "db", "query", "select :said as said, null as missing, x'00ff' as blob", "--csv", "-p", "said", HOSTILE
    )

    assert list(csv.reader(io.StringIO(told.out, newline=""))) == [
        ["said", "missing", "blob"],
        [HOSTILE, "", "x'00ff'"],
    ]


def test_json_keeps_the_envelope_and_has_the_rows_as_objects(repo: Repo) -> None:
    sql = "select 1 as n, 2 as n, :said as said, x'00ff' as blob, null as missing, 9e999 as large"

    told = repo.swarm("--json", "db", "query", sql, "-p", "said", HOSTILE)

    assert list(told.json) == ["ok", "code", "exit", "message", "next", "data"]
    assert told.data == {
        "columns": ["n", "n_2", "said", "blob", "missing", "large"],
        "rows": [
            {
                "n": 1,
                "n_2": 2,
                "said": HOSTILE,
                "blob": {"$base64": True, "encoded": "AP8="},
                "missing": None,
                "large": "inf",
            }
        ],
        "more": False,
    }


def test_no_rows_are_a_head_without_rows(repo: Repo) -> None:
    sql = "select 1 as n where false"

    assert repo.swarm("db", "query", sql).out == "n\n---\n"
    assert repo.swarm("db", "query", sql, "--csv").out == "n\n"
    assert repo.swarm("db", "query", sql, "--csv", "--no-headers").out == ""
    assert repo.swarm("db", "query", sql, "--no-headers").out == ""
    assert repo.swarm("db", "query", sql, "--json").data["rows"] == []


def test_rows_that_are_left_out_are_told(repo: Repo) -> None:
    told = repo.swarm("db", "query", ROWS, "--limit", "1")

    assert (told.exit, len(told.out.splitlines())) == (0, 3)
    assert "more rows than these 1" in told.err
    assert repo.swarm("db", "query", ROWS, "--limit", "1", "--json").data["more"] is True


def test_the_query_can_come_from_standard_input(repo: Repo) -> None:
    assert repo.swarm("db", "query", "-", "--no-headers", typed="-- how many\nselect 40 + 2;\n").out == "42\n"


def test_what_would_write_is_denied_and_says_what_to_do(repo: Repo) -> None:
    told = repo.swarm("db", "query", "delete from events")

    assert told.exit == 77
    assert "swarm --help" in told.err and told.out == ""


def test_wrong_sql_is_bad_data_with_sqlites_message(repo: Repo) -> None:
    told = repo.swarm("db", "query", "select \x1b[2J", "--json")

    assert (told.exit, told.json["code"], told.json["data"]) == (65, "bad_data", {})
    assert told.json["message"] == 'SQLite says: unrecognized token: "␛".'


def test_who_misspells_a_view_is_told_how_to_list_them(repo: Repo) -> None:
    told = repo.swarm("db", "query", "select * from v_bild", "--json")

    assert repo.shell(f"{told.json['next']} | grep -q 'v_build *lease_expires_at'") == 0


@pytest.mark.parametrize(
    "words", [["--csv", "--json"], ["--table", "--json"], ["--csv", "--table"], ["--limit", "0"], ["-p", "n"]]
)
def test_options_that_contradict_are_a_usage_error(repo: Repo, words: list[str]) -> None:
    assert repo.swarm("db", "query", "select 1", *words).exit == 64


def test_a_query_that_is_not_utf_8_is_a_usage_error(repo: Repo) -> None:
    assert repo.swarm("db", "query", "select '\udcff'").exit == 64


def test_a_step_that_takes_hours_holds_up_no_caller(repo: Repo) -> None:
    told = repo.swarm("db", "query", ONE_LONG_STEP, "--timeout", "0.2")

    assert (told.exit, told.out) == (65, "")
    assert "stopped after 0.2 s" in told.err


def test_an_agents_query_renews_its_lease(repo: Repo) -> None:
    repo.swarm("--as", "alice", "build", "report", "--summary", "tests fail")
    lease = ["db", "query", "select lease_expires_at from v_build", "--no-headers"]
    before = repo.swarm(*lease).out

    assert repo.swarm("--as", "alice", *lease).out > before
