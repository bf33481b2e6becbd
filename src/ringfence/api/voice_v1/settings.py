"""Whether a subaccount goes by its parent's dialing permissions. Source: Twilio, "DialingPermissions Settings"."""

from typing import Any

import msgspec

from ringfence.api.resource import ApiRequest, Resource
from ringfence.domain.dialing.permissions import decode_settings
from ringfence.usecases.voice.dialing_permissions import inherit

PRODUCT = "voice"
VERSION = "v1"

settings = Resource("Settings", item="Settings", listed="settings", product=PRODUCT, version=VERSION)


class SettingsForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    dialing_permissions_inheritance: bool | None = None


class Settings(msgspec.Struct, kw_only=True):
    """An account's own."""

    dialing_permissions_inheritance: bool
    url: str


def _shown(request: ApiRequest[Any], inherits: bool) -> Settings:
    return Settings(dialing_permissions_inheritance=inherits, url=f"{request.root}/{VERSION}/Settings")


@settings.only()
async def fetch(request: ApiRequest[msgspec.Struct]) -> Settings:
    own = decode_settings(await request.deps.store.voice_settings(request.account.sid))
    return _shown(request, own.inherits)


@settings.create(SettingsForm, status=202)
async def update(request: ApiRequest[SettingsForm]) -> Settings:
    wanted = request.form.dialing_permissions_inheritance
    if wanted is None:
        return await fetch(request)
    return _shown(request, (await inherit(request.deps.store, request.account.sid, wanted)).inherits)
