from ringfence.api.recognized import MAX_AGE_MS, RecognizedHeaders
from ringfence.domain.clock import ManualClock


def test_a_header_is_recognized_for_a_minute(clock: ManualClock) -> None:
    recognized = RecognizedHeaders(clock)
    assert recognized.tenant_of(b"Basic one") is None
    recognized.note(b"Basic one", "AC1")
    assert recognized.tenant_of(b"Basic one") == "AC1"
    assert recognized.tenant_of(b"Basic two") is None
    clock.advance(MAX_AGE_MS - 1)
    assert recognized.tenant_of(b"Basic one") == "AC1"
    clock.advance(1)
    assert recognized.tenant_of(b"Basic one") is None


def test_it_forgets_the_oldest_and_keeps_no_header(clock: ManualClock) -> None:
    recognized = RecognizedHeaders(clock)
    for number in range(4_096):
        recognized.note(f"Basic {number}".encode(), "AC1")
    recognized.note(b"Basic 0", "AC2")
    recognized.note(b"Basic new", "AC3")
    assert recognized.tenant_of(b"Basic 0") == "AC2"
    assert recognized.tenant_of(b"Basic 1") is None
    assert recognized.tenant_of(b"Basic 2") == "AC1"
    assert not [digest for digest in recognized._tenants if b"Basic" in digest]
