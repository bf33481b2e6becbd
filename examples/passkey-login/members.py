"""Who is a member, and who is signed in where. In memory: a restart forgets it."""

import secrets
import threading
import uuid
from dataclasses import dataclass


@dataclass
class Session:
    """One browser. `asked` is the factor or challenge it is to answer, `joining` the name it wants.

    `member` is who is signed in.
    """

    asked: str = ""
    joining: str = ""
    member: str = ""


class Members:
    """Names, and the identity that Verify knows each by: it says nothing of the person."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._identities: dict[str, str] = {}
        self._sessions: dict[str, Session] = {}

    def session(self, cookie: str) -> tuple[str, Session]:
        """The session of a cookie, or a new one with its own."""
        with self._lock:
            if cookie not in self._sessions:
                cookie = secrets.token_urlsafe(32)
                self._sessions[cookie] = Session()
            return cookie, self._sessions[cookie]

    def renew(self, cookie: str, member: str) -> str:
        """A new session, signed in: who knew the cookie of the old one knows nothing of this."""
        with self._lock:
            self._sessions.pop(cookie, None)
            fresh = secrets.token_urlsafe(32)
            self._sessions[fresh] = Session(member=member)
            return fresh

    def end(self, cookie: str) -> None:
        with self._lock:
            self._sessions.pop(cookie, None)

    def identity(self, name: str) -> str | None:
        with self._lock:
            return self._identities.get(name)

    def add(self, name: str, identity: str) -> bool:
        """False where somebody else took the name meanwhile."""
        with self._lock:
            return self._identities.setdefault(name, identity) == identity

    def name(self, identity: str) -> str | None:
        with self._lock:
            return next((name for name, known in self._identities.items() if known == identity), None)


def new_identity() -> str:
    return str(uuid.uuid4())
