"""Change what an account permits its calls."""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from ringfence.domain.dialing.permissions import CountryPermission, VoiceSettings, decode_settings, encode_settings
from ringfence.ports.call_brakes import BrakeStore
from ringfence.ports.store import StoreFailedError

TRIES = 20


async def change_settings(
    store: BrakeStore, account: str, change: Callable[[VoiceSettings], VoiceSettings]
) -> VoiceSettings:
    """The settings as they are then: `change` is applied to what they are, whoever else changes them meanwhile."""
    for _ in range(TRIES):
        was = await store.voice_settings(account)
        settings = change(decode_settings(was))
        if await store.put_voice_settings(account, encode_settings(settings), was=was):
            return settings
    raise StoreFailedError("the settings changed again and again meanwhile")


async def permit(store: BrakeStore, account: str, countries: Mapping[str, CountryPermission]) -> VoiceSettings:
    """Set what holds for these countries, by ISO code; the others stay."""
    return await change_settings(
        store, account, lambda settings: replace(settings, countries={**settings.countries, **countries})
    )


async def inherit(store: BrakeStore, account: str, inherits: bool) -> VoiceSettings:
    """Say whether a subaccount goes by its parent's countries."""
    return await change_settings(store, account, lambda settings: replace(settings, inherits=inherits))
