"""D03B: members come through their organisation's provider, and an attacker with what phishing brings in from there.

That is the password and the code of the provider, an answer that a browser came back with, tokens, cookies, an account
of the attacker's own: each is used as it was meant, and sent to every route that is open. None may let anybody in.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from ringfence.drills.design import Design
from ringfence.drills.door_trying import USUAL_PATHS, Way, lets_in, requests_of, shows
from ringfence.drills.drill import Drill
from ringfence.drills.member_door import ACCOUNT, BEGIN, CLIENT, FINISH, PERSON, MemberDoor
from ringfence.drills.openid_provider import OpenIdProvider, signed, unsigned
from ringfence.drills.report import Finding
from ringfence.drills.staff_browser import StaffBrowser

DRILL: Final = "D03B"
TITLE: Final = "members' sign-ins through a provider, with all that phishing brings in"
METHODS: Final = ("GET", "POST")
Came = dict[str, str]


class Attacker:
    """Has a browser of his own, and what came back to the victim's."""

    def __init__(self, door: MemberDoor) -> None:
        self.door = door
        self.mine = self._browser()
        self.victims = self._browser()

    async def came(self, browser: StaffBrowser, provider: OpenIdProvider | None = None) -> Came:
        """What that browser comes back with from the provider, where somebody signed in as the provider's set to."""
        begun = await browser.ask("POST", BEGIN, {"account": ACCOUNT, "key": browser.key.jwk}, signed=False)
        return (provider or self.door.provider).authorize(begun.json()["address"])

    async def finish(self, came: Came) -> None:
        """In the attacker's browser."""
        await self.mine.ask("POST", FINISH, dict(came), signed=False)

    def _browser(self) -> StaffBrowser:
        return StaffBrowser(self.door.app, self.door.origin, self.door.clock.now_ms)


async def password_and_code(it: Attacker) -> Way:
    """Typed into the provider's own page."""
    it.door.provider.claims = lambda claims: claims.update(amr=["pwd", "otp", "mfa"])
    came = await it.came(it.mine)
    await it.finish(came)
    return Way(name="", values=came | {"username": PERSON, "password": "x" * 12})


async def anothers_answer(it: Attacker) -> Way:
    """Code and state from the address that the victim's browser came back to."""
    came = await it.came(it.victims)
    await it.came(it.mine)
    await it.finish(came)
    return Way(name="", values=came)


async def anothers_code(it: Attacker) -> Way:
    """The victim's code, with the state that the attacker's browser began with."""
    code = (await it.came(it.victims))["code"]
    came = {**await it.came(it.mine), "code": code}
    await it.finish(came)
    return Way(name="", values=came)


async def finished_sign_in(it: Attacker) -> Way:
    """Everything that a sign-in of the victim's sent and got, with its cookie."""
    came = await it.came(it.victims)
    await it.victims.ask("POST", FINISH, dict(came), signed=False)
    it.mine.cookie = it.victims.cookie
    return Way(name="", values=came, headers={"cookie": it.victims.cookie})


async def own_account(it: Attacker) -> Way:
    """At that provider, in hardware, and with the victim's address of mail for a name."""
    it.door.provider.subject = "eve"
    it.door.provider.claims = lambda claims: claims.update(email=f"{PERSON}@acme.example")
    came = await it.came(it.mine)
    await it.finish(came)
    return Way(name="", values=came)


async def own_provider(it: Attacker) -> Way:
    """A provider that says that the attacker is the victim, and its name beside the code."""
    came = await it.came(it.mine, it.door.others)
    await it.finish(came)
    return Way(name="", values=came)


async def leaked_token(it: Attacker) -> Way:
    """The victim's ID token for this very client, out of somebody's log."""
    return _token(it.door.provider.id_token(CLIENT, "n"))


async def anothers_token(it: Attacker) -> Way:
    """The victim's ID token for a shop of the attacker's, that the victim signed in to."""
    return _token(it.door.provider.id_token("a-shop", "n"))


async def unsigned_token(it: Attacker) -> Way:
    it.door.provider.sign = unsigned
    return _token(it.door.provider.id_token(CLIENT, "n"))


async def self_signed_token(it: Attacker) -> Way:
    key = ec.generate_private_key(ec.SECP256R1())
    it.door.provider.sign = lambda claims: signed(claims, key)
    return _token(it.door.provider.id_token(CLIENT, "n"))


async def logout_token(it: Attacker) -> Way:
    """What the provider says of somebody who left, in the place of somebody who came."""
    return _token(it.door.provider.logout_token(CLIENT))


WAYS: Final[Mapping[str, Callable[[Attacker], Awaitable[Way]]]] = {
    "the provider's password and code": password_and_code,
    "an answer of the victim's": anothers_answer,
    "a code of the victim's, put to the attacker's own beginning": anothers_code,
    "a finished sign-in with its cookie": finished_sign_in,
    "the attacker's own account, with the victim's mail address": own_account,
    "the attacker's own provider": own_provider,
    "the victim's ID token": leaked_token,
    "the victim's ID token for another client": anothers_token,
    "an ID token without a signature": unsigned_token,
    "an ID token that the attacker signed": self_signed_token,
    "a logout token": logout_token,
}
TOTAL: Final = len(WAYS)


def missing() -> str:
    """What is lacking here."""
    return "" if find_spec("joserfc") else "ringfence[sso], by which members come through a provider"


def provider_hunt(design: Design, tenants: int, database: str = "") -> Finding:
    """Try so many ways. Counted are those after which the attacker has seen a page for members."""
    began = time.perf_counter()
    names = list(WAYS)[:tenants]
    opened, asked, comes = asyncio.run(_hunt(design, names))
    return Finding(
        drill=DRILL,
        design=design.name,
        tenants=len(names),
        reached=opened,
        seconds=time.perf_counter() - began,
        proves=comes,
        rows=(("requests", f"{asked}"), ("the member themselves comes in", "yes" if comes else "no")),
    )


async def _hunt(design: Design, names: Sequence[str]) -> tuple[int, int, bool]:
    opened = asked = 0
    with tempfile.TemporaryDirectory() as folder:
        async with design.member_door(Path(folder)) as door:
            comes = await _comes(door)
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            async with design.member_door(Path(folder)) as door:
                it = Attacker(door)
                way = await WAYS[name](it)
                paths = sorted({*door.open_paths, *USUAL_PATHS})
                seen = shows(door, await it.mine.page(door.inside))
                for request in requests_of(door, way, it.mine.key, paths, METHODS):
                    asked += 1
                    seen = seen or await lets_in(door, request, it.mine.key)
        opened += seen
    return opened, asked, comes


async def _comes(door: MemberDoor) -> bool:
    """Whether whom the door is for comes in: one that lets nobody in shows nothing."""
    it = Attacker(door)
    await it.finish(await it.came(it.mine))
    return shows(door, await it.mine.page(door.inside))


def _token(token: str) -> Way:
    """Wherever one might be taken."""
    values = dict.fromkeys(("id_token", "token", "assertion", "logout_token"), token)
    return Way(name="", values=values, headers={"authorization": f"Bearer {token}"})


DRILLS = (
    Drill(
        name=DRILL,
        title=TITLE,
        play=provider_hunt,
        tenants=TOTAL,
        missing=missing,
        each="ways",
    ),
)
