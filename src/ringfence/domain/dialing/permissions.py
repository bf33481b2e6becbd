"""What an account permits its calls, country by country, and what holds where it never said anything.

Source: Twilio, "Voice dialing geographic permissions": low-risk numbers of the country one signed up in are permitted,
everything else is to be asked for.
"""

from collections.abc import Collection, Mapping

import msgspec

from ringfence.domain.dialing.countries import permission_region
from ringfence.domain.dialing.destination import Destination, Risk

HOME = ("US",)


class CountryPermission(msgspec.Struct, frozen=True, array_like=True):
    """Which numbers of a country may be called."""

    low: bool = False
    special: bool = False
    tollfraud: bool = False

    def permits(self, risk: Risk) -> bool:
        return {Risk.LOW: self.low, Risk.SPECIAL: self.special, Risk.TOLLFRAUD: self.tollfraud}[risk]


class VoiceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """An account's own. `inherits`: a subaccount goes by its parent's countries."""

    inherits: bool = True
    countries: Mapping[str, CountryPermission] = {}

    def of(self, region: str, home: Collection[str] = HOME) -> CountryPermission:
        """What holds for a region. In countries of `home`, low-risk numbers may be called unless it says otherwise."""
        country = permission_region(region)
        return self.countries.get(country) or CountryPermission(country in home)

    def permits(self, destination: Destination, home: Collection[str] = HOME) -> bool:
        return self.of(destination.region, home).permits(destination.risk)


def encode_settings(settings: VoiceSettings) -> str:
    return msgspec.json.encode(settings).decode()


def decode_settings(text: str | None) -> VoiceSettings:
    """The inverse; None is what was never set."""
    return VoiceSettings() if text is None else msgspec.json.decode(text, type=VoiceSettings)
