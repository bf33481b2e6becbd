"""Everybody who may ask the API: by which credential, and whose."""

from typing import Any, NamedTuple

from msgspec.structs import replace
from tests.api.factor_recipes import IDENTITY
from tests.api.push_device import Telephone
from tests.authorisation.asking import basic

from ringfence.domain.sid import new_sid
from ringfence.ports.freezes import FreezeRow

REFUSED = frozenset({401})
ABSENT = frozenset({404})


class Role(NamedTuple):
    """`at_anothers` are the answers it may have for another's account or things.

    `account` is its own, where it has one that is open: there it may list, and make what has no name yet. `knows` is
    what of the victim's it may be shown, as its subaccount is told whose it is.
    """

    name: str
    authorization: bytes | None
    at_anothers: frozenset[int]
    account: str = ""
    knows: tuple[str, ...] = ()

    @property
    def is_key(self) -> bool:
        return "key" in self.name


class Cast:
    """The roles, with credentials that really sign in where they should."""

    def __init__(self, installation: Any, victim: Any) -> None:
        self.installation = installation
        self.victim = victim
        other = victim.other
        client = victim.tenant.client()
        as_child = victim.tenant.client(victim.child.sid, victim.child.auth_token, victim.child.sid)
        child_key = as_child.new_keys.create()
        other_key = victim.strangers["another tenant's key"]
        revoked = client.new_keys.create()
        client.keys(revoked.sid).delete()
        self.own_device = Telephone.verified(victim.tenant, victim.verify["Services"], "device-of-the-owl")
        their_service = other.client().verify.v2.services.create(friendly_name="theirs").sid
        self.other_device = Telephone.verified(other, their_service, IDENTITY)
        frozen = self._frozen()
        frozen_key, elsewhere, canary = (client.new_keys.create() for _ in range(3))
        taken_back = self._limited(frozen_key.sid, elsewhere.sid, canary.sid)
        child = victim.child
        self.of_its_parent = of_its_parent = (victim.tenant.sid, child.friendly_name, victim.sibling.friendly_name)
        self.strangers = [
            Role("nobody", None, REFUSED),
            Role("a broken header", b"Basic !!!", REFUSED),
            Role("a bearer token", b"Bearer " + b"x" * 43, REFUSED),
            Role("an unknown account", basic(new_sid("AC"), "0" * 32), REFUSED),
            Role("a revoked key of its own", basic(revoked.sid, revoked.secret), REFUSED),
            Role("another's secret under its name", basic(victim.tenant.sid, other.token), REFUSED),
            Role("its key's secret under its account's name", basic(victim.tenant.sid, victim.key.secret), REFUSED),
            Role("its Auth Token under its key's name", basic(victim.key.sid, victim.tenant.token), REFUSED),
            Role("a frozen key of its own", basic(frozen_key.sid, frozen_key.secret), REFUSED),
            Role("a key of its own from elsewhere", basic(elsewhere.sid, elsewhere.secret), REFUSED),
            Role("a canary of its own", basic(canary.sid, canary.secret), REFUSED),
            Role("a second Auth Token that was taken back", basic(victim.tenant.sid, taken_back), REFUSED),
            Role("a suspended account", basic(*frozen["suspended"]), REFUSED),
            Role("a suspended account's key", basic(*frozen["suspended's key"]), REFUSED),
            Role("the subaccount of a suspended one", basic(*frozen["child of suspended"]), REFUSED),
            Role("a closed account", basic(*frozen["closed"]), REFUSED),
            Role("another tenant", basic(other.sid, other.token), ABSENT, other.sid),
            Role("another tenant's key", basic(*other_key), ABSENT, other.sid),
            Role("its subaccount", basic(child.sid, child.auth_token), ABSENT, child.sid, of_its_parent),
            Role("its subaccount's key", basic(child_key.sid, child_key.secret), ABSENT, child.sid, of_its_parent),
            Role(
                "another of its subaccounts",
                basic(victim.sibling.sid, victim.sibling.auth_token),
                ABSENT,
                victim.sibling.sid,
                of_its_parent,
            ),
        ]
        self.key = basic(victim.key.sid, victim.key.secret)
        self.parent = basic(victim.tenant.sid, victim.tenant.token)

    def device(self, telephone: Telephone) -> bytes:
        """A login of now: a device's token lives for minutes."""
        return basic("token", telephone.login(telephone.tenant.sid, telephone.service, telephone.factor))

    def _limited(self, frozen: str, elsewhere: str, canary: str) -> str:
        """What was done to three keys, and a secondary Auth Token that signs in no more."""
        store, tenant = self.installation.store, self.victim.tenant

        async def work() -> None:
            await store.put_freeze(FreezeRow(kind="key", name=frozen, at_ms=0))
            await store.restrict_credential(
                tenant.sid, elsewhere, policy="", networks="192.0.2.0/24", canary=False, at_ms=0
            )
            await store.restrict_credential(tenant.sid, canary, policy="", networks="", canary=True, at_ms=0)

        self.installation.run(work())
        client = tenant.client()
        client.accounts.base_url = f"{self.installation.url}/accounts"
        token = str(client.accounts.v1.secondary_auth_token().create().secondary_auth_token)
        client.accounts.v1.secondary_auth_token().delete()
        return token

    def _frozen(self) -> dict[str, tuple[str, str]]:
        tenant = self.installation.new_tenant()
        client = tenant.client()
        key = client.new_keys.create()
        child = client.api.accounts.create()
        closed = client.api.accounts.create()
        client.api.accounts(closed.sid).update(status="closed")
        store = self.installation.store

        async def suspend() -> None:
            row = await store.account(tenant.sid)
            await store.update_account(replace(row, status="suspended"), was=row.status)

        self.installation.run(suspend())
        return {
            "suspended": (tenant.sid, tenant.token),
            "suspended's key": (key.sid, key.secret),
            "child of suspended": (child.sid, child.auth_token),
            "closed": (closed.sid, closed.auth_token),
        }
