"""What a trunk or a registrar knows us by, and the answer to its challenge.

Source: RFC 3261, section 22; RFC 8760, section 2.4.
"""

import secrets

import msgspec

from ringfence.carriers.sip.digest import answer_challenge, parse_challenge, strongest
from ringfence.carriers.sip.grammar import MalformedError
from ringfence.carriers.sip.message import Response

_HEADERS = {401: ("www-authenticate", "authorization"), 407: ("proxy-authenticate", "proxy-authorization")}


class Login(msgspec.Struct, frozen=True):
    """A username and its password."""

    username: str
    password: str

    def __repr__(self) -> str:
        return "Login(…)"

    def answer(self, response: Response, *, method: str, uri: str, again: bool) -> tuple[str, str] | None:
        """The header that answers a 401 or 407; None where it asks nothing that can be answered.

        `again` says that we answered before: then only a stale nonce is worth another try.
        """
        if response.status not in _HEADERS:
            return None
        asked, answered = _HEADERS[response.status]
        try:
            challenges = [parse_challenge(text) for text in response.headers.get_all(asked)]
        except MalformedError:
            return None
        challenge = strongest([one for one in challenges if one is not None])
        if challenge is None or (again and not challenge.stale):
            return None
        answer = answer_challenge(
            challenge,
            username=self.username,
            password=self.password,
            method=method,
            uri=uri,
            cnonce=secrets.token_hex(8),
        )
        return answered, str(answer)
