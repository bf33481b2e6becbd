"""Where sound may be sent: not to ourselves, nor to many at once, however a description asks for it.

A caller says where its sound is to go, and 50 packets a second then go there. What runs on this machine, beside it on
its link, or behind a group's address is never a telephone's place, unless the telephone itself is on this machine.
Private networks are: trunks and telephones stand in them.
"""

import ipaddress

import msgspec

from ringfence.domain.media_ends import RemoteEnd

NOWHERE = "0.0.0.0"  # noqa: S104 - an address that is written, not bound


def within_reason(remote: RemoteEnd, signalled: str) -> RemoteEnd:
    """The same end, without places that sound may not go to; `signalled` is the host its messages come from, or "".

    In place of such an address stands the signalling's own; candidates for ICE are left out.
    """
    ours = _is_ours(signalled)
    address = remote.address if ours or not _is_forbidden(remote.address) else signalled or NOWHERE
    ice = remote.ice
    if ice is not None and not ours:
        candidates = tuple(one for one in ice.candidates if not _is_forbidden(_address_of(one)))
        ice = msgspec.structs.replace(ice, candidates=candidates)
    return msgspec.structs.replace(remote, address=address, ice=ice)


def _is_ours(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_forbidden(text: str) -> bool:
    try:
        place = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(place, ipaddress.IPv6Address) and place.ipv4_mapped is not None:
        place = place.ipv4_mapped
    if place.is_unspecified:
        # A hold of old, or ICE before its candidates: nothing is sent.
        return False
    return place.is_loopback or place.is_link_local or place.is_multicast or str(place) == "255.255.255.255"


def _address_of(candidate: str) -> str:
    """The fifth word of a candidate (RFC 8839, section 5.1)."""
    words = candidate.split()
    return words[4] if len(words) > 4 else ""
