"""Grants in the key service: kept once, handed to one session until they end, in the ledger before, erased after."""

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ringfence.domain.access.grant import SHARED
from ringfence.domain.access.scope import RECORD_KINDS, epoch_name
from ringfence.domain.sealing import hpke
from ringfence.domain.sealing.epoch import HOUR_MS, first_epoch
from ringfence.domain.sealing.grant import GrantBinding, open_grant, seal_grant
from ringfence.ipc.client import Client
from ringfence.kms.client import ConsoleKeyClient
from ringfence.kms.server import serve_console_keys
from ringfence.ports.grants import BOXES_AT_ONCE, KeptGrant
from ringfence.ports.keys import KeyRefusedError
from unit.kms.conftest import Credential

MINUTE_MS = 60_000
SESSION = hpke.Recipient(b"\x07" * 32, hybrid=True)
SM1, SM2, SM3 = ("SM" + digit * 32 for digit in "123")
KEYS = {SM1: b"\x01" * 32, SM2: b"\x02" * 32}
GR, SUBJECTS = "GR" + "1" * 32, ("session:e1", "grant:GR" + "1" * 32)


def unkept(account: str, at_noon: Any, keeper: bytes) -> KeptGrant:
    bound = GrantBinding(
        grant=GR,
        account=account,
        staff="s1",
        session="e1",
        public=SESSION.public,
        expires_ms=at_noon.now_ms() + 30 * MINUTE_MS,
    )
    return KeptGrant(binding=bound, sealed=seal_grant(bound, KEYS, keeper), approver="m1")


@pytest.fixture
def scene(run: Any, service_at: Any, account: str, token: Any, ledger: Any, at_noon: Any) -> Any:
    """Runs a scene on a service that has the account, with a grant that is not kept yet."""

    def play(body: Any) -> None:
        async def whole() -> None:
            async with service_at() as service:
                await service.create_account(account, [token.slot])
                ledger.entries.clear()
                await body(service, unkept(account, at_noon, await service.grant_keeper()))

        run(whole())

    return play


def told(ledger: Any) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(entry.actor, entry.verb, entry.scope) for entry in ledger.entries]


def test_what_was_kept_opens_for_its_session_and_the_ledger_says_so_first(
    scene: Any, ledger: Any, account: str
) -> None:
    async def body(service: Any, kept: KeptGrant) -> None:
        await service.keep_grant(kept)
        assert told(ledger) == [("member:m1", "grant.keep", (*SUBJECTS, SM1, SM2))]
        boxes = await service.grant_boxes(GR, "e1", [SM2])
        assert open_grant(kept.binding, boxes, SESSION) == {SM2: KEYS[SM2]}
        assert told(ledger)[1:] == [("staff:s1", "grant_open", (*SUBJECTS, SM2))]
        assert {entry.account for entry in ledger.entries} == {account}

    scene(body)


def test_what_a_member_shared_is_handed_to_whoever_opens_it_who_is_in_the_ledger(scene: Any, ledger: Any) -> None:
    async def body(service: Any, kept: KeptGrant) -> None:
        bound = replace(kept.binding, staff=SHARED, session=SHARED)
        keys = {SM1: KEYS[SM1]}
        sealed = seal_grant(bound, keys, await service.grant_keeper())
        await service.keep_grant(KeptGrant(binding=bound, sealed=sealed, approver="m1"))
        (cs1, cs2, cs3), (st1, st2, st3) = ([kind + digit * 32 for digit in "123"] for kind in ("CS", "ST"))
        for session, staff in ((cs1, st1), (cs2, st2)):
            boxes = await service.grant_boxes(GR, session, [SM1], staff)
            assert open_grant(bound, boxes, SESSION) == keys
        # Who it is must be said, and in which session; another name is in none of it.
        for session, staff in ((cs2, ""), (cs2, SHARED), (SHARED, st2), (SHARED, SHARED), (st2, cs2), ("CS2", st2)):
            with pytest.raises(ValueError, match="member of staff"):
                await service.grant_boxes(GR, session, [SM1], staff)
        with pytest.raises(KeyRefusedError):
            await service.grant_boxes(GR, cs3, [SM2], st3)
        await service.end_grant(GR, "member:m1")
        with pytest.raises(KeyRefusedError):
            await service.grant_boxes(GR, cs2, [SM1], st2)
        entries = told(ledger)
        assert [entry for entry in entries if not entry[1].startswith("refused.")] == [
            ("member:m1", "grant.keep", ("session:shared", f"grant:{GR}", SM1)),
            (f"staff:{st1}", "grant_open", (f"session:{cs1}", f"grant:{GR}", SM1)),
            (f"staff:{st2}", "grant_open", (f"session:{cs2}", f"grant:{GR}", SM1)),
            ("member:m1", "grant.end", ("session:shared", f"grant:{GR}")),
        ]

    scene(body)


