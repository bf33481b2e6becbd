"""Who is asking: Basic authentication by AccountSid:AuthToken or SK…:secret, as Twilio has it.

The secret is compared by its SHA-256 in constant time, turned into the seed of its slot, and kept nowhere.
Source: Twilio, "API requests", section "Authenticate".
"""

import binascii
import hashlib
import hmac
import ipaddress
from collections.abc import Callable

import msgspec
import structlog

from ringfence.api.access_intake import AccessIntake
from ringfence.api.admission import TooManyRequestsError
from ringfence.api.frozen import FrozenCredentials
from ringfence.api.known_networks import KnownNetworks
from ringfence.api.login_failures import LoginFailures
from ringfence.api.slot_seeds import SlotSeeds
from ringfence.domain.allowed_networks import admits
from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.key_policy import KeyPolicy
from ringfence.domain.sid import is_sid
from ringfence.ports.keys import Caller, KeyRefusedError
from ringfence.ports.store import AccountRow, AccountStore, CredentialRow
from ringfence.usecases.access.react import Reactions
from ringfence.usecases.accounts.credential import AUTH_TOKEN, SECONDARY_TOKEN, secondary_of
from ringfence.usecases.verify.devices import Devices, PresentDevice

MAX_HEADER_BYTES = 512
MAX_TOKEN_HEADER_BYTES = 4_096
DEVICE_NAME = "token"
"""The user name of devices, as Twilio's client libraries have it."""
_NOBODY = bytes(32)

Refused = Callable[[str], None]
_log = structlog.get_logger(__name__)


class Presented(msgspec.Struct, frozen=True, kw_only=True):
    """What signed in: the caller, its account, and the Auth Token when that is what was presented.

    `policy` is what a restricted key may do; None for one that is not.
    """

    caller: Caller
    account: AccountRow
    auth_token: str | None = None
    policy: KeyPolicy | None = None

    def __repr__(self) -> str:
        return f"Presented({self.caller!r})"


