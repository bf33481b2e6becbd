"""Credentials of the networks that wake devices.

What is secret of them is told to nobody again. `KeyId` and `TeamId` are ours: with them Apple's key signs tokens, and
no certificate ends each year. Source: Twilio, "Credential resource" of Conversations v1 and of Notify v1.
"""

from typing import Annotated, Any

import msgspec

from ringfence.api.dates import iso8601
from ringfence.api.forms import Rule
from ringfence.api.paging import Cursor
from ringfence.api.resource import ApiRequest, Resource
from ringfence.api.verify_v2.entities import factoring_of
from ringfence.domain.errors import ApiError
from ringfence.domain.push_credential import (
    FRIENDLY_NAME_MAX_CHARACTERS,
    PushCredential,
    PushSecret,
    PushType,
    check_apple,
    decode_push_credential,
    read_service_account,
)
from ringfence.ports.verify_config import VerifyRow
from ringfence.usecases.verify.push_credentials import KIND

PRODUCT, VERSION = "conversations", "v1"
INVALID = 20001

push_credentials = Resource("Credentials", item="Credential", listed="credentials", product=PRODUCT, version=VERSION)


def read_friendly_name(text: str) -> str:
    """One line, or nothing."""
    if len(text) > FRIENDLY_NAME_MAX_CHARACTERS or not text.isprintable():
        raise ValueError(f"expected at most {FRIENDLY_NAME_MAX_CHARACTERS} characters in one line")
    return text


def read_type(text: str) -> str:
    """apn or fcm: GCM has ended."""
    if text not in ("apn", "fcm"):
        raise ValueError("expected apn or fcm")
    return text


class CredentialChanges(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What may be set. Secrets are given anew as a whole, or stay as they are."""

    type: Annotated[PushType, Rule(read_type, INVALID)] | None = None
    friendly_name: Annotated[str, Rule(read_friendly_name, INVALID)] | None = None
    certificate: str | None = None
    private_key: str | None = None
    sandbox: bool | None = None
    api_key: str | None = None
    secret: str | None = None
    key_id: str | None = None
    team_id: str | None = None

    def read_secret(self, kind: PushType) -> PushSecret | None:
        """What is secret; None where nothing of it is given. ApiError 20001 for what the network would not take."""
        given = (self.certificate, self.private_key, self.secret, self.key_id, self.team_id)
        if not any(given):
            return None
        try:
            if kind == "fcm":
                read_service_account(self.secret or "")
                return PushSecret(account=self.secret or "")
            secret = PushSecret(
                certificate=self.certificate or "",
                private_key=self.private_key or "",
                key_id=self.key_id or "",
                team_id=self.team_id or "",
            )
            check_apple(secret)
            return secret
        except ValueError as error:
            raise ApiError(INVALID, f"Invalid parameter: {error}") from None


class Credential(msgspec.Struct, kw_only=True):
    """A credential, without what is secret of it."""

    sid: str
    account_sid: str
    friendly_name: str | None
    type: str
    sandbox: str | None
    date_created: str
    date_updated: str
    url: str

    def __repr__(self) -> str:
        return f"Credential({self.sid})"


def _shown(request: ApiRequest[Any], row: VerifyRow) -> Credential:
    credential = decode_push_credential(row.settings)
    return Credential(
        sid=row.sid,
        account_sid=row.account,
        friendly_name=credential.friendly_name or None,
        type=credential.type,
        sandbox=str(credential.sandbox).lower() if credential.type == "apn" else None,
        date_created=iso8601(row.created_ms),
        date_updated=iso8601(row.updated_ms),
        url=f"{request.root}/{VERSION}/Credentials/{row.sid}",
    )


async def _found(request: ApiRequest[Any]) -> VerifyRow | None:
    return await request.deps.store.verify_row(request.account.sid, KIND, request.sid)


@push_credentials.create(CredentialChanges)
async def create(request: ApiRequest[CredentialChanges]) -> Credential:
    form = request.form
    if form.type is None:
        raise ApiError(INVALID, "Missing required parameter Type in the post body")
    secret = form.read_secret(form.type)
    if secret is None:
        missing = "Secret" if form.type == "fcm" else "Certificate"
        raise ApiError(INVALID, f"Missing required parameter {missing} in the post body")
    credential = PushCredential(
        friendly_name=form.friendly_name or "", type=form.type, sandbox=bool(form.sandbox) and form.type == "apn"
    )
    made = await factoring_of(request).push_credentials.create(request.account.sid, credential, secret)
    return _shown(request, made)


@push_credentials.list()
async def list_credentials(request: ApiRequest[msgspec.Struct], cursor: Cursor) -> list[Credential]:
    rows = await request.deps.store.verify_rows(request.account.sid, KIND, before=cursor.before, limit=cursor.limit)
    return [_shown(request, row) for row in rows]


@push_credentials.fetch()
async def fetch(request: ApiRequest[msgspec.Struct]) -> Credential | None:
    row = await _found(request)
    return None if row is None else _shown(request, row)


@push_credentials.update(CredentialChanges)
async def update(request: ApiRequest[CredentialChanges]) -> Credential | None:
    form, row = request.form, await _found(request)
    if row is None:
        return None
    before = decode_push_credential(row.settings)
    kind = form.type or before.type
    secret = form.read_secret(kind)
    if kind != before.type and secret is None:
        raise ApiError(INVALID, "Another Type needs its own secrets.")
    credential = PushCredential(
        friendly_name=before.friendly_name if form.friendly_name is None else form.friendly_name,
        type=kind,
        sandbox=(before.sandbox if form.sandbox is None else form.sandbox) and kind == "apn",
    )
    changed = await factoring_of(request).push_credentials.change(row, credential, secret)
    return None if changed is None else _shown(request, changed)


@push_credentials.delete()
async def delete(request: ApiRequest[msgspec.Struct]) -> bool:
    return await request.deps.store.delete_verify(request.account.sid, KIND, request.sid)
