"""Random bytes that are read ahead."""

import os
from concurrent.futures import ThreadPoolExecutor

from ringfence.domain import random_bytes
from ringfence.domain.random_bytes import RandomBytes


def test_each_call_gives_so_many_other_bytes():
    random12 = RandomBytes(12)
    given = [random12() for _ in range(1_000)]
    assert {len(each) for each in given} == {12}
    assert len(set(given)) == 1_000


def test_they_are_the_systems_in_order_and_none_is_left_out(monkeypatch):
    reads = iter([bytes(range(128)), bytes(range(128, 256))])
    monkeypatch.setattr(random_bytes.os, "urandom", lambda size: next(reads)[:size])
    random2 = RandomBytes(2)
    assert b"".join(random2() for _ in range(128)) == bytes(range(256))


def test_two_readers_have_nothing_in_common():
    one, other = RandomBytes(16), RandomBytes(16)
    assert not {one() for _ in range(100)} & {other() for _ in range(100)}


def test_threads_never_get_the_same():
    random8 = RandomBytes(8)
    with ThreadPoolExecutor(8) as pool:
        given = [each for part in pool.map(lambda _: [random8() for _ in range(500)], range(40)) for each in part]
    assert len(set(given)) == 20_000


def test_a_forked_child_reads_its_own():
    random8 = RandomBytes(8)
    random8()
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write_end, random8())
        os._exit(0)
    theirs = os.read(read_end, 8)
    os.waitpid(child, 0)
    assert len(theirs) == 8
    assert theirs not in {random8() for _ in range(200)}
