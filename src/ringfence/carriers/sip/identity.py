"""Whether a request comes from whom it says: trunks by address, phones of SIP Domains by network and password.

A stranger is challenged only where it named a domain that somebody here has, and has then three tries. All else about
it stays unanswered, so that nobody learns that there is a telephone system here.

Source: RFC 3261, section 22; RFC 7616; RFC 8760; RFC 8898 (bearer tokens).
"""

import ipaddress
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from ringfence.carriers.sip.ban_table import BAD_PACKETS, BanTable, banned_as
from ringfence.carriers.sip.digest import (
    ALGORITHMS,
    Answer,
    Challenge,
    Nonces,
    hashed_secret,
    parse_answer,
    verify_answer,
)
from ringfence.carriers.sip.endpoint import Incoming
from ringfence.carriers.sip.grammar import MalformedError
from ringfence.carriers.sip.login import Login
from ringfence.carriers.sip.message import Request, Response, respond
from ringfence.carriers.sip.principal import Principal
from ringfence.carriers.sip.trunk import Trunk
from ringfence.carriers.sip.uri import SipUri, parse_uri
from ringfence.ports.sip_access import REALM, Authenticator, SipAccess, SipDomain

# What the scanners of this world call themselves.
SCANNERS = (
    "friendly-scanner",
    "friendly-request",
    "sipvicious",
    "sipcli",
    "sip-scan",
    "sipsak",
    "sundayddr",
    "iwar",
    "sivus",
    "vaxsipuseragent",
    "pplsip",
    "smap",
    "eyebeam release 3006",
)


# Phones that give up where one of several challenges is of an algorithm that they do not know.
MD5_ALONE = re.compile(r"baresip v[01]\.", re.IGNORECASE)
MAX_CHALLENGED = 10_000
# A whole office may start its phones at once; who guesses names needs more.
MAX_UNANSWERED = 500