def test_nothing_is_shared_but_one_text_or_call_and_with_nobody_by_name(scene: Any, ledger: Any, at_noon: Any) -> None:
    hour = epoch_name(first_epoch(at_noon.now_ms() - 2 * HOUR_MS))
    key = b"\x01" * 32

    async def body(service: Any, kept: KeptGrant) -> None:
        for changes, keys in (
            ({"staff": SHARED, "session": SHARED}, KEYS),
            ({"staff": SHARED, "session": SHARED}, {hour: key}),
            ({"staff": SHARED, "session": SHARED}, {"RE" + "1" * 32: key}),
            ({"staff": SHARED}, {SM1: key}),
            ({"session": SHARED}, {SM1: key}),
        ):
            bound = replace(kept.binding, **changes)
            sealed = seal_grant(bound, keys, await service.grant_keeper())
            with pytest.raises(ValueError, match="that nobody may"):
                await service.keep_grant(KeptGrant(binding=bound, sealed=sealed, approver="m1"))
        assert told(ledger) == []

    scene(body)


def test_what_is_shared_lasts_an_hour_at_most(scene: Any, at_noon: Any) -> None:
    async def body(service: Any, kept: KeptGrant) -> None:
        longest_ms = at_noon.now_ms() + 65 * MINUTE_MS
        for expires_ms, refused in ((longest_ms + 1, True), (longest_ms, False)):
            bound = replace(kept.binding, staff=SHARED, session=SHARED, expires_ms=expires_ms)
            sealed = seal_grant(bound, {SM1: KEYS[SM1]}, await service.grant_keeper())
            with pytest.raises(ValueError, match="an hour at most") if refused else contextlib.nullcontext():
                await service.keep_grant(KeptGrant(binding=bound, sealed=sealed, approver="m1"))

    scene(body)


def test_a_grant_of_one_session_is_not_opened_as_if_it_were_shared(scene: Any) -> None:
    async def body(service: Any, kept: KeptGrant) -> None:
        await service.keep_grant(kept)
        for session in (SHARED, "e2"):
            with pytest.raises(KeyRefusedError):
                await service.grant_boxes(GR, session, [SM1], "s2")

    scene(body)


def test_without_a_ledger_nothing_is_kept_or_handed_out(scene: Any, ledger: Any) -> None:
    async def body(service: Any, kept: KeptGrant) -> None:
        ledger.full = True
        with pytest.raises(ConnectionError):
            await service.keep_grant(kept)
        ledger.full = False
        with pytest.raises(KeyRefusedError):
            await service.grant_boxes(GR, "e1", [SM1])
        await service.keep_grant(kept)
        ledger.full = True
        with pytest.raises(ConnectionError):
            await service.grant_boxes(GR, "e1", [SM1])
        with pytest.raises(ConnectionError):
            await service.end_grant(GR, "member:m1")
        ledger.full = False
        with pytest.raises(KeyRefusedError):
            await service.grant_boxes(GR, "e1", [SM1])

    scene(body)


