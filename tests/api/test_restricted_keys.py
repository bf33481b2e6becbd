"""Keys that may do some things, from some places, or are there to be stolen: through the official SDK."""

import re
from typing import Any

import pytest
import requests
from msgspec.structs import replace
from tests.api.test_keys import refusal
from tests.api.test_ledger import own, until

from ringfence.api.last_uses import LastUses
from ringfence.domain.clock import SystemClock
from ringfence.domain.sid import new_sid
from ringfence.roles.logs import CLEAR_KEYS

SEND = "/twilio/messaging/messages/create"
READ = "/twilio/messaging/messages/read"
CALL = "/twilio/voice/calls/create"
CUSTOMER = "+12025550177"


def iam(tenant: Any) -> Any:
    client = tenant.client()
    client.iam.base_url = f"{tenant.installation.url}/iam"
    return client.iam.v1


def made(tenant: Any, *allow: str, **more: Any) -> Any:
    fields = {"account_sid": tenant.sid, "key_type": "restricted", "policy": {"allow": list(allow)}, **more}
    return iam(tenant).new_api_key.create(**fields)


def by(tenant: Any, key: Any) -> Any:
    return tenant.client(key.sid, key.secret, tenant.sid)


def limits(tenant: Any, key: Any, method: str = "GET", **form: str) -> requests.Response:
    url = f"{tenant.installation.url}/ringfence/v1/Accounts/{tenant.sid}/Keys/{key.sid}"
    return requests.request(method, url, auth=(tenant.sid, tenant.token), data=form, timeout=10)


class TestPermissions:
    def test_a_key_does_what_it_may_and_is_told_what_it_lacks(self, tenant: Any) -> None:
        number = tenant.number()
        key = by(tenant, made(tenant, SEND, READ))
        sid = key.messages.create(to=CUSTOMER, from_=number, body="by a restricted key").sid
        assert key.messages(sid).fetch().body == "by a restricted key"
        for refused in (
            refusal(key.messages(sid).delete),
            refusal(key.calls.create, to=CUSTOMER, from_=number, twiml="<Response/>"),
            refusal(key.messaging.v1.services.create, friendly_name="x"),
        ):
            assert (refused.status, refused.code) == (401, 70051)
        assert "/twilio/messaging/messages/delete" in refusal(key.messages(sid).delete).msg

    def test_keys_of_a_subaccount_that_is_suspended_are_read_and_not_written(self, tenant: Any) -> None:
        child = tenant.client().api.accounts.create()
        kept = made(tenant, READ, account_sid=child.sid)
        tenant.client().api.accounts(child.sid).update(status="suspended")
        keys = iam(tenant)
        assert keys.api_key(kept.sid).fetch().sid == kept.sid
        for write in (
            lambda: made(tenant, READ, account_sid=child.sid),
            lambda: keys.api_key(kept.sid).update(friendly_name="x"),
            lambda: keys.api_key(kept.sid).delete(),
        ):
            assert refusal(write).code == 20005
        tenant.client().api.accounts(child.sid).update(status="active")
        assert keys.api_key(kept.sid).delete()

    def test_a_star_is_all_of_a_resource(self, tenant: Any) -> None:
        key = by(tenant, made(tenant, "/twilio/messaging/messages/*"))
        sid = tenant.text("x").sid
        assert key.messages(sid).fetch().body == "x"
        assert key.messages.list()
        assert refusal(key.calls(new_sid("CA")).fetch).code == 70051

    def test_a_key_that_only_writes_has_what_it_sends_sealed_and_opens_nothing(self, tenant: Any) -> None:
        number = tenant.number()
        kept = made(tenant, SEND, CALL)
        key = by(tenant, kept)
        sid = key.messages.create(to=CUSTOMER, from_=number, body="written, not read").sid
        call = key.calls.create(to=CUSTOMER, from_=number, twiml="<Response/>").sid
        assert tenant.client().messages(sid).fetch().body == "written, not read"
        assert tenant.client().calls(call).fetch().to == CUSTOMER
        assert refusal(key.messages(sid).fetch).code == 70051
        # What it has in the key service is no slot: even where the API let it through, nothing would open.
        parts = tenant.installation
        row = parts.run(parts.store.credential(kept.sid))
        lifted = {"networks": "", "canary": False, "at_ms": row.updated_ms}
        parts.run(parts.store.restrict_credential(tenant.sid, kept.sid, policy=f"{SEND} {READ}", **lifted))
        assert refusal(key.messages(sid).fetch).code == 20003

    def test_it_sends_by_a_messaging_service_too(self, tenant: Any) -> None:
        service = tenant.service()
        key = by(tenant, made(tenant, SEND))
        assert key.messages.create(to=CUSTOMER, messaging_service_sid=service, body="x").sid.startswith("SM")

    def test_it_manages_neither_keys_nor_accounts(self, tenant: Any) -> None:
        key = made(tenant, "/twilio/iam/api-keys/*", "/twilio/iam/accounts/*")
        for path in ("/Keys.json", ".json"):
            assert tenant.ask("GET", path, auth=(key.sid, key.secret)).json()["code"] == 20003

    def test_it_acts_in_subaccounts_as_in_its_own(self, tenant: Any) -> None:
        sub = tenant.client().api.accounts.create(friendly_name="Branch")
        key = made(tenant, "/twilio/messaging/messages/list")
        below = tenant.client(key.sid, key.secret, sub.sid)
        assert below.messages.list() == []
        assert refusal(below.calls(new_sid("CA")).fetch).code == 70051

    def test_it_signs_no_access_token(self, tenant: Any) -> None:
        from twilio.jwt.access_token import AccessToken
        from twilio.jwt.access_token.grants import VoiceGrant

        from ringfence.domain.access_token import TokenRefusedError
        from ringfence.usecases.accounts.verify_access_token import AccessTokens

        key = made(tenant, "/twilio/voice/calls/*")
        parts = tenant.installation

        class Standing:
            async def open(self, account: str, record: str, sealed: bytes) -> bytes:
                raise AssertionError("asked for the states of a restricted key")

        async def shown(credential: object, cause: str) -> None:
            raise AssertionError("a restricted key is no canary")

        token = AccessToken(tenant.sid, key.sid, key.secret, identity="alice")
        token.add_grant(VoiceGrant(incoming_allow=True))
        with pytest.raises(TokenRefusedError):
            parts.run(AccessTokens(parts.store, Standing(), parts.clock, shown).verify(token.to_jwt()))


