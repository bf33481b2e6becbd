"""Digest authentication: challenges, answers to them, and their verification from stored hashes.

SHA-256 is offered first, and MD5 after it for phones that know no better. A server keeps one hash of a password for
each algorithm it will take from that user, and takes no other.

Source: RFC 7616; RFC 8760 (SIP); RFC 3261, section 22.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping

import msgspec

from ringfence.carriers.sip.grammar import TOKEN, MalformedError, quote, split_list, unquote

_HASHES: dict[str, Callable[[bytes], str]] = {
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
}
# The strongest first: the order in which a server offers them and a client picks.
ALGORITHMS = ("SHA-256", "MD5")
# A nonce is told apart from a forged one by its tag, and from an old one by its time.
NONCE_LIFE_MS = 300_000

_PAIR = re.compile(r'([^=\s]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s",]+)', re.DOTALL)
_COUNT = re.compile(r"[0-9a-fA-F]{8}")
_UNQUOTED = frozenset({"algorithm", "qop", "nc", "stale"})


class Challenge(msgspec.Struct, frozen=True, kw_only=True):
    """What a server asks: WWW-Authenticate or Proxy-Authenticate."""

    realm: str
    nonce: str
    algorithm: str = "SHA-256"
    opaque: str | None = None
    qop: tuple[str, ...] = ("auth",)
    stale: bool = False

    def __str__(self) -> str:
        fields = {"realm": self.realm, "nonce": self.nonce, "algorithm": self.algorithm}
        written = [_field(name, value) for name, value in fields.items()]
        if self.opaque is not None:
            written.append(_field("opaque", self.opaque))
        if self.qop:
            written.append(f'qop="{",".join(self.qop)}"')
        if self.stale:
            written.append("stale=true")
        return "Digest " + ", ".join(written)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a client says: Authorization or Proxy-Authorization."""

    username: str
    realm: str
    nonce: str
    uri: str
    response: str
    algorithm: str = "MD5"
    cnonce: str | None = None
    opaque: str | None = None
    qop: str | None = None
    count: str | None = None

    def __repr__(self) -> str:
        return "Answer(…)"

    def __str__(self) -> str:
        fields = {
            "username": self.username,
            "realm": self.realm,
            "nonce": self.nonce,
            "uri": self.uri,
            "response": self.response,
            "algorithm": self.algorithm,
            "cnonce": self.cnonce,
            "opaque": self.opaque,
            "qop": self.qop,
            "nc": self.count,
        }
        return "Digest " + ", ".join(_field(name, value) for name, value in fields.items() if value is not None)


def parse_challenge(text: str) -> Challenge | None:
    """Read a challenge; None for another scheme, an unknown algorithm, a quality other than `auth`. MalformedError."""
    fields = _parse_fields(text)
    if fields is None:
        return None
    algorithm = _algorithm(fields.get("algorithm", "MD5"))
    qop = tuple(word.strip().lower() for word in fields.get("qop", "").split(",") if word.strip())
    if algorithm is None or (qop and "auth" not in qop):
        return None
    return Challenge(
        realm=_needed(fields, "realm"),
        nonce=_needed(fields, "nonce"),
        algorithm=algorithm,
        opaque=fields.get("opaque"),
        qop=qop,
        stale=fields.get("stale", "").lower() == "true",
    )


def parse_answer(text: str) -> Answer | None:
    """Read an answer; None for another scheme or an unknown algorithm. MalformedError where a field is missing."""
    fields = _parse_fields(text)
    if fields is None:
        return None
    algorithm = _algorithm(fields.get("algorithm", "MD5"))
    if algorithm is None:
        return None
    qop = fields.get("qop")
    answer = Answer(
        username=_needed(fields, "username"),
        realm=_needed(fields, "realm"),
        nonce=_needed(fields, "nonce"),
        uri=_needed(fields, "uri"),
        response=_needed(fields, "response").lower(),
        algorithm=algorithm,
        cnonce=fields.get("cnonce"),
        opaque=fields.get("opaque"),
        qop=qop.lower() if qop is not None else None,
        count=fields.get("nc"),
    )
    if answer.qop is not None and not (answer.qop == "auth" and answer.cnonce and _COUNT.fullmatch(answer.count or "")):
        raise MalformedError("an answer to a challenge without its count or its own nonce")
    return answer


def strongest(challenges: list[Challenge]) -> Challenge | None:
    """The challenge to answer of several: the strongest algorithm (RFC 8760, section 2.4)."""
    return min(challenges, key=lambda challenge: ALGORITHMS.index(challenge.algorithm), default=None)