class Authenticator:
    """Checks credentials against the store on every request, so that a revoked one ends at once.

    What members changed and the store has not yet is taken by `intake` first. `refused` is told why a right secret
    signed nobody in: `canary`, `ended`, `network`, or `new_network`.
    """

    def __init__(
        self,
        store: AccountStore,
        clock: Clock,
        *,
        frozen: FrozenCredentials,
        reactions: Reactions,
        intake: AccessIntake | None = None,
        failures_of_address: int = 300,
        refused: Refused = lambda _: None,
    ) -> None:
        self._frozen = frozen
        self._reactions = reactions
        self._intake = intake
        self._clock = clock
        self._networks = KnownNetworks(store, clock)
        self._refused = refused
        self._store = store
        self._failures = LoginFailures(clock)
        self._failures_of_address = LoginFailures(clock, burst=failures_of_address)
        self._seeds = SlotSeeds(clock)

    async def present(self, header: bytes | None, client: str = "") -> Presented:
        """The caller; ApiError 20003 for what does not sign in, 20429 when an account or a client has too much of that.

        `client` is the address that asks.
        """
        try:
            name, secret = _basic(header)
        except ApiError:
            self._count_failure(client)
            raise
        if self._intake is not None:
            await self._intake.taken()
        credential = await self._store.credential(name) if is_sid(name) else None
        verifier = credential.verifier if credential is not None else _NOBODY
        digest = hashlib.sha256(secret.encode()).digest()
        right = hmac.compare_digest(digest, verifier)
        if credential is not None and credential.kind == AUTH_TOKEN and not right:
            other = await self._store.credential(secondary_of(name))
            if other is not None and hmac.compare_digest(digest, other.verifier):
                credential, right = other, True
        if credential is None or not right:
            self._count_failure(client, credential)
            raise ApiError(20003)
        account = await self._store.account(credential.account)
        active = account is not None and account.status == "active" and await self._parent_is_active(account)
        # A frozen Auth Token's name is its account's, whichever of two was shown.
        if account is None or not active or await self._frozen.bars(name):
            # Counted as a wrong one is: otherwise going without a 429 would tell that it is right.
            self._count_failure(client, credential)
            raise ApiError(20003)
        await self._keep_out(credential, account, client)
        seed = self._seeds.of(name, secret, digest)
        caller = Caller(account=account.sid, credential=credential.sid, seed=seed)
        token = secret if credential.kind in (AUTH_TOKEN, SECONDARY_TOKEN) else None
        policy = KeyPolicy(tuple(credential.policy.split())) if credential.policy else None
        return Presented(caller=caller, account=account, auth_token=token, policy=policy)

    async def _keep_out(self, credential: CredentialRow, account: AccountRow, client: str) -> None:
        """Refuse a right secret used where it should not be, in the words of a wrong one, and count it as one."""
        if credential.canary:
            cause = "canary"
            _log.error("canary key used", account=credential.account, sid=credential.sid)
            await self._reactions.shown(credential, cause)
        elif credential.is_past(self._clock.now_ms()):
            cause = "ended"
        elif not (admits(account.networks, client) and admits(credential.networks, client)):
            cause = "network"
        elif credential.watched and not await self._networks.has(credential, client):
            cause = "new_network"
            _log.error("key used from a new network", account=credential.account, sid=credential.sid)
            if not await self._reactions.shown(credential, cause):
                return
        else:
            return
        self._refused(cause)
        self._count_failure(client, credential)
        raise ApiError(20003)

    async def present_device(self, token: str, devices: Devices, client: str = "") -> PresentDevice:
        """The device whose token it is; ApiError as `present`."""
        # No key is called so: it is barred where everything is. Counted as any other token is then.
        if await self._frozen.bars(DEVICE_NAME):
            self._count_failure(client)
            raise ApiError(20003)
        try:
            return await devices.present(token)
        except KeyRefusedError:
            self._count_failure(client)
            raise ApiError(20003) from None

    def _count_failure(self, client: str, credential: CredentialRow | None = None) -> None:
        source = _network(client)
        within = self._failures_of_address.count(source) if source else True
        if credential is not None:
            within = self._failures.count(credential.account) and within
        if not within:
            message = "Too many failed logins. Try again later."
            raise TooManyRequestsError(f"sign-ins from {source}", message=message, cause="sign_ins")

    async def reach(self, presented: Presented, sid: str) -> AccountRow:
        """The account of a path: the caller's own or its subaccount.

        ApiError 20404 otherwise, whether there is such an account or not.
        """
        if sid == presented.account.sid:
            return presented.account
        account = await self._store.account(sid) if is_sid(sid, "AC") else None
        if account is None or account.parent != presented.account.sid:
            raise ApiError(20404)
        return account

    async def _parent_is_active(self, account: AccountRow) -> bool:
        if account.parent is None:
            return True
        parent = await self._store.account(account.parent)
        return parent is not None and parent.status == "active"


def _basic(header: bytes | None) -> tuple[str, str]:
    """User name and secret (RFC 7617); ApiError 20003 for anything else."""
    if header is None or len(header) > MAX_HEADER_BYTES or header[:6].lower() != b"basic ":
        raise ApiError(20003)
    try:
        decoded = binascii.a2b_base64(header[6:].strip(), strict_mode=True)
    except binascii.Error:
        raise ApiError(20003) from None
    name, colon, secret = decoded.partition(b":")
    if not colon or not decoded.isascii():
        raise ApiError(20003)
    return name.decode(), secret.decode()


def device_token(header: bytes | None) -> str | None:
    """The token of a request that a device signs; None for any other."""
    if header is None or len(header) > MAX_TOKEN_HEADER_BYTES or header[:6].lower() != b"basic ":
        return None
    try:
        decoded = binascii.a2b_base64(header[6:].strip(), strict_mode=True)
    except binascii.Error:
        return None
    name, colon, token = decoded.partition(b":")
    return token.decode() if colon and name.decode("latin-1") == DEVICE_NAME and token.isascii() else None


def _network(client: str) -> str:
    """What counts as one client: an IPv4 address, or the 64 bits of an IPv6 address that its owner is given."""
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return ""
    if address.version == 4:
        return client
    mapped = address.ipv4_mapped
    return str(mapped) if mapped is not None else str(ipaddress.ip_network((address, 64), strict=False))