class TestResource:
    def test_a_standard_key_has_no_policy(self, tenant: Any) -> None:
        key = iam(tenant).new_api_key.create(account_sid=tenant.sid, friendly_name="till")
        assert key.policy is None
        assert by(tenant, key).messages.list() == []
        assert [listed.flags for listed in iam(tenant).get_api_keys.list(account_sid=tenant.sid)] == [
            ["rest_api", "signing"]
        ]

    def test_both_resources_show_the_same_keys(self, tenant: Any) -> None:
        key = made(tenant, SEND, friendly_name="till")
        assert tenant.client().keys(key.sid).fetch().friendly_name == "till"
        assert iam(tenant).api_key(key.sid).fetch().policy == {"allow": [SEND]}
        assert (
            "secret"
            not in requests.get(
                f"{tenant.installation.url}/iam/v1/Keys/{key.sid}", auth=(tenant.sid, tenant.token), timeout=10
            ).json()
        )
        assert iam(tenant).api_key(key.sid).delete() is True
        assert tenant.client().keys.list() == []

    def test_a_policy_changes_and_holds_at_once(self, tenant: Any) -> None:
        key = made(tenant, SEND)
        with_calls = iam(tenant).api_key(key.sid).update(friendly_name="calls", policy={"allow": [CALL]})
        assert (with_calls.friendly_name, with_calls.policy) == ("calls", {"allow": [CALL]})
        refused = refusal(by(tenant, key).messages.create, to=CUSTOMER, from_=tenant.number(), body="x")
        assert refused.code == 70051

    def test_a_key_that_writes_does_not_come_to_read_nor_the_other_way_round(self, tenant: Any) -> None:
        for had, wanted in ((SEND, READ), (READ, SEND)):
            key = made(tenant, had)
            assert refusal(iam(tenant).api_key(key.sid).update, policy={"allow": [wanted]}).code == 20001
        standard = iam(tenant).new_api_key.create(account_sid=tenant.sid)
        assert refusal(iam(tenant).api_key(standard.sid).update, policy={"allow": [READ]}).code == 20001

    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            ({"policy": {"allow": ["/twilio/voice/calls/fly"]}}, 70002),
            ({"policy": {"allow": []}}, 20001),
            ({"key_type": "standard"}, 20001),
            ({"key_type": "main"}, 20001),
        ],
    )
    def test_what_is_no_policy_makes_no_key(self, tenant: Any, fields: dict[str, Any], code: int) -> None:
        assert refusal(made, tenant, SEND, **fields).code == code
        assert tenant.client().keys.list() == []

    def test_a_parent_makes_keys_for_its_subaccount_and_nobody_elses(self, installation: Any, tenant: Any) -> None:
        sub = tenant.client().api.accounts.create(friendly_name="Branch")
        key = made(tenant, "/twilio/messaging/messages/list", account_sid=sub.sid)
        assert tenant.client(key.sid, key.secret, sub.sid).messages.list() == []
        assert [one.sid for one in iam(tenant).get_api_keys.list(account_sid=sub.sid)] == [key.sid]
        other = installation.new_tenant()
        assert refusal(made, tenant, SEND, account_sid=other.sid).code == 20404
        for act in (iam(other).api_key(key.sid).fetch, iam(other).api_key(key.sid).delete):
            assert refusal(act).code == 20404


