"""A member shares a text by a press: what the console carries is sealed, and the ledger says who of staff opened it."""

import os
from typing import Any

from tests.unit.console.test_grant_scopes import CA, RE, call, recording
from tests.unit.console.test_members import AC, OTHER, TOKEN, Member, account, enrolled, text

from ringfence.console.grant_book import GrantBook
from ringfence.console.tenant.member_rows import members_of
from ringfence.domain.access.grant import Grant, GrantState
from ringfence.domain.access.scope import Scope
from ringfence.domain.base64url import decode_base64url, encode_base64url
from ringfence.domain.sealing import hpke
from ringfence.domain.sealing.content import open_content_with
from ringfence.domain.sealing.epoch import open_epoch_key
from ringfence.domain.sealing.grant import GrantBinding, SealedGrant, open_grant, seal_grant
from ringfence.domain.sealing.record import EpochRecords
from ringfence.domain.sealing.slots import ContentKey, slot_seed
from ringfence.ports.keys import Caller

SM = f"SM{1:032x}"
HOUR_MS = 3_600_000
CODE = hpke.Recipient(os.urandom(32), hybrid=True)


async def sealed(it: Any, owner: Member, bound: dict[str, Any]) -> tuple[GrantBinding, dict[str, Any]]:
    """What the owner's frame makes of a grant that the console began."""
    page = (await owner.ask("POST", f"/texts/{SM}/sealed", {"credential": owner.opened_by})).json()
    hour = page["record"]["epoch"]
    ((number, box),) = page["epochs"][str(hour)]
    content = ContentKey(AC, number, owner.content[number])
    opened = open_epoch_key(decode_base64url(box), content.recipient, AC, hour)
    binding = GrantBinding(
        grant=bound["sid"],
        account=bound["account"],
        staff=bound["staff"],
        session=bound["session"],
        public=CODE.public,
        expires_ms=it.clock.now_ms() + HOUR_MS,
    )
    made = seal_grant(binding, {SM: EpochRecords(opened).key(SM)}, await it.keys.grant_keeper())
    given = {
        "record": SM,
        "public": encode_base64url(CODE.public),
        "minutes": 60,
        "expires_ms": binding.expires_ms,
        "lid": encode_base64url(made.lid),
        "box": encode_base64url(made.boxes[SM]),
    }
    return binding, given


async def scene(it: Any) -> tuple[Member, Any]:
    """A text, whose account's owner shares it, and Ada of staff."""
    caller = await account(it)
    owner = await enrolled(it, caller)
    await text(it, caller, "the owl flies at nine")
    return owner, await it.first()


async def begun(owner: Member) -> dict[str, Any]:
    answer = await owner.ask("POST", "/shared", {"record": SM})
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["grant"])


def test_what_is_shared_opens_by_the_code_and_is_kept_as_it_was_shared(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as it:
            owner, ada = await scene(it)
            bound = await begun(owner)
            assert bound == {"sid": bound["sid"], "account": AC, "staff": "shared", "session": "shared", "names": [SM]}
            binding, given = await sealed(it, owner, bound)
            shared = await owner.ask("POST", f"/shared/{bound['sid']}", given)
            assert shared.status_code == 200, shared.text
            (member,) = await it.storage.run(lambda db: members_of(db, AC))
            kept = await GrantBook(it.storage).grant(bound["sid"])
            assert kept == Grant(
                sid=bound["sid"],
                tenant=AC,
                account=AC,
                staff="shared",
                session="shared",
                public=CODE.public,
                committed=b"",
                scope=Scope(records=(SM,)),
                reason="Shared by a member of the account.",
                minutes=60,
                asked_ms=it.clock.now_ms(),
                state=GrantState.APPROVED,
                approver=member.id,
                expires_ms=binding.expires_ms,
                approved_ms=it.clock.now_ms(),
            )

            read = (await ada.ask("POST", f"/shared/{bound['sid']}", {})).json()
            made = SealedGrant(lid=decode_base64url(read["lid"]), boxes={SM: decode_base64url(read["box"])})
            key = open_grant(binding, made, CODE)[SM]
            content = open_content_with(key, AC, SM, decode_base64url(read["record"]["content"]))
            assert content.body == "the owl flies at nine"
            assert {"trail", "told"} <= read.keys()
            assert it.noted[-1] == ("staff", "grant_open")
            assert "whoever of staff has its code" in (await owner.page("/grants")).text
            assert "whoever has its code" in (await ada.page("/grants")).text

            # Whoever has it on their screen hears when it ends, and gets none of it where they have no code for it.
            at = f"/grants/{bound['sid']}"
            assert (await ada.ask("GET", at)).json()["grant"]["state"] == "approved"
            assert (await ada.ask("POST", f"{at}/read", {})).status_code == 404
            assert (await owner.ask("POST", f"{at}/end")).status_code == 200
            assert (await ada.ask("GET", at)).json()["grant"]["state"] == "revoked"
            assert (await ada.ask("POST", f"/shared/{bound['sid']}", {})).status_code == 409

    run(story())


def test_what_there_is_not_and_what_is_no_timeline_is_not_shared(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as it:
            owner, ada = await scene(it)
            caller = Caller(account=AC, credential=AC, seed=slot_seed(TOKEN, AC))
            await call(it, caller)
            await recording(it, caller)
            for record, status in ((f"SM{9:032x}", 404), ("nonsense", 404), (RE, 200), (CA, 200)):
                assert (await owner.ask("POST", "/shared", {"record": record})).status_code == status, record
            bound = await begun(owner)
            _, given = await sealed(it, owner, bound)
            for changed, status in (
                ({"record": RE}, 409),
                ({"minutes": 481}, 409),
                ({"minutes": 30}, 409),
                ({"public": "AAAA"}, 409),
                ({"public": "!"}, 400),
                ({"lid": given["box"]}, 409),
            ):
                answer = await owner.ask("POST", f"/shared/{bound['sid']}", given | changed)
                assert answer.status_code == status, (changed, answer.text)
            assert (await owner.ask("POST", "/shared/GR1", given)).status_code == 404
            assert (await ada.ask("POST", f"/shared/GR{9:032x}", {})).status_code == 404

    run(story())


def test_a_reader_shares_nothing_and_sees_no_button(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as it:
            caller = await account(it)
            owner = await enrolled(it, caller)
            it.clock.advance(1)
            reader = await enrolled(it, caller)
            await text(it, caller, "the owl flies at nine")
            assert "Share with support" in (await owner.page(f"/texts/{SM}")).text
            assert "Share with support" not in (await reader.page(f"/texts/{SM}")).text
            assert (await reader.ask("POST", "/shared", {"record": SM})).status_code == 403
            assert (await reader.ask("POST", f"/shared/GR{1:032x}", {})).status_code == 403

    run(story())


def test_another_accounts_record_is_nobodys_to_share(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as it:
            caller = await account(it)
            await text(it, caller, "the owl flies at nine")
            stranger = await enrolled(it, await account(it, OTHER))
            assert (await stranger.ask("POST", "/shared", {"record": SM})).status_code == 404

    run(story())
