"""One-time codes of every tenant: by text, by mail, its program's own; approved, guessed wrongly, or misplaced.

Each code is a canary from the moment that it is on a telephone, which is the world's edge.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from ringfence.drills.canary import NUMBER_DIGITS, Canaries
from ringfence.drills.phones import Phones
from ringfence.drills.plain_http import Answer

CODE_DIGITS = NUMBER_DIGITS
TOO_MANY = 429
TRIES = 240
AT_ONCE = 16
RETRY_S = 0.25
_CODE = re.compile(rf"\b[0-9]{{{CODE_DIGITS}}}\b")

Ask = Callable[..., Awaitable[Answer]]


class CodeTraffic:
    """`ask(sid, path, **form)` is a tenant's request; `codes` counts those that came to somebody."""

    def __init__(self, canaries: Canaries, phones: Phones, ask: Ask) -> None:
        self.codes = 0
        self.approved = 0
        self._canaries = canaries
        self._phones = phones
        self._ask = ask
        self._services: dict[str, str] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def play(self, sid: str, index: int, number: str) -> None:
        """One tenant's customers sign in; `number` has a canary in it already."""
        async with self._turns:
            await self._play(sid, index, number)

    async def _play(self, sid: str, index: int, number: str) -> None:
        made = await self._asked(
            sid, "Services", FriendlyName="Shop", CodeLength=str(CODE_DIGITS), CustomCodeEnabled="true"
        )
        self._services[sid] = service = str(made["sid"])
        own = self._canaries.code(sid, "program's own code", index)
        mailbox = f"{self._canaries.mark(sid, 'mail address')}@customer.example"
        await self._sign_in(sid, index, number, Channel="sms")
        await self._sign_in(sid, index + 1, f"{number[:-1]}{(int(number[-1]) + 1) % 10}", Channel="sms", CustomCode=own)
        await self._sign_in(sid, index + 2, mailbox, Channel="email")
        # Nobody answers: what lies about of a call with a code is its row.
        await self._ask(sid, f"/v2/Services/{service}/Verifications", To=number, Channel="call")

    async def again(self, sid: str, number: str) -> None:
        """Have the code sent again, while something may be ending."""
        await self._ask(sid, f"/v2/Services/{self._services[sid]}/Verifications", To=number, Channel="sms")

    async def _sign_in(self, sid: str, way: int, to: str, **form: str) -> None:
        started = await self._asked(sid, f"Services/{self._services[sid]}/Verifications", To=to, **form)
        body = await self._phones.text_of(started["send_code_attempts"][-1]["attempt_sid"])
        found = _CODE.search(body)
        if found is None:
            raise AssertionError("a text without its code: this drill would prove nothing")
        code = found.group()
        self._canaries.learn(code, sid, "one-time code")
        self.codes += 1
        check = f"Services/{self._services[sid]}/VerificationCheck"
        match way % 3:
            case 0:
                checked = await self._asked(sid, check, To=to, Code=code)
                self.approved += checked["status"] == "approved"
            case 1:
                # The right code, where it is none: in a request that is refused.
                await self._ask(sid, f"/v2/{check}", To="+12125550100", Code=code)
                await self._ask(sid, f"/v2/{check}", To=to, Code=f"{code} ")
            case _:
                await self._asked(sid, check, To=to, Code=code[::-1])

    async def _asked(self, sid: str, path: str, **form: str) -> dict[str, Any]:
        answer = await self._ask(sid, f"/v2/{path}", **form)
        for _ in range(TRIES):
            if answer.status != TOO_MANY:
                break
            # All tenants come at once: a busy API asks some to come again.
            await asyncio.sleep(RETRY_S)
            answer = await self._ask(sid, f"/v2/{path}", **form)
        if answer.status not in {200, 201}:
            raise AssertionError(f"{path.rpartition('/')[2]} answered {answer.status}: this drill would prove nothing")
        found: dict[str, Any] = msgspec.json.decode(answer.body)
        return found
