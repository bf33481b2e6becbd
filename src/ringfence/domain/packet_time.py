"""How much sound a packet holds: what the other end asks for, as far as we can send it.

Source: RFC 8866, sections 6.4 and 6.5 (ptime and maxptime); RFC 3264, section 6.1.
"""

USUAL_MS = 20
# What sound is packed in. A clock of 20 ms sends one, two or a part of one a beat.
PACKET_TIMES_MS = (10, 20, 30, 40, 60)


def packet_time_ms(wanted_ms: int | None, most_ms: int | None) -> int:
    """The longest of ours that is neither longer than wanted nor than may be; the shortest where all are."""
    bound_ms = min(wanted_ms or USUAL_MS, most_ms or max(PACKET_TIMES_MS))
    return max((one for one in PACKET_TIMES_MS if one <= bound_ms), default=min(PACKET_TIMES_MS))