class Identity:
    """Finds out who sends. `verify` answers or ignores what is not proven.

    `trunks` are those whose calls come from any address, with their own password, to the domain that they call us by.
    """

    def __init__(
        self,
        access: SipAccess,
        clients: Authenticator,
        bans: BanTable,
        *,
        now_ms: Callable[[], int],
        trunks: Iterable[tuple[Trunk, Login]] = (),
    ) -> None:
        self._access = access
        self._clients = clients
        self._bans = bans
        self._now_ms = now_ms
        self._nonces = Nonces(secrets.token_bytes(32))
        self._doors = {trunk.from_domain.lower(): (trunk, login) for trunk, login in trunks}
        # Who was challenged and came back without an answer: it may not understand several challenges at once.
        self._challenged: dict[tuple[str, str], None] = {}
        self._unanswered: dict[str, int] = {}
        # An unknown user is checked against this: who guesses names learns less from the time it takes.
        self._nobody = {name: hashed_secret(name, "", REALM, secrets.token_hex(16)) for name in ALGORITHMS}

    def __repr__(self) -> str:
        return "Identity()"

    async def is_addressed(self, request: Request) -> bool:
        """Whether a request shows a token, or is for a domain that somebody here has."""
        if bearer_token(request):
            return True
        return isinstance(request.uri, SipUri) and await self._access.domain(request.uri.host) is not None

    async def verify(self, incoming: Incoming) -> Principal | None:
        """Who sent an INVITE or a REGISTER; None where it was challenged, refused or ignored."""
        request = incoming.request
        token = bearer_token(request)
        if token:
            return await self._by_token(incoming, token)
        if is_scanner(request):
            self._ignore(incoming, BAD_PACKETS)
            return None
        host = request.uri.host if isinstance(request.uri, SipUri) else ""
        if host in self._doors and request.method == "INVITE":
            return await self._by_trunk(incoming, *self._doors[host])
        domain = await self._access.domain(host) if host else None
        if domain is None:
            self._ignore(incoming, 1)
            return None
        if domain.secure and incoming.flow.transport not in {"TLS", "WSS"}:
            self._refuse(incoming, 403)
            return None
        if request.method == "REGISTER":
            lists: Sequence[str] = domain.registration_lists if domain.registration else ()
            if not lists:
                self._ignore(incoming, 1)
                return None
        else:
            lists = domain.call_lists
            listed = within(incoming.flow.remote[0], domain.networks)
            if (domain.by_network and not listed) or not (domain.by_network or lists):
                self._ignore(incoming, 1)
                return None
            if not lists:
                return _phone(domain, _user(request))
        return await self._by_digest(incoming, domain, lists)

    async def _by_token(self, incoming: Incoming, token: str) -> Principal | None:
        login = await self._clients.client(token)
        if login is None:
            self._bans.count(banned_as(incoming.flow))
            self._refuse(incoming, 401 if incoming.flow.reliable else 0)
            return None
        return Principal(
            kind="client",
            account=login.account,
            user=login.identity,
            application=login.application,
            expires_ms=login.expires_ms,
            registers=login.incoming,
        )

    async def _by_digest(self, incoming: Incoming, domain: SipDomain, lists: Sequence[str]) -> Principal | None:
        async def known(username: str) -> Sequence[Mapping[str, str]]:
            return await self._access.secrets(domain, lists, username)

        username = await self._proven(incoming, known)
        if username is None:
            return None
        if incoming.request.method == "REGISTER" and _user(incoming.request, of="to") != username:
            self._refuse(incoming, 403)
            return None
        return _phone(domain, username)

    async def _by_trunk(self, incoming: Incoming, trunk: Trunk, login: Login) -> Principal | None:
        async def known(username: str) -> Sequence[Mapping[str, str]]:
            if username != login.username:
                return ()
            return [{one: hashed_secret(one, username, REALM, login.password) for one in ALGORITHMS}]

        if await self._proven(incoming, known) is None:
            return None
        return Principal(kind="trunk", name=trunk.name, trunk=trunk)

    async def _proven(
        self, incoming: Incoming, known: Callable[[str], Awaitable[Sequence[Mapping[str, str]]]]
    ) -> str | None:
        """The username whose password was shown; None where it was asked for, or was not right. `known` has hashes."""
        request = incoming.request
        answer = _answer(request)
        if answer is None:
            self._challenge(incoming, stale=False)
            return None
        match self._nonces.check(answer, self._now_ms()):
            case "stale":
                self._challenge(incoming, stale=True)
                return None
            case "forged":
                self._ignore(incoming, 1)
                return None
        secrets_of = await known(answer.username)
        held = [one[answer.algorithm] for one in secrets_of if answer.algorithm in one]
        good = [
            secret
            for secret in held or [self._nobody[answer.algorithm]]
            if verify_answer(answer, method=request.method, secret=secret)
        ]
        if not (held and good) or not _same_target(answer, request):
            self._bans.count(banned_as(incoming.flow))
            self._refuse(incoming, 403)
            return None
        self._bans.forgive(banned_as(incoming.flow))
        self._unanswered.pop(banned_as(incoming.flow), None)
        return answer.username

    def _challenge(self, incoming: Incoming, *, stale: bool) -> None:
        request = incoming.request
        self._note_unanswered(incoming)
        challenged = respond(request, 401, tag=secrets.token_hex(8))
        for algorithm in self._algorithms(request, incoming.flow.remote[0]):
            nonce = self._nonces.make(self._now_ms(), secrets.token_bytes(8))
            challenge = Challenge(realm=REALM, nonce=nonce, algorithm=algorithm, stale=stale)
            challenged.headers.add("www-authenticate", str(challenge))
        self._tell(incoming, challenged)

    def _note_unanswered(self, incoming: Incoming) -> None:
        """Who is challenged again and again and never proves anything is looking for names."""
        name = banned_as(incoming.flow)
        if name not in self._unanswered and len(self._unanswered) >= MAX_CHALLENGED:
            del self._unanswered[next(iter(self._unanswered))]
        self._unanswered[name] = self._unanswered.get(name, 0) + 1
        if self._unanswered[name] > MAX_UNANSWERED:
            self._bans.count(name)

    def _algorithms(self, request: Request, address: str) -> Sequence[str]:
        """Both, the stronger first; MD5 alone for whom two are too many, by its name or by what it did before."""
        if MD5_ALONE.match(request.headers.get("user-agent") or ""):
            return ("MD5",)
        key = address, request.call_id
        if not request.headers.get_all("authorization") and key in self._challenged:
            return ("MD5",)
        self._challenged.pop(key, None)
        self._challenged[key] = None
        if len(self._challenged) > MAX_CHALLENGED:
            del self._challenged[next(iter(self._challenged))]
        return ALGORITHMS

    def _refuse(self, incoming: Incoming, status: int) -> None:
        if not status:
            incoming.ignore()
            return
        self._tell(incoming, respond(incoming.request, status, tag=secrets.token_hex(8)))

    def _tell(self, incoming: Incoming, response: Response) -> None:
        """A stranger gets an answer once, and may ask again; somebody known gets it for sure."""
        if incoming.silent:
            incoming.respond_once(response)
        else:
            incoming.respond(response)

    def _ignore(self, incoming: Incoming, weight: int) -> None:
        """No answer to a stranger; somebody known, who asked for what is not here, is told so."""
        if not incoming.silent:
            self._refuse(incoming, 404)
            return
        self._bans.count(banned_as(incoming.flow), weight)
        incoming.ignore()


def is_scanner(request: Request) -> bool:
    """Whether a request says by itself that a scanner sent it."""
    # From may be the broken part of a broken message: its text is enough.
    names = [request.headers.get("user-agent") or "", request.headers.get("from") or ""]
    return any(scanner in name.lower() for name in names for scanner in SCANNERS)


def within(address: str, networks: Iterable[str]) -> bool:
    """Whether an address lies in one of the networks (CIDR)."""
    try:
        place = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(place in ipaddress.ip_network(network, strict=False) for network in networks)


def bearer_token(request: Request) -> str:
    """The token of `Authorization: Bearer …`, else ""."""
    for text in request.headers.get_all("authorization"):
        scheme, _, token = text.strip().partition(" ")
        if scheme.lower() == "bearer":
            return token.strip()
    return ""


def _phone(domain: SipDomain, user: str) -> Principal:
    return Principal(
        kind="domain",
        name=domain.sid,
        account=domain.account,
        user=user,
        registers=domain.registration,
        secure=domain.secure,
    )


def _answer(request: Request) -> Answer | None:
    """The answer to one of our challenges, of several Authorization headers."""
    for text in request.headers.get_all("authorization"):
        try:
            answer = parse_answer(text)
        except MalformedError:
            continue
        if answer is not None and answer.realm == REALM:
            return answer
    return None


def _same_target(answer: Answer, request: Request) -> bool:
    """An answer holds for the user it was made for: hosts may differ where a proxy stands between."""
    try:
        meant = parse_uri(answer.uri)
    except MalformedError:
        return False
    return isinstance(meant, SipUri) and isinstance(request.uri, SipUri) and meant.user == request.uri.user


def _user(request: Request, *, of: str = "from") -> str:
    uri = (request.from_ if of == "from" else request.to).uri
    return (uri.user or "") if isinstance(uri, SipUri) else ""
