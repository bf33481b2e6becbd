"""A trunk: the carrier that takes our calls and sends us its own, as an operator describes it.

Rules rewrite numbers between E.164 and what the carrier writes: `+49=0` sends +4930… as 030…, `00=+` reads 0049… as
+49…; the longest that fits wins, and without one the plus stands.
"""

import ipaddress
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from ringfence.ports.line import MediaKind

Transport = Literal["udp", "tcp", "tls"]
# What a carrier writes for a caller who does not want to be known, as Twilio's programs know it.
ANONYMOUS = "+266696687"

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_DIGITS = re.compile(r"\+?[0-9]{2,20}")
_PROXY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9.\-]*)(:[0-9]{1,5})?")
_RULE = re.compile(r"(\+?[0-9]*)=(\+?[0-9]*)")


class TrunkError(ValueError):
    """A trunk that cannot be as it is described: the cause."""


class Trunk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One carrier. `[[trunk]]` in ringfence.toml; what is left out has the default here."""

    name: Annotated[str, Meta(pattern="^[a-z0-9-]{1,40}$", description="What the timeline calls it.")]
    host: Annotated[str, Meta(description="The carrier's name or address; of a name, SRV records are followed.")]
    port: Annotated[int, Meta(description="Its port; 0: as DNS says, else 5060 (TLS: 5061).", ge=0, le=65535)] = 0
    transport: Annotated[Transport, Meta(description="udp, tcp or tls.")] = "udp"
    outbound_proxy: Annotated[str, Meta(description="HOST[:PORT] that everything goes through.")] = ""
    username: Annotated[str, Meta(description="Who we are when we are challenged or register.")] = ""
    password: Annotated[str, Meta(description="env:VARIABLE or file:PATH; never the password itself.")] = ""
    register: Annotated[bool, Meta(description="Register with the carrier, and stay registered.")] = False
    ask: Annotated[
        bool,
        Meta(description="Where we do not register, ask it every half minute whether it is there (OPTIONS)."),
    ] = True
    allow: Annotated[
        tuple[str, ...], Meta(description="Addresses or networks (CIDR) whose calls are taken, beside the host's own.")
    ] = ()
    calls_by_password: Annotated[
        bool, Meta(description="Take its calls to from_domain from any address, with username and password.")
    ] = False
    numbers: Annotated[
        tuple[str, ...], Meta(description="Beginnings of the numbers that it is for, as +49; empty: all.")
    ] = ()
    dial: Annotated[tuple[str, ...], Meta(description="How numbers are written to it: +49=0, +=00.")] = ()
    receive: Annotated[tuple[str, ...], Meta(description="How numbers from it are read: 00=+, 0=+49.")] = ()
    from_domain: Annotated[str, Meta(description="The host part of our caller's address; empty: ours.")] = ""
    codecs: Annotated[
        tuple[Literal["PCMU", "PCMA", "G722", "opus"], ...],
        Meta(description="What is spoken with it, the preferred first; empty: as with everybody."),
    ] = ()
    srtp: Annotated[bool, Meta(description="Offer encrypted media (SDES); only sensible over tls.")] = False

    def __repr__(self) -> str:
        return f"Trunk({self.name})"

    @property
    def media(self) -> MediaKind:
        """How its media is offered."""
        return "srtp" if self.srtp else "rtp"

    @property
    def networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """Where its calls may come from, as far as it is listed. TrunkError."""
        try:
            return tuple(ipaddress.ip_network(text) for text in self.allow)
        except ValueError:
            raise TrunkError(f"trunk {self.name}: allow holds what is no address and no network") from None

    def takes(self, number: str) -> bool:
        """Whether a number goes this way."""
        return not self.numbers or number.startswith(self.numbers)

    def written(self, number: str) -> str:
        """An E.164 number as the carrier wants it."""
        return _rewritten(number, self.dial)

    def read(self, user: str) -> str | None:
        """The E.164 number that the carrier means; None where it is none."""
        digits = re.sub(r"[\-.() ]", "", user.partition(";")[0])
        if not _DIGITS.fullmatch(digits):
            return None
        number = _rewritten(digits, self.receive)
        number = number if number.startswith("+") else f"+{number}"
        return number if _E164.fullmatch(number) else None

    def secret(self) -> str:
        """The password, from where it is kept. TrunkError names the place, never the value."""
        kind, _, place = self.password.partition(":")
        if not self.password:
            return ""
        if kind == "env" and place:
            if place not in os.environ:
                raise TrunkError(f"trunk {self.name}: the variable {place} is not set")
            return os.environ[place]
        if kind == "file" and place:
            try:
                return Path(place).expanduser().read_text(encoding="utf-8").strip("\r\n")
            except (OSError, UnicodeDecodeError):
                raise TrunkError(f"trunk {self.name}: {place} cannot be read") from None
        raise TrunkError(f"trunk {self.name}: password must be env:VARIABLE or file:PATH")


def check_trunks(trunks: Iterable[Trunk]) -> None:
    """TrunkError for what cannot work: two of a name, a network or a rule that is none, a password in the open.

    Whether the passwords are where they should be is seen by `secret` alone: not every process has them.
    """
    names: set[str] = set()
    for trunk in trunks:
        if trunk.name in names:
            raise TrunkError(f"two trunks are called {trunk.name}")
        names.add(trunk.name)
        _ = trunk.networks
        if trunk.password and not trunk.password.startswith(("env:", "file:")):
            raise TrunkError(f"trunk {trunk.name}: password must be env:VARIABLE or file:PATH")
        for rule in (*trunk.dial, *trunk.receive):
            if not _RULE.fullmatch(rule):
                raise TrunkError(f"trunk {trunk.name}: {rule!r} is no rule such as +49=0")
        if trunk.outbound_proxy and not _PROXY.fullmatch(trunk.outbound_proxy):
            raise TrunkError(f"trunk {trunk.name}: outbound_proxy is not HOST or HOST:PORT")
        if trunk.calls_by_password and not (trunk.username and trunk.password and trunk.from_domain):
            raise TrunkError(f"trunk {trunk.name}: calls_by_password needs username, password and from_domain")
        if trunk.register and not (trunk.username and trunk.password):
            raise TrunkError(f"trunk {trunk.name}: to register it needs username and password")


def _rewritten(number: str, rules: Iterable[str]) -> str:
    pairs = [rule.partition("=")[::2] for rule in rules]
    fitting = [(old, new) for old, new in pairs if number.startswith(old)]
    if not fitting:
        return number
    old, new = max(fitting, key=lambda pair: len(pair[0]))
    return new + number[len(old) :]
