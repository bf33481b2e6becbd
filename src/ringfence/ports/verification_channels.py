"""The ways a code goes to whoever is to prove something: texts, calls, and what else comes.

A channel is handed a notice that says which code, never the code: whoever carries it asks the key service for it at the
last moment (`ports.verification_codes.CodeReader`).
"""

from typing import Protocol

import msgspec

from ringfence.domain.errors import ApiError
from ringfence.domain.number import Number
from ringfence.domain.recipient import Recipient
from ringfence.domain.spoken_code import Wording
from ringfence.ports.keys import Caller


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What to carry, and how. `attempt` (VL…) names this sending; `until_ms` is when the code's time is up.

    `wordings` hold {{code}} in the code's place, the most wanted first; `code_length` is how many characters it has.
    `opening` and `ending` stand before and after the words of a text, and may hold {{code}} too. `messaging_service`
    is who sends texts, "" for the account's own number. `voice`, `key_first` and `send_digits` are for calls;
    `subject` and `from_name` for mail, which comes from `from_address`, "" for the installation's own. `whatsapp_from`
    sends WhatsApp messages where no `messaging_service` does. `client_token`: a telephone that proves itself silently
    is told one, which must be shown.
    """

    account: str
    service: str
    verification: str
    attempt: str
    to: Recipient
    wordings: tuple[Wording, ...]
    code_length: int
    until_ms: int
    opening: str = ""
    ending: str = ""
    messaging_service: str = ""
    voice: str = ""
    key_first: bool = True
    send_digits: str = ""
    subject: str = ""
    from_name: str = ""
    from_address: str = ""
    whatsapp_from: str = ""
    client_token: bool = False

    @property
    def number(self) -> Number:
        """Of the telephone it goes to. ApiError 60200 where it goes to a mailbox."""
        if not isinstance(self.to, Number):
            raise ApiError(60200, "Invalid parameter `To`: expected a phone number")
        return self.to

    def __repr__(self) -> str:
        return f"Notice({self.attempt})"


class CodeChannel(Protocol):
    """One way."""

    async def carry(self, caller: Caller, notice: Notice) -> None:
        """Accept it, durably: it is on its way. ApiError with Twilio's code where it is refused."""
