"""A call's content, orders, steps and recordings open where they were sealed, and nowhere else."""

import os

import pytest

from ringfence.domain.attempt import Attempt, Exchange
from ringfence.domain.call import Content, Order, RecordingOptions
from ringfence.domain.call_step import MAX_FIELDS, MAX_TEXT_CHARACTERS, StepDetail, bounded
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.call import (
    open_call,
    open_call_with,
    open_order_with,
    open_recording_order_with,
    open_recording_with,
    open_step,
    seal_call,
    seal_call_with,
    seal_order,
    seal_recording_with,
    seal_step_with,
)
from ringfence.domain.sealing.record import RecordSealer

ACCOUNT, SID, OTHER = "AC" + "1" * 32, "CA" + "2" * 32, "CA" + "3" * 32
SEALER = RecordSealer(os.urandom(32), ACCOUNT)
KEY = SEALER.key(SID)
CONTENT = Content(to="+12025550123", sender="+12025550177", url="https://a.example/voice")


def test_what_the_api_seals_the_voice_process_opens_and_the_other_way_round() -> None:
    assert open_call_with(KEY, ACCOUNT, SID, seal_call(SEALER, SID, CONTENT)) == CONTENT
    assert open_call(SEALER, SID, seal_call_with(KEY, ACCOUNT, SID, CONTENT)) == CONTENT


def test_an_order_a_recording_and_a_step_keep_what_they_say() -> None:
    order, options = Order(url="https://a.example/2"), RecordingOptions(channels=2, callback="https://a.example/r")
    step = StepDetail(text="Play", line=2, attempt=Attempt(exchanges=(Exchange(at_ms=1, method="GET", url="u"),)))
    assert open_order_with(KEY, ACCOUNT, SID, seal_order(SEALER, SID, order)) == order
    assert open_recording_order_with(KEY, ACCOUNT, SID, seal_order(SEALER, SID, options)) == options
    sealed = seal_recording_with(KEY, ACCOUNT, SID, "RE1", options)
    assert open_recording_with(KEY, ACCOUNT, SID, "RE1", sealed) == options
    assert open_step(SEALER, SID, seal_step_with(KEY, ACCOUNT, SID, step)) == step


def test_a_seal_opens_neither_for_another_call_nor_as_another_field() -> None:
    sealed = seal_call_with(KEY, ACCOUNT, SID, CONTENT)
    with pytest.raises(UnsealError):
        open_call_with(KEY, ACCOUNT, OTHER, sealed)
    with pytest.raises(UnsealError):
        open_order_with(KEY, ACCOUNT, SID, sealed)
    with pytest.raises(UnsealError):
        open_recording_with(KEY, ACCOUNT, SID, "RE2", seal_recording_with(KEY, ACCOUNT, SID, "RE1", RecordingOptions()))


def test_what_is_no_such_thing_does_not_open() -> None:
    step = SEALER.seal(SID, "step", b"\xc1")
    with pytest.raises(UnsealError):
        open_step(SEALER, SID, step)


def test_a_step_is_cut_to_its_bounds() -> None:
    long = StepDetail(text="x" * (MAX_TEXT_CHARACTERS + 1), fields=tuple(("n", "v" * 9_999) for _ in range(99)))
    cut = bounded(long)
    assert len(cut.text) == MAX_TEXT_CHARACTERS
    assert len(cut.fields) == MAX_FIELDS
    assert len(cut.fields[0][1]) == 2_000
