"""Reports in JUnit XML, as different tools write them."""

from pathlib import Path

import pytest

from swarm_agents.commit.signature.report_files import list_written, stamp_reports
from swarm_agents.commit.signature.reports import read_reports
from swarm_agents.commit.signature.tools import Failure

WRITTEN_BY = {  # after the documentation of each
    "pytest": (
        '<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1">'
        '<testcase classname="tests.test_a.TestB" name="test_c[x y]" time="0.1"><failure message="TypeError: no">'
        'def</failure></testcase><testcase classname="tests.test_a" name="test_d"><failure message="assert 1 == 2"/>'
        '</testcase><testcase classname="tests.test_a" name="test_e"><error message="failed on setup with &quot;'
        'RuntimeError: no shop&quot;"/></testcase></testsuite></testsuites>',
        [
            Failure("tests.test_a.TestB::test_c[x y]", "TypeError"),
            Failure("tests.test_a::test_d", "AssertionError"),
            Failure("tests.test_a::test_e", "RuntimeError"),
        ],
    ),
    "surefire": (
        '<testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" name="example.ShopTest" tests="3">'
        '<properties><property name="a" value="b"/></properties><testcase name="testAdds" classname="example.ShopTest">'
        '<failure message="no" type="org.opentest4j.AssertionFailedError"><![CDATA[at x]]></failure></testcase>'
        '<testcase name="testFlaky" classname="example.ShopTest"><flakyFailure type="a.B"/></testcase>'
        '<testcase name="testSkipped" classname="example.ShopTest"><skipped/></testcase></testsuite>',
        [Failure("example.ShopTest::testAdds", "AssertionFailedError")],
    ),
    "jest-junit": (
        '<testsuites name="jest tests"><testsuite name="sums"><testcase classname="sums adds" name="sums adds" '
        'file="src/sum.test.js"><failure>TypeError: no</failure></testcase></testsuite></testsuites>',
        [Failure("src/sum.test.js::sums adds", "")],
    ),
    "nested suites": (
        '<testsuites><testsuite name="a"><testsuite name="b"><testcase name="c"><failure type="E::Timeout"/>'
        "</testcase></testsuite></testsuite></testsuites>",
        [Failure("c", "Timeout")],
    ),
    "go-junit-report": (
        '<testsuites><testsuite name="example.org/shop"><testcase name="TestSum/negative" classname="shop">'
        '<failure message="Failed" type=""/></testcase></testsuite></testsuites>',
        [Failure("shop::TestSum/negative", "")],
    ),
}


@pytest.mark.parametrize(("text", "failures"), WRITTEN_BY.values(), ids=WRITTEN_BY.keys())
def test_each_failed_case_is_named_with_the_kind_of_error(tmp_path: Path, text: str, failures: list[Failure]) -> None:
    (tmp_path / "junit.xml").write_text(text)

    assert read_reports([tmp_path / "junit.xml"]) == failures


def test_one_damaged_report_makes_all_of_them_worthless(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(WRITTEN_BY["pytest"][0])
    (tmp_path / "b.xml").write_text(WRITTEN_BY["pytest"][0][:-20])

    assert read_reports([tmp_path / "a.xml", tmp_path / "b.xml"]) == []


def test_a_document_type_is_not_read(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]>'
    (tmp_path / "junit.xml").write_text(bomb + WRITTEN_BY["jest-junit"][0])

    assert read_reports([tmp_path / "junit.xml"]) == []


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_a_report_in_another_encoding_is_read_as_it_says(tmp_path: Path, encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><testsuite><testcase name="é"><failure/></testcase></testsuite>'
    (tmp_path / "junit.xml").write_bytes(text.encode(encoding))

    assert read_reports([tmp_path / "junit.xml"]) == [Failure("é", "")]


def test_only_reports_that_were_written_since_count(tmp_path: Path) -> None:
    for name in ("old", "rewritten"):
        (tmp_path / f"{name}.xml").write_text("<a/>")
    before = stamp_reports(tmp_path, "*.xml")
    (tmp_path / "rewritten.xml").write_text("<bb/>")
    (tmp_path / "new.xml").write_text("<a/>")

    written = list_written(tmp_path, "*.xml", before)

    assert [file.name for file in written] == ["new.xml", "rewritten.xml"]