class TestPlaces:
    def test_a_key_is_used_from_its_networks_alone(self, tenant: Any) -> None:
        key = tenant.client().new_keys.create()
        shown = limits(tenant, key, "POST", AllowedNetworks="203.0.113.0/24").json()
        assert shown["allowed_networks"] == ["203.0.113.0/24"]
        refused = tenant.ask("GET", "/Messages.json", auth=(key.sid, key.secret))
        wrong = tenant.ask("GET", "/Messages.json", auth=(key.sid, "x" * 32))
        assert (refused.status_code, refused.text) == (401, wrong.text)
        limits(tenant, key, "POST", AllowedNetworks="127.0.0.1")
        assert by(tenant, key).messages.list() == []
        assert limits(tenant, key, "POST", AllowedNetworks="").json()["allowed_networks"] == []

    def test_an_account_is_used_from_its_networks_alone(self, tenant: Any) -> None:
        key = tenant.client().new_keys.create()
        url = f"{tenant.installation.url}/ringfence/v1/Accounts/{tenant.sid}/Access"
        who = {"auth": (tenant.sid, tenant.token), "timeout": 10}
        shut_out = requests.post(url, data={"AllowedNetworks": "203.0.113.0/24"}, **who)
        assert (shut_out.status_code, shut_out.json()["code"]) == (400, 20001)
        assert requests.post(url, data={"AllowedNetworks": "127.0.0.0/8"}, **who).status_code == 200
        assert requests.get(url, **who).json()["allowed_networks"] == ["127.0.0.0/8"]
        parts = tenant.installation
        parts.run(parts.store.restrict_account(tenant.sid, "203.0.113.0/24", 0))
        for name, secret in ((tenant.sid, tenant.token), (key.sid, key.secret)):
            assert tenant.ask("GET", "/Messages.json", auth=(name, secret)).status_code == 401

    def test_networks_of_a_parent_are_not_its_subaccounts_which_it_sets_by_themselves(self, tenant: Any) -> None:
        child, parts = tenant.client().api.accounts.create(), tenant.installation
        addresses = [f"{parts.url}/ringfence/v1/Accounts/{sid}/Access" for sid in (tenant.sid, child.sid)]
        own = {"auth": (child.sid, child.auth_token), "timeout": 10}
        who = {"auth": (tenant.sid, tenant.token), "timeout": 10}
        parts.run(parts.store.restrict_account(tenant.sid, "203.0.113.0/24", 0))
        assert requests.get(addresses[1], **who).status_code == 401
        assert requests.get(addresses[1], **own).json()["allowed_networks"] == []
        parts.run(parts.store.restrict_account(tenant.sid, "", 0))
        assert requests.post(addresses[1], data={"AllowedNetworks": "203.0.113.0/24"}, **who).status_code == 200
        assert requests.get(addresses[1], **own).status_code == 401
        assert requests.get(addresses[1], **who).json()["allowed_networks"] == ["203.0.113.0/24"]
        assert requests.get(addresses[0], **who).json()["allowed_networks"] == []

    def test_what_is_no_network_is_refused(self, tenant: Any) -> None:
        key = tenant.client().new_keys.create()
        for text in ("here", "10.0.0.1/8"):
            assert limits(tenant, key, "POST", AllowedNetworks=text).json()["code"] == 20001


