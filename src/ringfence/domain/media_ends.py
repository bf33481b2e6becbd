"""The two ends of one leg's media, as descriptions name them and media workers use them."""

from typing import Literal

import msgspec

Transport = Literal["rtp", "srtp", "webrtc"]


class IceEnd(msgspec.Struct, frozen=True, kw_only=True):
    """One end's ICE and DTLS, as its description says them: candidates as the values of `a=candidate`.

    `setup` is DTLS's role as written (actpass, active or passive); `fingerprint` is `sha-256 AB:CD:…`.
    """

    ufrag: str
    password: str
    fingerprint: str
    setup: str
    candidates: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"IceEnd({len(self.candidates)} candidates)"


class LocalEnd(msgspec.Struct, frozen=True, kw_only=True):
    """Where a leg's media is received: to be written into its description.

    `rtcp_port` equals `port` where both share one. `srtp_key` (30 bytes, key and salt of AES_CM_128_HMAC_SHA1_80) is
    what we would send under, b"" unless the leg was opened as srtp. `ssrc` is what we send as.
    """

    address: str
    port: int
    rtcp_port: int
    ssrc: int
    srtp_key: bytes = b""
    ice: IceEnd | None = None

    def __repr__(self) -> str:
        return f"LocalEnd(:{self.port})"


class RemoteEnd(msgspec.Struct, frozen=True, kw_only=True):
    """What was agreed with the other end. `encoding` is PCMU, PCMA, G722 or opus, in any case as SDP has it.

    `ptime_ms` is how much sound each packet to it holds, of `domain.packet_time`; what comes may hold any.

    `send` and `receive` are ours: on hold, `send` is False. `symmetric`: latch once onto where its packets come from;
    `signalled` is the host that its signalling comes from, "" where that is not known. `srtp_key` is what the other end
    sends under, of suite `srtp_suite`. `own_ice` is our end as it was described to this one: where its credentials are
    others than before, ICE begins anew.
    """

    address: str
    port: int
    rtcp_port: int
    encoding: str
    payload_type: int
    event_payload_type: int | None = None
    ptime_ms: int = 20
    send: bool = True
    receive: bool = True
    symmetric: bool = True
    signalled: str = ""
    srtp_suite: str = ""
    srtp_key: bytes = b""
    ice: IceEnd | None = None
    own_ice: IceEnd | None = None

    def __repr__(self) -> str:
        return f"RemoteEnd({self.encoding})"
