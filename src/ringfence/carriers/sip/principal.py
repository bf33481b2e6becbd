"""Who a request comes from, once that is known."""

from typing import Literal

import msgspec

from ringfence.carriers.sip.trunk import Trunk

Kind = Literal["trunk", "domain", "client", "handset"]


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """A trunk, a phone of a SIP Domain, a client with a token, or a simulated handset (`user` is its number).

    `name` is the trunk's, or the domain's sid; `record` is the address of record whose bindings it may change. `secure`
    says that its calls must be encrypted, signalling and sound.
    """

    kind: Kind
    name: str = ""
    account: str = ""
    user: str = ""
    application: str = ""
    expires_ms: int = 0
    trunk: Trunk | None = None
    registers: bool = False
    secure: bool = False

    def __repr__(self) -> str:
        return f"Principal({self.kind})"

    @property
    def source(self) -> str:
        """As `ports.line.IncomingLine` names it."""
        if self.kind == "handset":
            return "trunk:phones"
        return self.kind if self.kind == "client" else f"{self.kind}:{self.name}"

    @property
    def record(self) -> str:
        """Under which name its bindings are kept."""
        return record(self.kind, self.name or self.account, self.user)


def record(kind: str, owner: str, user: str) -> str:
    """The name of one user's bindings: of a domain's phone, an account's client, or a handset."""
    return f"{kind} {owner} {user}"
