"""Which Messaging Service texts a country's codes, as the service's messaging configurations say.

Source: Twilio, Verify v2, "Messaging Configurations".
"""

from ringfence.domain.verify_limits import EVERY_COUNTRY, decode_messaging_configuration
from ringfence.ports.verify_config import VerifyConfigStore, VerifyRow


async def texting_service(store: VerifyConfigStore, service: VerifyRow, region: str) -> str:
    """Its sid: that of the country, else that of all countries; "" where neither is configured."""
    for country in (region, EVERY_COUNTRY):
        row = await store.verify_named(service.account, "messaging_configuration", country, parent=service.sid)
        if row is not None:
            return decode_messaging_configuration(row.settings).messaging_service_sid
    return ""
