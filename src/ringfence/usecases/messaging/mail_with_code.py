"""Accept a mail that brings a code: seal its words, with a place for the code, and let the dispatcher fill it.

To the queue and to the store it is a text between mail addresses, which costs nothing. It is in no list of messages,
and no program is told of it. Its SID is that of the attempt (VL…).
"""

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.mail_address import format_sender, parse_mail_address, sender_address
from ringfence.domain.message import Content, Direction, Status
from ringfence.domain.recipient import address_of
from ringfence.domain.sealing.content import seal_content
from ringfence.domain.sealing.sealer_cache import SealerCache
from ringfence.domain.written_code import WrittenCode
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import MessageRow, Store
from ringfence.ports.verification_channels import Notice
from ringfence.ports.wake import Wake
from ringfence.usecases.retention.parts import retained_text


class MailRoute(msgspec.Struct, frozen=True, kw_only=True):
    """Which carrier takes mails, and the address that they come from where nothing else is said.

    What else is said is of that address's domain, unless it is from `anybody`: a relay is trusted with one domain.
    """

    carrier: str
    sender: str
    anybody: bool = False

    def sender_of(self, address: str) -> str:
        """Who a mail comes from. ApiError 60200 where `address` is not ours to use."""
        if not address:
            return self.sender
        mailbox = parse_mail_address(address)
        ours = parse_mail_address(sender_address(self.sender))
        if mailbox is None or not (self.anybody or (ours is not None and ours.domain == mailbox.domain)):
            raise ApiError(60200, "Invalid parameter `ChannelConfiguration`: expected a `from` of our own domain")
        return address


class MailChannel:
    """Implements `ports.verification_channels.CodeChannel`."""

    def __init__(self, store: Store, keys: TenantKeys, clock: Clock, wake: Wake, route: MailRoute) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._wake = wake
        self._route = route
        self._sealers = SealerCache()

    async def carry(self, caller: Caller, notice: Notice) -> None:
        sender = self._route.sender_of(notice.from_address)
        now_ms = self._clock.now_ms()
        to = address_of(notice.to)
        code = WrittenCode(
            verification=notice.verification,
            service=notice.service,
            words=notice.wordings[0].text,
            subject=notice.subject,
        )
        sealing = await self._keys.sealing_key(caller, notice.account)
        sealer = self._sealers.of(notice.account, sealing.epoch_key)
        content = Content(remote=to, body=code.dotted(), code=code)
        row = MessageRow(
            account=notice.account,
            sid=notice.attempt,
            direction=Direction.OUTBOUND_API,
            status=Status.QUEUED,
            local=format_sender(notice.from_name, sender),
            remote_index=self._sealers.indexer(sealing.index_key, sealing.index_day).index(to),
            remote_region="",
            epoch=sealing.epoch,
            content=seal_content(sealer, notice.attempt, content),
            num_segments=0,
            created_ms=now_ms,
            updated_ms=now_ms,
            due_ms=now_ms,
            valid_until_ms=notice.until_ms,
            carrier=self._route.carrier,
        )
        await self._store.accept(row, retained=retained_text(sealing.retention_of(row.sid), row, to, kind="mail"))
        self._wake.ring()
