"""Lists in the form that was asked for: the same columns in each."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.cli.listing import Output, show
from ringfence.cli.visible_text import OBEYED

COLUMNS = ("event", "kind", "parent")
ROWS = [(7, "message.sent", None), (12, "a\tb\\\n[x]", "AC1")]


def test_a_table_is_aligned_and_marks_what_is_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    show(Output.TABLE, COLUMNS, [ROWS[0], (12, "[x]", "AC1")])
    assert capsys.readouterr().out == "event  kind          parent\n7      message.sent  -\n12     [x]           AC1\n"


def test_json_keeps_numbers_and_nulls(capsys: pytest.CaptureFixture[str]) -> None:
    show(Output.JSON, COLUMNS, ROWS)
    assert json.loads(capsys.readouterr().out) == [
        {"event": 7, "kind": "message.sent", "parent": None},
        {"event": 12, "kind": "a\tb\\\n[x]", "parent": "AC1"},
    ]


def test_no_rows_are_an_empty_array_or_the_heading_alone(capsys: pytest.CaptureFixture[str]) -> None:
    show(Output.JSON, COLUMNS, [])
    show(Output.TSV, COLUMNS, [])
    show(Output.TABLE, COLUMNS, [])
    assert capsys.readouterr().out == "[]\nevent\tkind\tparent\nevent  kind  parent\n"


def test_tsv_is_a_line_a_row_whatever_a_value_holds(capsys: pytest.CaptureFixture[str]) -> None:
    show(Output.TSV, COLUMNS, ROWS)
    assert capsys.readouterr().out == "event\tkind\tparent\n7\tmessage.sent\t\n12\ta\\tb\\\\\\n[x]\tAC1\n"


@given(st.lists(st.tuples(st.text(), st.text(st.characters(codec="ascii"))), max_size=4))
def test_tsv_can_be_read_back(rows: list[tuple[str, str]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        written: list[str] = []
        patch.setattr("ringfence.cli.listing._write", written.append)
        show(Output.TSV, ("a", "b"), rows)
    meant = {"\\t": "\t", "\\n": "\n", "\\r": "\r", "\\\\": "\\"}

    def read(value: str) -> str:
        def one(found: re.Match[str]) -> str:
            return meant.get(found[0]) or chr(int(found[0][2:], 16))

        return re.sub(r"\\(?:[tnr\\]|x[0-9a-f]{2}|u[0-9a-f]{4})", one, value)

    assert [tuple(map(read, line.split("\t"))) for line in written[1:]] == rows
    assert not any(control in line.replace("\t", "") for line in written for control in map(chr, OBEYED))


@given(st.text(), st.sampled_from(["\x1b", "\x9b", "\u202e", "\x7f", "\n"]))
def test_json_can_be_read_back_and_no_terminal_obeys_it(text: str, control: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        written: list[str] = []
        patch.setattr("ringfence.cli.listing._write", written.append)
        show(Output.JSON, ("a",), [(text + control,)])
    assert json.loads(written[0]) == [{"a": text + control}]
    assert not any(each in written[0] for each in map(chr, OBEYED))


def test_every_listing_command_can_show_json(ringfence_process) -> None:
    ringfence_process("account", "create", "Acme")
    for command in (["account", "list"], ["number", "list"], ["number", "stock"], ["events", "list"], ["demo"]):
        done = ringfence_process(*command, "--output", "json")
        assert done.returncode == 0, done.stderr
        assert isinstance(json.loads(done.stdout), list)


def test_an_unknown_form_is_wrong_usage(ringfence) -> None:
    done = ringfence("demo", "--output", "yaml")
    assert done.returncode == 2
    assert "table" in done.stderr


def test_a_reader_that_has_enough_is_no_error_to_tell(ringfence_process, surroundings, tmp_path: Path) -> None:
    script = f"{sys.executable} -m ringfence demo --output tsv | true"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=tmp_path, env=surroundings)
    assert done.stderr == ""
