"""The operator's pages: metadata, a page at a time, and each look at a tenant in that tenant's ledger."""

import re
from typing import Any

import pytest

from ringfence.domain.carrier_trail import CarrierStep, Kind, encode_step
from ringfence.domain.message import Direction, Status
from ringfence.ports.process_states import ProcessState
from ringfence.ports.store import AccountRow, CredentialRow, MessageRow, Outcome

ACCOUNT, OTHER = "AC" + "a" * 32, "AC" + "b" * 32
SHOP, REMOTE, BODY = "+12025550123", "+12025550177", "Your code is 123456"


def account(sid: str, now_ms: int, parent: str | None = None) -> tuple[AccountRow, CredentialRow]:
    made = {"created_ms": now_ms, "updated_ms": now_ms}
    row = AccountRow(sid=sid, tenant=parent or sid, parent=parent, friendly_name="Fade & Co", **made)
    return row, CredentialRow(account=sid, sid=sid, kind="auth_token", verifier=b"v", hmac_states=b"s", **made)


def text(sid: str, now_ms: int, **more: Any) -> MessageRow:
    fields: dict[str, Any] = {
        "account": ACCOUNT,
        "sid": sid,
        "direction": Direction.OUTBOUND_API,
        "status": Status.SENT,
        "local": SHOP,
        "remote_index": REMOTE.encode(),
        "remote_region": "US",
        "epoch": 1,
        "content": f"{REMOTE} {BODY}".encode(),
        "num_segments": 1,
        "created_ms": now_ms,
        "updated_ms": now_ms,
    }
    return MessageRow(**{**fields, **more})


async def filled(it: Any) -> None:
    now_ms = it.clock.now_ms()
    await it.store.create_account(*account(ACCOUNT, now_ms))
    for n in range(51):
        await it.store.accept(text(f"SM{n:032x}", now_ms + n))
    step = CarrierStep(
        kind=Kind.RECEIPT,
        at_ms=now_ms,
        heard_ms=now_ms,
        status=Status.UNDELIVERED,
        error_code=30003,
        raw="stat:UNDELIV err:27",
    )
    outcome = Outcome(
        account=ACCOUNT,
        sid=f"SM{50:032x}",
        status=Status.UNDELIVERED,
        at_ms=now_ms,
        error_code=30003,
        trail=encode_step(step),
    )
    await it.store.acknowledge(None, [outcome])


def test_support_sees_metadata_of_texts_a_page_at_a_time_and_no_content(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            await filled(it)
            ada = await it.first()
            first = (await ada.page(f"/tenants/{ACCOUNT}/texts")).text
            shown = re.findall(r"<code>(SM\w+)</code>", first)
            assert shown == [f"SM{n:032x}" for n in range(50, 0, -1)]
            assert all(part in first for part in ("stat:UNDELIV err:27", "30003", "undelivered", "US", SHOP))
            older = re.search(r'href="(\?before=\w+)"', first)
            assert older is not None
            second = (await ada.page(f"/tenants/{ACCOUNT}/texts{older[1]}")).text
            assert re.findall(r"<code>(SM\w+)</code>", second) == [f"SM{0:032x}"]
            detail = (await ada.page(f"/tenants/{ACCOUNT}/texts/SM{50:032x}")).text
            assert "stat:UNDELIV err:27" in detail
            assert all(part not in first + second + detail for part in (REMOTE, REMOTE[1:], BODY, "123456"))

    run(scene())


@pytest.mark.parametrize("path", ["", "/texts", "/calls", "/codes"])
def test_each_look_at_a_tenant_stands_in_that_tenants_ledger_first(run: Any, stand: Any, path: str) -> None:
    async def scene() -> None:
        async with stand() as it:
            await filled(it)
            ada = await it.first()
            assert (await ada.page(f"/tenants/{ACCOUNT}{path}")).status_code == 200
            last = it.ledger.entries[-1]
            assert (last.account, last.actor[:6], last.verb) == (ACCOUNT, "staff:", "note.look")
            assert last.scope[1:] == (path.strip("/") or "overview",)
            it.ledger.full = True
            refused = await ada.page(f"/tenants/{ACCOUNT}{path}")
            assert (refused.status_code, SHOP in refused.text) == (503, False)

    run(scene())


def shown(page: Any) -> str:
    """A page, whether or not it can be followed."""
    return re.sub(r'<script type="module" src="/assets/live.js"></script>| data-version="\w+"', "", page.text)


@pytest.mark.parametrize(
    "query", ["?To=%2B12025550177", "?from=%2B12025550123", "?q=12025550177", "?before=%2B12025550177", "?Body=code"]
)
def test_no_page_can_be_asked_for_a_number(run: Any, stand: Any, query: str) -> None:
    async def scene() -> None:
        async with stand() as it:
            await filled(it)
            ada = await it.first()
            for path in ("/tenants", f"/tenants/{ACCOUNT}/texts"):
                plain, asked = [shown(await ada.page(each)) for each in (path, path + query)]
                assert plain == asked

    run(scene())


def test_tenants_are_listed_with_their_subaccounts_and_unknown_ones_are_not_found(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            await filled(it)
            await it.store.create_account(*account(OTHER, it.clock.now_ms(), parent=ACCOUNT))
            ada = await it.first()
            listed = (await ada.page("/tenants")).text
            assert (ACCOUNT in listed, OTHER in listed, "Fade &amp; Co" in listed) == (True, False, True)
            tenant = (await ada.page(f"/tenants/{ACCOUNT}")).text
            assert OTHER in tenant
            assert re.search(r"outbound-api</td><td>sent</td><td class=\"number\">50<", tenant)
            for path in (f"/tenants/AC{'c' * 32}", "/tenants/nobody", f"/tenants/{ACCOUNT}/texts/SM1"):
                assert (await ada.page(path)).status_code == 404

    run(scene())


def test_the_overview_tells_what_waits_and_who_does_not_answer(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            it.processes = [ProcessState(name="kms", answers=True), ProcessState(name="voice", answers=False)]
            now_ms = it.clock.now_ms()
            queued = text("SM" + "1" * 32, now_ms, status=Status.QUEUED, carrier="simulator", due_ms=now_ms)
            await it.store.accept(queued)
            ada = await it.first()
            it.clock.advance(7_000)
            shown = (await ada.page("/")).text
            assert re.search(r"<dt>kms</dt><dd>answers", shown)
            assert re.search(r'<dt>voice</dt><dd class="bad">does not answer', shown)
            assert re.search(r"<dt>texts to send</dt><dd>1<", shown)
            assert re.search(r"due for</dt><dd>7 s<", shown)

    run(scene())
