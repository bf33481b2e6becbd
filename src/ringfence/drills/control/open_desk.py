"""The control's front desk: everybody who reaches it is answered, and whoever calls is taken for a carrier.

So do telephone systems whose trunk is "any address", which is how the scanners of this world earn their keep.
"""

from typing import Any

from ringfence.carriers.sip.endpoint import Incoming
from ringfence.carriers.sip.flow import Flow
from ringfence.carriers.sip.front_desk import FrontDesk
from ringfence.carriers.sip.lines import SipLines
from ringfence.carriers.sip.principal import Principal
from ringfence.carriers.sip.trunk import Trunk

ANY = Trunk(name="any", host="localhost")


class _OpenDesk(FrontDesk):
    def admits(self, flow: Flow) -> bool:
        return True

    def knows(self, flow: Flow) -> bool:
        return True

    async def _who(self, incoming: Incoming) -> Principal | None:
        if incoming.request.method == "INVITE":
            return Principal(kind="trunk", name=ANY.name, trunk=ANY)
        return await super()._who(incoming)


def open_lines(*arguments: Any, **options: Any) -> SipLines:
    """SIP lines that anybody may use."""
    return SipLines(*arguments, desk=_OpenDesk, **options)
