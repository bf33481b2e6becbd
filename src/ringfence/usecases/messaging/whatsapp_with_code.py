"""Accept a WhatsApp message that brings a code: a text like any other, between addresses that begin with whatsapp:.

Source: Twilio, Verify v2, "WhatsApp"; error 68008.
"""

from ringfence.domain.errors import ApiError
from ringfence.domain.messaging_address import WHATSAPP, number_in
from ringfence.ports.keys import Caller
from ringfence.ports.store import Store
from ringfence.ports.verification_channels import Notice
from ringfence.usecases.messaging.pool_sender import PoolSender
from ringfence.usecases.messaging.text_with_code import TextChannel

NOT_CONFIGURED = 68008


class WhatsappChannel:
    """Implements `ports.verification_channels.CodeChannel`.

    The sender is the service's, and a number of the account's.
    """

    def __init__(self, store: Store, texts: TextChannel, pools: PoolSender) -> None:
        self._store = store
        self._texts = texts
        self._pools = pools

    async def carry(self, caller: Caller, notice: Notice) -> None:
        sender = await self._sender(notice)
        await self._texts.accept(caller, notice, WHATSAPP + sender, WHATSAPP + notice.number.e164)

    async def _sender(self, notice: Notice) -> str:
        if notice.messaging_service:
            service = await self._pools.service(notice.account, notice.messaging_service)
            return await self._pools.pick(service, notice.number, media=False)
        sender = number_in(notice.whatsapp_from)
        owned = await self._store.number_by_e164(sender) if sender else None
        if owned is None or owned.account != notice.account:
            raise ApiError(NOT_CONFIGURED)
        return sender
