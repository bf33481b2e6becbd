"""A key service, as factors need it."""

from typing import Protocol

from ringfence.ports.device_keys import DeviceKeys
from ringfence.ports.keys import TenantKeys
from ringfence.ports.totp_codes import TotpCodes


class FactorKeys(TenantKeys, TotpCodes, DeviceKeys, Protocol):
    """Keys of tenants, secrets of authenticator apps, and keys of devices."""
