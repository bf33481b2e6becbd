"""Credentials that are good for a while at a TURN server, which shares a secret with us and asks nobody.

Source: "A REST API For Access To TURN Services" (draft-uberti-behave-turn-rest), as coturn has it (use-auth-secret).
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence

import msgspec


class IceServers(msgspec.Struct, frozen=True, kw_only=True):
    """STUN and TURN servers by URL, and the secret that the TURN servers share with us, "" for none."""

    urls: tuple[str, ...] = ()
    secret: str = ""

    def __repr__(self) -> str:
        return f"IceServers({len(self.urls)})"


class TurnCredentials(msgspec.Struct, frozen=True, kw_only=True):
    """A name and a password; both "" where no server asks for any."""

    username: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return "TurnCredentials(…)"


def credentials_for(servers: IceServers, who: str, expires_s: int) -> TurnCredentials:
    """Good until `expires_s` (Unix); `who` is what the server's log shows."""
    if not servers.secret:
        return TurnCredentials()
    username = f"{expires_s}:{who}"
    digest = hmac.digest(servers.secret.encode(), username.encode(), hashlib.sha1)
    return TurnCredentials(username=username, password=base64.b64encode(digest).decode())


def described(servers: IceServers, credentials: TurnCredentials) -> Sequence[dict[str, str]]:
    """The servers as a browser takes them: TURN servers with the credentials, STUN servers without."""
    return [
        {"url": url, "urls": url}
        if url.startswith(("stun:", "stuns:")) or not credentials.username
        else {"url": url, "urls": url, "username": credentials.username, "credential": credentials.password}
        for url in servers.urls
    ]
