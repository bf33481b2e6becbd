"""SRTP sessions: what we protect is what the RFCs say, and what is not the other end's own and new is refused."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.media.srtp import MAX_PACKET_BYTES, MAX_SOURCES, SUITES, SrtpError, SrtpSession
from unit.media.srtp_reference import Keys, derived, gcm_rtp

KEY_BYTES = {"AES_CM_128_HMAC_SHA1_80": 30, "AES_CM_128_HMAC_SHA1_32": 30, "AEAD_AES_128_GCM": 28}
OURS, THEIRS = bytes(range(30)), bytes(range(100, 130))
suites = pytest.mark.parametrize("suite", SUITES)


def pair(suite: str) -> tuple[SrtpSession, SrtpSession]:
    """Both ends of a leg."""
    ours, theirs = OURS[: KEY_BYTES[suite]], THEIRS[: KEY_BYTES[suite]]
    return SrtpSession(suite, ours, theirs), SrtpSession(suite, theirs, ours)


def rtp(sequence: int, payload: bytes = b"\x55" * 160, ssrc: int = 0xCAFEBABE) -> bytes:
    return struct.pack("!BBHII", 0x80, 0, sequence, sequence * 160 & 0xFFFFFFFF, ssrc) + payload


def rtcp(ssrc: int = 0xCAFEBABE) -> bytes:
    return struct.pack("!BBHI", 0x80, 201, 1, ssrc)


class TestKnownAnswers:
    """The reference against the RFCs' own vectors, and ours against a vector of packets."""

    MASTER = bytes.fromhex("E1F97A0D3E018BE0D64FA32C06DE4139"), bytes.fromhex("0EC675AD498AFEEBB6960B3AABE6")

    @pytest.mark.parametrize(
        ("label", "expected"),
        [
            (0, "C61E7A93744F39EE10734AFE3FF7A087"),
            (2, "30CBBC08863D8C85D49DB34A9AE1"),
            (1, "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"),
        ],
    )
    def test_keys_are_derived_as_in_rfc_3711_b_3(self, label: int, expected: str) -> None:
        assert derived(*self.MASTER, label, len(expected) // 2).hex().upper() == expected

    def test_gcm_is_as_in_rfc_7714_16_1_1(self) -> None:
        packet = bytes.fromhex("8040f17b8041f8d35501a0b2") + b"Gallia est omnis divisa in partes tres"
        sealed = gcm_rtp(bytes(range(16)), bytes.fromhex("517569642070726f2071756f"), packet, 0)
        assert sealed[12:].hex() == (
            "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce"
        )

    def test_a_packet_is_protected_as_everybody_does(self) -> None:
        packet = bytes.fromhex("800f1234decafbadcafebabe") + b"\xab" * 16
        expected = "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb"
        master = b"".join(self.MASTER)
        assert SrtpSession("AES_CM_128_HMAC_SHA1_80", master, master).protect(packet).hex() == expected
        assert Keys("AES_CM_128_HMAC_SHA1_80", master).protect(packet).hex() == expected


@suites
class TestAgainstTheReference:
    @given(
        sequence=st.integers(0, 65_535),
        ssrc=st.integers(0, 2**32 - 1),
        payload=st.binary(max_size=MAX_PACKET_BYTES - 12),
    )
    def test_packets_are_protected_the_same(self, suite: str, sequence: int, ssrc: int, payload: bytes) -> None:
        packet = rtp(sequence, payload, ssrc)
        mine, _ = pair(suite)
        assert mine.protect(packet) == Keys(suite, OURS[: KEY_BYTES[suite]]).protect(packet)

    def test_headers_with_sources_and_extensions_stay_in_clear(self, suite: str) -> None:
        packet = struct.pack("!BBHIIIIHHI", 0x92, 8, 7, 9, 1, 2, 3, 0xBEDE, 1, 4) + b"sound"
        mine, other = pair(suite)
        protected = mine.protect(packet)
        assert protected[:28] == packet[:28]
        assert protected == Keys(suite, OURS[: KEY_BYTES[suite]]).protect(packet)
        assert other.unprotect(protected) == packet

    def test_the_rollover_counter_counts(self, suite: str) -> None:
        mine, _ = pair(suite)
        keys = Keys(suite, OURS[: KEY_BYTES[suite]])
        sequences = [*range(65_000, 65_536, 67), *range(0, 65_536, 9_000), *range(40, 65_000, 20_000)]
        rollover, before = 0, 0
        for sequence in sequences:
            rollover += int(sequence < before)
            before = sequence
            assert mine.protect(rtp(sequence)) == keys.protect(rtp(sequence), rollover)
        assert rollover == 2

    @given(count=st.integers(1, 5), ssrc=st.integers(0, 2**32 - 1))
    def test_reports_are_protected_the_same(self, suite: str, count: int, ssrc: int) -> None:
        mine, other = pair(suite)
        keys = Keys(suite, OURS[: KEY_BYTES[suite]])
        for index in range(1, count + 1):
            protected = mine.protect_rtcp(rtcp(ssrc))
            assert protected == keys.protect_rtcp(rtcp(ssrc), index)
            assert other.unprotect_rtcp(protected) == rtcp(ssrc)

    @given(payload=st.binary(max_size=400), sequence=st.integers(0, 65_535))
    def test_what_the_reference_protects_opens(self, suite: str, payload: bytes, sequence: int) -> None:
        mine, _ = pair(suite)
        packet = rtp(sequence, payload)
        assert mine.unprotect(Keys(suite, THEIRS[: KEY_BYTES[suite]]).protect(packet)) == packet


@suites
class TestWhatIsRefused:
    def test_a_packet_that_came_before(self, suite: str) -> None:
        mine, other = pair(suite)
        packets = [mine.protect(rtp(sequence)) for sequence in (65_534, 65_535, 0, 1)]
        for packet in packets:
            other.unprotect(packet)
        for packet in packets:
            with pytest.raises(SrtpError):
                other.unprotect(packet)

    def test_a_report_that_came_before(self, suite: str) -> None:
        mine, other = pair(suite)
        report = mine.protect_rtcp(rtcp())
        other.unprotect_rtcp(report)
        with pytest.raises(SrtpError):
            other.unprotect_rtcp(report)

    def test_no_packet_that_is_late_within_the_window(self, suite: str) -> None:
        mine, other = pair(suite)
        packets = [mine.protect(rtp(sequence & 0xFFFF)) for sequence in range(65_500, 65_600)]
        for packet in [packets[0], *packets[50:], *packets[1:50]]:
            other.unprotect(packet)

    def test_a_packet_that_is_older_than_the_window(self, suite: str) -> None:
        mine, other = pair(suite)
        packets = [mine.protect(rtp(sequence)) for sequence in range(300)]
        other.unprotect(packets[-1])
        with pytest.raises(SrtpError):
            other.unprotect(packets[0])

    @given(data=st.data())
    def test_a_changed_bit(self, suite: str, data: st.DataObject) -> None:
        mine, other = pair(suite)
        packet = bytearray(mine.protect(rtp(9)))
        at = data.draw(st.integers(0, len(packet) * 8 - 1))
        packet[at // 8] ^= 1 << at % 8
        with pytest.raises(SrtpError):
            other.unprotect(bytes(packet))

    @given(packet=st.binary(max_size=1_600))
    def test_garbage(self, suite: str, packet: bytes) -> None:
        mine, _ = pair(suite)
        for method in (mine.unprotect, mine.unprotect_rtcp):
            with pytest.raises(SrtpError):
                method(packet)

    @given(packet=st.binary(max_size=1_600))
    def test_garbage_that_is_to_be_protected_is_refused_or_protected(self, suite: str, packet: bytes) -> None:
        mine, _ = pair(suite)
        for method in (mine.protect, mine.protect_rtcp):
            try:
                assert len(method(packet)) >= len(packet)
            except SrtpError:
                continue

    def test_a_stranger(self, suite: str) -> None:
        mine, _ = pair(suite)
        with pytest.raises(SrtpError):
            mine.unprotect(Keys(suite, bytes(KEY_BYTES[suite])).protect(rtp(1)))

    def test_what_we_sent_ourselves(self, suite: str) -> None:
        mine, _ = pair(suite)
        with pytest.raises(SrtpError):
            mine.unprotect(mine.protect(rtp(1)))

    def test_a_packet_that_has_no_room(self, suite: str) -> None:
        mine, _ = pair(suite)
        assert mine.protect(rtp(1, bytes(MAX_PACKET_BYTES - 12)))
        with pytest.raises(SrtpError):
            mine.protect(rtp(2, bytes(1_600)))

    def test_a_sequence_number_a_second_time(self, suite: str) -> None:
        mine, _ = pair(suite)
        mine.protect(rtp(1))
        with pytest.raises(SrtpError):
            mine.protect(rtp(1, b"other"))

    def test_sources_without_end(self, suite: str) -> None:
        mine, other = pair(suite)
        for ssrc in range(1, MAX_SOURCES + 1):
            other.unprotect(mine.protect(rtp(1, ssrc=ssrc)))
        with pytest.raises(SrtpError):
            other.unprotect(mine.protect(rtp(1, ssrc=MAX_SOURCES + 1)))
        with pytest.raises(SrtpError):
            other.unprotect_rtcp(mine.protect_rtcp(rtcp(MAX_SOURCES + 2)))
        assert other.unprotect(mine.protect(rtp(2, ssrc=1)))

    def test_strangers_take_up_no_sources(self, suite: str) -> None:
        mine, other = pair(suite)
        for ssrc in range(1, 2 * MAX_SOURCES):
            with pytest.raises(SrtpError):
                other.unprotect(rtp(1, ssrc=ssrc))
        assert other.unprotect(mine.protect(rtp(1))) == rtp(1)

    @pytest.mark.parametrize("length", [0, 16, 27, 29, 31, 46])
    def test_a_key_of_another_length(self, suite: str, length: int) -> None:
        right = bytes(KEY_BYTES[suite])
        for keys in ((bytes(length), right), (right, bytes(length))):
            with pytest.raises(ValueError):
                SrtpSession(suite, *keys)


@pytest.mark.parametrize(
    ("dtls", "sdp"),
    [
        ("SRTP_AES128_CM_SHA1_80", "AES_CM_128_HMAC_SHA1_80"),
        ("SRTP_AES128_CM_SHA1_32", "AES_CM_128_HMAC_SHA1_32"),
        ("SRTP_AEAD_AES_128_GCM", "AEAD_AES_128_GCM"),
    ],
)
def test_dtls_has_other_names_for_the_same(dtls: str, sdp: str) -> None:
    key = bytes(KEY_BYTES[sdp])
    assert SrtpSession(dtls, key, key).protect(rtp(1)) == SrtpSession(sdp, key, key).protect(rtp(1))


def test_another_profile_is_none() -> None:
    with pytest.raises(ValueError):
        SrtpSession("NULL_HMAC_SHA1_80", bytes(30), bytes(30))


def test_a_session_shows_no_key() -> None:
    assert repr(SrtpSession("AES_CM_128_HMAC_SHA1_80", OURS, THEIRS)) == "SrtpSession(…)"
