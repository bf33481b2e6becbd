"""D24B: the attacker has the browser of a member of staff, and gives customers and members factors of his own.

In 2022 that is how 93 users of an authenticator came by a second device: added from inside, without a word to them.
What counts is each tenant of whom a factor, a device, a passkey, a member, a slot or a link is there that was not.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import Mapping
from urllib.parse import quote, urlencode

import msgspec

from ringfence.domain.verify_service import VerifyService
from ringfence.drills.design import Design
from ringfence.drills.drill import Drill
from ringfence.drills.kept_http import KeptHttp
from ringfence.drills.report import Finding
from ringfence.drills.seeded_copy import Tenant
from ringfence.drills.staff_attack import METHODS, VARIABLE, Rows, StaffAttack, api_routes, played
from ringfence.drills.staff_browser import PasskeyInSoftware
from ringfence.roles.settings import Settings

DRILL, TITLE = "D24B", "factors, passkeys and members that staff add to their customers'"
# Where what lets somebody in is kept, and by which column a tenant's is known.
_KEPT = {
    "ringfence.db": {"verify_factor": "account", "credential": "account"},
    "kms/kms.db": {"slot": "account", "sealer": "account", "device_key": "account", "console_link": "account"},
    "console/console.db": {"member": "account", "passkey": "account"},
}
# Words of operations that make something which lets somebody in.
_MAKING = ("Factor", "Entit", "AccessToken", "Key", "Token", "Credential", "Challenge")


def staff_adding(design: Design, tenants: int, database: str = "") -> Finding:
    """Each tenant has a customer with an app; what there is afterwards is counted. The store is SQLite."""

    async def attack(one: StaffAttack) -> tuple[int, Rows]:
        customers = {tenant.sid: await _enrolled(one, tenant) for tenant in one.copy.tenants}
        before, ceremonies = _kept(one.settings), 0
        for n, tenant in enumerate(one.copy.tenants):
            form = await _form(one, customers[tenant.sid])
            ceremonies += "ceremony" in form
            await _add(one, tenant, customers[tenant.sid], form, every_operation=n == 0)
        after = _kept(one.settings)
        added = {what: after[what] - before.get(what, 0) for what in after}
        reached = {sid for (sid, _), more in added.items() if more and sid in customers}
        kinds = sorted({kind for (sid, kind), more in added.items() if more and sid in customers})
        return len(reached), (
            ("kinds added", ", ".join(kinds) or "none"),
            ("passkeys of staff's own ceremonies, shown to all routes", f"{ceremonies}"),
            ("requests", f"{one.asked}"),
        )

    return played(design, tenants, DRILL, attack)


async def _enrolled(one: StaffAttack, tenant: Tenant) -> Mapping[str, str]:
    """A customer of the tenant's with an app; all names that staff may have heard of him."""
    service = await one.copy.verify_service(tenant, VerifyService(friendly_name="Shop"))
    identity = f"customer-{tenant.sid[-8:]}"
    factor = await one.copy.add_app(tenant, service.sid, identity)
    return {"ServiceSid": service.sid, "Identity": identity, "FactorSid": factor, "account": tenant.sid}


async def _add(
    one: StaffAttack,
    tenant: Tenant,
    customer: Mapping[str, str],
    form: Mapping[str, object],
    *,
    every_operation: bool,
) -> None:
    bodies = (
        (msgspec.json.encode(form), "application/json"),
        (urlencode({name: value for name, value in form.items() if isinstance(value, str)}).encode(), _FORM),
    )
    names = dict.fromkeys((tenant.customer, *customer.values()))
    places = {VARIABLE.sub(quote(name), path) for way, path in one.browser.routes if way == "POST" for name in names}
    await asyncio.gather(
        *(
            one.ask(method, path, body, kind)
            for path in sorted(places)
            for method in (METHODS if every_operation else METHODS[:1])
            for body, kind in bodies
            if "sign-out" not in path
        )
    )
    async with KeptHttp(one.settings.port) as http:
        for method, path in api_routes():
            if method == "POST" and (every_operation or "/Factors" in path) and any(word in path for word in _MAKING):
                where = path.replace("{AccountSid}", tenant.sid).replace("{ServiceSid}", customer["ServiceSid"])
                where = VARIABLE.sub(customer["Identity"], where)
                await http.ask("POST", where, _FACTOR, basic=one.browser.credential)
                one.asked += 1


_FORM = "application/x-www-form-urlencoded"
_FACTOR = {"FactorType": "totp", "FriendlyName": "An app", "Binding.Secret": "A" * 32}


async def _form(one: StaffAttack, customer: Mapping[str, str]) -> Mapping[str, object]:
    """What an app, a device, a passkey or a member would be made with: the passkey of a ceremony begun by staff."""
    begun = await one.ask("POST", "/passkeys/options", b"{}")
    ceremony: Mapping[str, object] = {}
    with contextlib.suppress(msgspec.DecodeError, KeyError):
        asked = msgspec.json.decode(begun.partition(b"\n\n")[2].partition(b"\n")[0])
        ceremony = {
            "ceremony": asked["ceremony"],
            "answer": PasskeyInSoftware().create(asked["options"], one.settings.tenant_origin),
        }
    slot = {"public": "A" * 43, "boxes": {}, "proof": "A" * 43}
    named = {"name": "Mallory", "member": customer["Identity"], "person": customer["Identity"]}
    return {**customer, **_FACTOR, **named, **ceremony, "slot": slot, "link": "KL" + "a" * 32}


def _kept(settings: Settings) -> Mapping[tuple[str, str], int]:
    """How many rows there are, by tenant and kind."""
    counts: dict[tuple[str, str], int] = {}
    for file, tables in _KEPT.items():
        if not (place := settings.data_dir / file).exists():
            continue
        with contextlib.closing(sqlite3.connect(place)) as database:
            known = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            for table, column in tables.items():
                if table in known:
                    rows = database.execute(f"SELECT {column}, count(*) FROM {table} GROUP BY 1")  # noqa: S608 - constants
                    counts |= {(sid, table): count for sid, count in rows}
    return counts


DRILLS = (Drill(name=DRILL, title=TITLE, play=staff_adding, tenants=1_000),)