def test_of_grants_that_end_as_the_ledger_fills_up_each_is_written_down_once_now_or_later(
    scene: Any, ledger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever tries again finds nothing to end, and would write nothing."""
    append = ledger.append

    async def last(entries: Any) -> None:
        await append(entries)
        ledger.full = True

    async def body(service: Any, kept: KeptGrant) -> None:
        names = ["GR" + digit * 32 for digit in "123"]
        for name in names:
            bound = replace(kept.binding, grant=name)
            sealed = seal_grant(bound, KEYS, await service.grant_keeper())
            await service.keep_grant(replace(kept, binding=bound, sealed=sealed))
        monkeypatch.setattr(ledger, "append", last)
        with pytest.raises(ConnectionError):
            await service.end_grants("staff:s2", session="e1")
        ledger.full = False
        assert await service.end_grants("staff:s2", session="e1") == 0
        for entries, ended in ((ledger.entries[3:], names[:1]), (ledger.later, names[1:])):
            assert [(each.actor, each.verb, each.scope) for each in entries] == [
                ("staff:s2", "grant.end", ("session:e1", f"grant:{name}")) for name in ended
            ]

    scene(body)


def test_another_session_another_name_and_another_grant_get_nothing(scene: Any, ledger: Any, account: str) -> None:
    async def body(service: Any, kept: KeptGrant) -> None:
        await service.keep_grant(kept)
        for grant, session, names in ((GR, "e2", [SM1]), (GR, "e1", [SM1, SM3]), ("GR" + "2" * 32, "e1", [SM1])):
            refusal = "^not in that grant$" if SM3 in names else "^no such grant of that session$"
            with pytest.raises(KeyRefusedError, match=refusal):
                await service.grant_boxes(grant, session, names)
        assert [(entry.account, entry.actor, entry.verb, entry.scope) for entry in ledger.later] == [
            (account, "staff:s1", "refused.grant_open", (f"grant:{GR}",))
        ] * 2
        for names in ([], [SM1] * (BOXES_AT_ONCE + 1)):
            with pytest.raises(ValueError, match="at once"):
                await service.grant_boxes(GR, "e1", names)

    scene(body)


def test_at_its_end_it_is_gone_though_nobody_asks(scene: Any, ledger: Any, at_noon: Any, kms_dir: Path) -> None:
    async def body(service: Any, kept: KeptGrant) -> None:
        await service.keep_grant(kept)
        at_noon.advance(30 * MINUTE_MS - 1)
        await service.tidy()
        await service.grant_boxes(GR, "e1", [SM1])
        at_noon.advance(1)
        with pytest.raises(KeyRefusedError, match=r"^no such grant of that session$"):
            await service.grant_boxes(GR, "e1", [SM1])
        ledger.later.clear()
        await service.tidy()
        assert [(entry.actor, entry.verb, entry.scope) for entry in ledger.later] == [("kms", "grant.expire", SUBJECTS)]
        on_disk = b"".join(path.read_bytes() for path in kms_dir.glob("kms.db*"))
        assert not any(box in on_disk for box in (*kept.sealed.boxes.values(), kept.sealed.lid))
        ledger.later.clear()
        await service.tidy()
        assert ledger.later == []

    scene(body)


@pytest.mark.parametrize("whose", [{"session": "e1"}, {"staff": "s1"}, {"account": "AC" + "a" * 32}])
def test_grants_end_by_session_staff_and_account(scene: Any, ledger: Any, whose: dict[str, str]) -> None:
    async def body(service: Any, kept: KeptGrant) -> None:
        await service.keep_grant(kept)
        for other in ({"session": "e2"}, {"staff": "s2"}, {"account": "AC" + "b" * 32}):
            assert await service.end_grants("staff:s9", **other) == 0
        with pytest.raises(ValueError, match=r"^whose grants"):
            await service.end_grants("staff:s9")
        await service.grant_boxes(GR, "e1", [SM1])
        ledger.entries.clear()
        assert await service.end_grants("staff:s9", **whose) == 1
        await service.end_grant(GR, "member:m1")
        assert told(ledger) == [("staff:s9", "grant.end", SUBJECTS)]
        with pytest.raises(KeyRefusedError):
            await service.grant_boxes(GR, "e1", [SM1])

    scene(body)


def test_a_grant_is_kept_once_and_not_again_after_its_end(scene: Any, at_noon: Any, ledger: Any) -> None:
    async def body(service: Any, kept: KeptGrant) -> None:
        await service.keep_grant(kept)
        for ends in (False, True):
            if ends:
                await service.end_grant(GR, "member:m1")
                assert told(ledger)[-1] == ("member:m1", "grant.end", SUBJECTS)
            with pytest.raises(KeyRefusedError, match=r"^the grant was kept before$"):
                await service.keep_grant(kept)
        at_noon.advance(30 * MINUTE_MS)
        await service.tidy()
        with pytest.raises(KeyRefusedError, match="ended"):
            await service.keep_grant(kept)

    scene(body)


def test_a_clock_that_is_set_back_prolongs_nothing(scene: Any, at_noon: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(service: Any, kept: KeptGrant) -> None:
        await service.keep_grant(kept)
        now_ms = at_noon.now_ms()
        at_noon.advance(30 * MINUTE_MS)
        monkeypatch.setattr(at_noon, "now_ms", lambda: now_ms - 60 * MINUTE_MS)
        with pytest.raises(KeyRefusedError):
            await service.grant_boxes(GR, "e1", [SM1])

    scene(body)


def test_what_no_browser_of_ours_makes_is_not_kept(scene: Any, at_noon: Any) -> None:
    async def body(service: Any, kept: KeptGrant) -> None:
        def sealed(**changes: Any) -> KeptGrant:
            return replace(kept, sealed=replace(kept.sealed, **changes))

        def bound(**changes: Any) -> KeptGrant:
            return replace(kept, binding=replace(kept.binding, **changes))

        now_ms, box = at_noon.now_ms(), kept.sealed.boxes[SM1]
        for wrong, why in (
            (sealed(lid=b"short"), "a grant of another form"),
            (sealed(lid=bytes(len(kept.sealed.lid))), "a lid of another grant"),
            (sealed(boxes={}), "a grant of another form"),
            (sealed(boxes={SM1: box + b"x"}), "a box of another form"),
            (sealed(boxes={"a|b": box}), "a part of a place holds the separator"),
            (sealed(boxes={"SM\u0661": box}), "a name of another form"),
            (sealed(boxes={f"SM{n}": box for n in range(5_001)}), "a grant of another form"),
            *(
                (sealed(boxes=dict.fromkeys(names, box)), "names that nobody may ask for together, or at all")
                for names in (
                    [SM1, epoch_name(first_epoch(now_ms - HOUR_MS))],
                    [epoch_name(first_epoch(now_ms))],
                    ["AC" + "1" * 32],
                    [SM1, "SM2"],
                    ["epoch:07"],
                )
            ),
            (bound(expires_ms=now_ms + 491 * MINUTE_MS), "a grant of more than 480 minutes"),
            (bound(expires_ms=now_ms + 31 * MINUTE_MS), "a lid of another grant"),
            (bound(grant="GR" + "2" * 32), "a lid of another grant"),
            (bound(session="e2"), "a lid of another grant"),
            (bound(staff="s2"), "a lid of another grant"),
            (bound(session="a|b"), "a part of a place holds the separator"),
        ):
            with pytest.raises(ValueError, match=f"^{why}$"):
                await service.keep_grant(wrong)
        for refused, why in (
            (bound(expires_ms=now_ms), "the grant has ended"),
            (bound(account="AC" + "b" * 32), "no such account"),
        ):
            with pytest.raises(KeyRefusedError, match=f"^{why}$"):
                await service.keep_grant(refused)
        await service.keep_grant(kept)

    scene(body)


def test_it_is_there_after_a_restart_and_ends_as_before(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any
) -> None:
    async def body() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            kept = unkept(account, at_noon, await service.grant_keeper())
            await service.keep_grant(kept)
        at_noon.advance(29 * MINUTE_MS)
        async with service_at() as service:
            assert open_grant(kept.binding, await service.grant_boxes(GR, "e1", [SM1, SM2]), SESSION) == KEYS
            at_noon.advance(MINUTE_MS)
            with pytest.raises(KeyRefusedError):
                await service.grant_boxes(GR, "e1", [SM1])

    run(body())


def test_the_console_keeps_uses_and_ends_it_over_its_socket(scene: Any, kms_dir: Path) -> None:
    async def body(service: Any, kept: KeptGrant) -> None:
        server = await serve_console_keys(service, kms_dir / "run" / "c.sock")
        client = Client(kms_dir / "run" / "c.sock")
        console = ConsoleKeyClient(client)
        await console.keep_grant(kept)
        assert open_grant(kept.binding, await console.grant_boxes(GR, "e1", [SM1]), SESSION) == {SM1: KEYS[SM1]}
        assert await console.end_grants("staff:s9", session="e2") == 0
        assert await console.end_grants("staff:s9", staff="s1") == 1
        await console.end_grant(GR, "member:m1")
        with pytest.raises(KeyRefusedError):
            await console.grant_boxes(GR, "e1", [SM1])
        await client.close()
        await server.close()

    scene(body)


def test_a_grant_of_the_longest_life_and_of_one_and_the_most_records_is_kept(
    scene: Any, account: str, at_noon: Any
) -> None:
    async def body(service: Any, kept: KeptGrant) -> None:
        keeper = await service.grant_keeper()
        longest_ms = at_noon.now_ms() + 490 * MINUTE_MS
        for number, keys in enumerate(({SM1: KEYS[SM1]}, {f"SM{n:032x}": KEYS[SM1] for n in range(5_000)})):
            bound = replace(kept.binding, grant=f"GR{number:032x}", expires_ms=longest_ms)
            await service.keep_grant(KeptGrant(binding=bound, sealed=seal_grant(bound, keys, keeper), approver="m1"))
            names = list(keys)[:BOXES_AT_ONCE]
            boxes = await service.grant_boxes(bound.grant, "e1", names)
            assert open_grant(bound, boxes, SESSION) == dict.fromkeys(names, KEYS[SM1])

    scene(body)


def test_a_grant_may_last_one_millisecond_and_is_past_as_its_end_comes(
    scene: Any, at_noon: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(service: Any, kept: KeptGrant) -> None:
        at_noon.advance(30 * MINUTE_MS - 1)
        await service.keep_grant(kept)
        await service.grant_boxes(GR, "e1", [SM1])
        # Only the wall clock moves: each of the two clocks ends a grant by itself.
        now_ms = at_noon.now_ms()
        monkeypatch.setattr(at_noon, "now_ms", lambda: now_ms + 1)
        with pytest.raises(KeyRefusedError):
            await service.grant_boxes(GR, "e1", [SM1])

    scene(body)


def test_two_grants_end_each_at_its_own_time(scene: Any, ledger: Any, at_noon: Any) -> None:
    async def body(service: Any, kept: KeptGrant) -> None:
        keeper = await service.grant_keeper()
        later = replace(kept.binding, grant="GR" + "2" * 32, expires_ms=kept.binding.expires_ms + MINUTE_MS)
        await service.keep_grant(kept)
        await service.keep_grant(KeptGrant(binding=later, sealed=seal_grant(later, KEYS, keeper), approver="m1"))
        at_noon.advance(30 * MINUTE_MS)
        await service.tidy()
        assert [entry.scope[1] for entry in ledger.later] == [f"grant:{GR}"]
        await service.grant_boxes(later.grant, "e1", [SM1])
        at_noon.advance(MINUTE_MS)
        with pytest.raises(KeyRefusedError):
            await service.grant_boxes(later.grant, "e1", [SM1])

    scene(body)


def test_a_day_after_its_end_a_grant_is_forgotten(scene: Any, at_noon: Any, kms_dir: Path) -> None:
    def is_known() -> bool:
        with contextlib.closing(sqlite3.connect(f"file:{kms_dir / 'kms.db'}?mode=ro", uri=True)) as database:
            return bool(database.execute("SELECT 1 FROM kept_grant WHERE sid = ?", (GR,)).fetchone())

    async def body(service: Any, kept: KeptGrant) -> None:
        await service.keep_grant(kept)
        await service.end_grant(GR, "member:m1")
        at_noon.advance(30 * MINUTE_MS + 24 * 60 * MINUTE_MS - 1)
        await service.tidy()
        assert is_known()
        at_noon.advance(1)
        await service.tidy()
        assert not is_known()

    scene(body)


def test_an_account_that_a_key_freezes_loses_its_grants_and_no_other_name_is_written_by_it(
    scene: Any, ledger: Any, account: str, token: Any
) -> None:
    child, stranger, unknown = "AC" + "c" * 32, "AC" + "e" * 32, "SK" + "f" * 32
    key, sealing = Credential(account, "SK" + "b" * 32), Credential(account, "SK" + "d" * 32)

    async def body(service: Any, kept: KeptGrant) -> None:
        await service.create_account(child, [Credential(child, child).slot], account)
        await service.create_account(stranger, [Credential(stranger, stranger).slot])
        await service.add_slot(token.caller, account, key.slot)
        await service.add_sealer(token.caller, account, sealing.slot)
        await service.keep_grant(kept)
        ledger.entries.clear()
        forged = (
            ("staff:s1", [account], f"account:{account}", "canary"),
            (account, [account], f"account:{account}", "canary"),
            (key.sid, [account], "platform:platform", "canary"),
            (key.sid, [account], f"account:{account}", "because I say so"),
            (key.sid, [], f"account:{account}", "canary"),
            (key.sid, [account], f"account:{stranger}", "canary"),
            (key.sid, [child, account], f"account:{account}", "canary"),
            (key.sid, [account, child], f"key:{key.sid}", "canary"),
            (key.sid, [account], f"key:{sealing.sid}", "canary"),
        )
        for call in forged:
            with pytest.raises(ValueError, match=r"^a key freezes itself or its account$"):
                await service.note_freeze(*call)
        for call in (
            (key.sid, [], "account:", "canary"),
            (key.sid, [stranger], f"account:{stranger}", "canary"),
            (key.sid, [account, child, stranger], f"account:{account}", "canary"),
            (key.sid, [stranger], f"key:{key.sid}", "canary"),
            (unknown, [account], f"key:{unknown}", "canary"),
            (unknown, [account], f"account:{account}", "canary"),
        ):
            with pytest.raises(KeyRefusedError, match=r"^a key of that account, and its subaccounts$"):
                await service.note_freeze(*call)
        assert ledger.entries == []
        await service.note_freeze(sealing.sid, [account], f"key:{sealing.sid}", "canary")
        await service.grant_boxes(GR, "e1", [SM1])
        await service.note_freeze(key.sid, [account, child], f"account:{account}", "new_network")
        noted = [(entry.account, entry.actor, entry.scope) for entry in ledger.entries if entry.verb == "note.freeze"]
        assert noted == [
            (account, sealing.sid, (f"key:{sealing.sid}", "canary")),
            (account, key.sid, (f"account:{account}", "new_network")),
            (child, key.sid, (f"account:{account}", "new_network")),
        ]
        with pytest.raises(KeyRefusedError):
            await service.grant_boxes(GR, "e1", [SM1])

    scene(body)


def test_the_console_acts_under_the_name_of_a_person_alone(scene: Any, ledger: Any, account: str) -> None:
    async def body(service: Any, kept: KeptGrant) -> None:
        await service.keep_grant(kept)
        ledger.entries.clear()
        for name in (
            account,
            "SK" + "1" * 32,
            "dispatcher",
            "api",
            "kms",
            "key_origin",
            "",
            "staff:",
            "member:a b",
            "staff:x\n",
        ):
            for refused in (
                service.end_grant(GR, name),
                service.end_grants(name, session="e1"),
                service.revoke_browser_slot(account, "SK" + "1" * 32, name),
            ):
                with pytest.raises(ValueError, match="of staff"):
                    await refused
        for unnamed in (replace(kept, approver="m 1"), replace(kept, binding=replace(kept.binding, staff="s 1"))):
            with pytest.raises(ValueError, match="of staff"):
                await service.keep_grant(unnamed)
        assert ledger.entries == []
        await service.grant_boxes(GR, "e1", [SM1])

    scene(body)


def test_a_grant_from_before_the_rule_hands_out_no_key_of_a_text_with_a_code(
    scene: Any, monkeypatch: pytest.MonkeyPatch, ledger: Any
) -> None:
    code = "VL" + "1" * 32

    async def body(service: Any, kept: KeptGrant) -> None:
        sealed = replace(kept.sealed, boxes={**kept.sealed.boxes, code: kept.sealed.boxes[SM1]})
        with monkeypatch.context() as before_the_rule:
            before_the_rule.setitem(RECORD_KINDS, "VL", "text")
            await service.keep_grant(replace(kept, sealed=sealed))
            assert list((await service.grant_boxes(GR, "e1", [code])).boxes) == [code]
        ledger.entries.clear()
        for names in ([code], [SM1, code]):
            with pytest.raises(KeyRefusedError):
                await service.grant_boxes(GR, "e1", names)
        assert [verb for _, verb, _ in told(ledger)] == []
        assert list((await service.grant_boxes(GR, "e1", [SM1])).boxes) == [SM1]

    scene(body)