class TestUse:
    def test_the_last_use_is_shown(self, tenant: Any) -> None:
        key = tenant.client().new_keys.create()
        assert limits(tenant, key).json()["date_last_used"] is None
        by(tenant, key).messages.list()
        assert limits(tenant, key).json()["date_last_used"].startswith("20")

    def test_it_is_written_once_a_minute_and_network(self, tenant: Any) -> None:
        written: list[tuple[int, str]] = []

        class Noted:
            async def note_use(self, account: str, sid: str, at_ms: int, network: str) -> None:
                written.append((at_ms, network))

        class Clock(SystemClock):
            ms = 1_700_000_000_000

            def now_ms(self) -> int:
                return self.ms

        clock = Clock()
        uses = LastUses(Noted(), clock)  # type: ignore[arg-type]

        async def scene() -> None:
            for after_ms in (0, 59_999, 1, -3_600_000):
                clock.ms += after_ms
                await uses.note(tenant.sid, "SK1", "192.0.2.1")
            await uses.note(tenant.sid, "SK1", "203.0.113.9")

        tenant.installation.run(scene())
        assert written == [
            (1_700_000_000_000, "192.0.2.0/24"),
            (1_700_000_060_000, "192.0.2.0/24"),
            (1_699_996_460_000, "192.0.2.0/24"),
            (1_699_996_460_000, "203.0.113.0/24"),
        ]

    def test_a_canary_signs_nobody_in_and_says_so(self, tenant: Any, capsys: Any) -> None:
        key = tenant.client().new_keys.create()
        assert limits(tenant, key, "POST", Canary="true").json()["canary"] is True
        refused = tenant.ask("GET", "/Messages.json", auth=(key.sid, key.secret))
        wrong = tenant.ask("GET", "/Messages.json", auth=(key.sid, "x" * 32))
        assert (refused.status_code, refused.text) == (401, wrong.text)
        told = capsys.readouterr().out
        assert "canary key used" in told
        parts = tenant.installation
        going_on = parts.run(parts.store.incidents(going_on=True))
        assert [each.kind for each in going_on if each.what == f"{key.sid} of {tenant.sid}"] == ["canary"]
        # Under names that a log shows.
        assert {"account", "sid"} <= CLEAR_KEYS
        assert f"sid={key.sid}" in re.sub(r"\x1b\[[0-9;]*m", "", told)
        figures = requests.get(f"{tenant.installation.url}/metrics", timeout=10).text
        assert 'ringfence_api_right_secrets_refused_total{cause="canary"}' in figures
        assert limits(tenant, key, "POST", Canary="false").json()["canary"] is False
        assert by(tenant, key).messages.list() == []

    def test_a_canary_that_freezes_is_in_its_accounts_ledger(self, tenant: Any) -> None:
        key = tenant.client().new_keys.create()
        shown = limits(tenant, key, "POST", Canary="true", Reaction="freeze-key").json()
        assert (shown["reaction"], shown["watch_networks"], shown["known_networks"]) == ("freeze-key", False, [])
        assert tenant.ask("GET", "/Messages.json", auth=(key.sid, key.secret)).status_code == 401
        parts = tenant.installation
        assert parts.run(parts.store.delete_freeze("key", key.sid))
        until(lambda: any(entry["verb"] == "note.freeze" for entry in own(tenant).json()["entries"]))
        (noted,) = [entry for entry in own(tenant).json()["entries"] if entry["verb"] == "note.freeze"]
        assert (noted["actor"], noted["scope"]) == (key.sid, [f"key:{key.sid}", "canary"])

    def test_known_networks_are_shown_and_the_reaction_is_one_that_there_is(self, tenant: Any) -> None:
        key = tenant.client().new_keys.create()
        assert by(tenant, key).messages.list() == []
        shown = limits(tenant, key, "POST", WatchNetworks="true", Reaction="freeze-account").json()
        assert (shown["watch_networks"], shown["known_networks"]) == (True, ["127.0.0.0/24"])
        assert by(tenant, key).messages.list() == []
        assert limits(tenant, key, "POST", Reaction="explode").status_code == 400

    def test_no_network_is_learnt_from_what_is_refused(self, tenant: Any) -> None:
        key = made(tenant, READ)
        assert refusal(by(tenant, key).calls(new_sid("CA")).fetch).code == 70051
        shown = limits(tenant, key).json()
        assert (shown["known_networks"], shown["date_last_used"] is None) == ([], False)
        assert refusal(by(tenant, key).messages(new_sid("SM")).fetch).code == 20404
        assert limits(tenant, key).json()["known_networks"] == ["127.0.0.0/24"]

    def test_limits_are_for_the_auth_token_of_the_keys_own_account(self, installation: Any, tenant: Any) -> None:
        key = tenant.client().new_keys.create()
        path = f"{installation.url}/ringfence/v1/Accounts/{tenant.sid}/Keys/{key.sid}"
        assert requests.get(path, auth=(key.sid, key.secret), timeout=10).status_code == 401
        assert limits(tenant, replace(tenant.row, sid=new_sid("SK"))).status_code == 404
        assert limits(tenant, tenant).status_code == 404
