"""Structs as rows of a table and back."""

import string

from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain import call
from ringfence.domain.message import Direction, Status
from ringfence.ports.calls import CallOrder, CallRow, RecordingRow, StepRow
from ringfence.ports.store import MessageRow, NumberRow, RatedRow
from ringfence.store.columns import CALL, CALL_ORDER, MESSAGE, NUMBER, RATED, RECORDING, STEP

words = st.text(string.ascii_lowercase, min_size=1, max_size=5)
SQL_VALUES = (int, str, bytes, type(None))


def same_again(columns, row):
    values = columns.write(row)
    assert len(values) == len(columns.names)
    assert all(type(value) in (*SQL_VALUES, bool) for value in values)
    return columns.read(tuple(values))


@given(st.builds(MessageRow, direction=st.sampled_from(Direction), status=st.sampled_from(Status)))
def test_a_message_comes_back_as_it_was(row):
    back = same_again(MESSAGE, row)
    assert back == row
    assert type(back.direction) is Direction
    assert type(back.status) is Status


@given(st.builds(NumberRow, capabilities=st.frozensets(words)))
def test_a_number_comes_back_as_it_was(row):
    assert same_again(NUMBER, row) == row


@given(st.builds(RatedRow, status=st.sampled_from(Status)))
def test_a_rated_record_comes_back_as_it_was(row):
    assert same_again(RATED, row) == row


def test_flags_are_booleans_again():
    row = MESSAGE.read([*MESSAGE.write(_message())[:-2], 1, 0])
    assert row.has_callback is True
    assert row.body_redacted is False


def _message():
    return MessageRow(
        account="AC",
        sid="SM",
        direction=Direction.INBOUND,
        status=Status.RECEIVED,
        local="+1",
        remote_index=b"",
        remote_region="US",
        epoch=1,
        content=b"",
        num_segments=1,
        created_ms=1,
        updated_ms=1,
    )


@given(
    st.builds(CallRow, direction=st.sampled_from(call.Direction), status=st.sampled_from(call.Status)),
)
def test_a_call_comes_back_as_it_was(row):
    back = same_again(CALL, row)
    assert back == row
    assert type(back.direction) is call.Direction
    assert type(back.status) is call.Status


@given(st.one_of(st.builds(CallOrder), st.builds(StepRow), st.builds(RecordingRow)))
def test_what_belongs_to_a_call_comes_back_as_it_was(row):
    columns = {CallOrder: CALL_ORDER, StepRow: STEP, RecordingRow: RECORDING}[type(row)]
    assert same_again(columns, row) == row