def hashed_secret(algorithm: str, username: str, realm: str, password: str) -> str:
    """What a server keeps of a password: H(username:realm:password), in hex."""
    return _HASHES[algorithm](f"{username}:{realm}:{password}".encode())


def answer_challenge(
    challenge: Challenge, *, username: str, password: str, method: str, uri: str, cnonce: str, count: int = 1
) -> Answer:
    """The answer of a client. `cnonce` is fresh for each; `count` grows while a nonce is used again."""
    secret = hashed_secret(challenge.algorithm, username, challenge.realm, password)
    unhashed = Answer(
        username=username,
        realm=challenge.realm,
        nonce=challenge.nonce,
        uri=uri,
        response="",
        algorithm=challenge.algorithm,
        opaque=challenge.opaque,
        cnonce=cnonce if challenge.qop else None,
        qop="auth" if challenge.qop else None,
        count=f"{count:08x}" if challenge.qop else None,
    )
    return msgspec.structs.replace(unhashed, response=_response(unhashed, method, secret))


def verify_answer(answer: Answer, *, method: str, secret: str) -> bool:
    """Whether an answer knows the password whose hash (of the answer's algorithm) is `secret`; in constant time."""
    return hmac.compare_digest(_response(answer, method, secret).encode(), answer.response.encode())


class Nonces:
    """Nonces that need no table: time and a tag under a key of this process; each count is good once.

    A nonce lives `NONCE_LIFE_MS`. The highest count of the last `most` nonces in use is remembered; with one that is
    forgotten for want of room, every unknown nonce of its age and older becomes stale, so that none is good twice.
    """

    def __init__(self, key: bytes, *, most: int = 10_000) -> None:
        self._key = key
        self._most = most
        self._seen: dict[str, int] = {}
        self._forgotten_ms = 0

    def make(self, now_ms: int, salt: bytes) -> str:
        """A fresh nonce; `salt` is 8 random bytes."""
        body = f"{now_ms:x}-{salt.hex()}"
        return f"{body}-{self._tag(body)}"

    def check(self, answer: Answer, now_ms: int) -> str:
        """`good`, `stale` (ours, but old or used: challenge again with stale=true) or `forged`.

        An answer without a quality (RFC 2069) has no count: its nonce is good once.
        """
        body, _, tag = answer.nonce.rpartition("-")
        if not body or not hmac.compare_digest(self._tag(body).encode(), tag.encode()):
            return "forged"
        made_ms = _made_ms(answer.nonce)
        count = int(answer.count, 16) if answer.count else 1
        used = self._seen.get(answer.nonce, 0 if made_ms > self._forgotten_ms else count)
        if now_ms - made_ms > NONCE_LIFE_MS or count <= used:
            return "stale"
        self._seen.pop(answer.nonce, None)
        self._seen[answer.nonce] = count
        if len(self._seen) > self._most:
            forgotten = next(iter(self._seen))
            del self._seen[forgotten]
            self._forgotten_ms = max(self._forgotten_ms, _made_ms(forgotten))
        return "good"

    def _tag(self, body: str) -> str:
        return hmac.digest(self._key, body.encode(), "sha256")[:16].hex()


def _made_ms(nonce: str) -> int:
    return int(nonce.partition("-")[0], 16)


def _response(answer: Answer, method: str, secret: str) -> str:
    digest = _HASHES[answer.algorithm]
    wanted = digest(f"{method}:{answer.uri}".encode())
    middle = f"{answer.nonce}:{answer.count}:{answer.cnonce}:{answer.qop}" if answer.qop else answer.nonce
    return digest(f"{secret}:{middle}:{wanted}".encode())


def _parse_fields(text: str) -> Mapping[str, str] | None:
    scheme, _, rest = text.strip().partition(" ")
    if not TOKEN.fullmatch(scheme):
        raise MalformedError("no authentication scheme")
    if scheme.lower() != "digest":
        return None
    fields: dict[str, str] = {}
    for piece in split_list(rest.strip()):
        match = _PAIR.fullmatch(piece)
        if match is None or match[1].lower() in fields:
            raise MalformedError("a crooked or repeated field of an authentication header")
        fields[match[1].lower()] = unquote(match[2]) if match[2].startswith('"') else match[2]
    return fields


def _algorithm(name: str) -> str | None:
    return next((known for known in ALGORITHMS if known == name.upper()), None)


def _needed(fields: Mapping[str, str], name: str) -> str:
    if name not in fields:
        raise MalformedError(f"an authentication header without {name}")
    return fields[name]


def _field(name: str, value: str) -> str:
    return f"{name}={value}" if name in _UNQUOTED else f"{name}={quote(value)}"
