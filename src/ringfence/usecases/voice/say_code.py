"""A call that brings a code: asks for a key where it must, then has the code told, and says it.

The code is asked of the key service when it is about to be spoken, and is in no row, no step and no cached sound.
"""

from ringfence.domain.call import Status
from ringfence.domain.spoken_code import SpokenCode, Wording, announcement, invitation, say
from ringfence.ports.verification_codes import CodeOf
from ringfence.usecases.voice.desk import Desk
from ringfence.usecases.voice.live_call import LiveCall
from ringfence.usecases.voice.script import Start
from ringfence.usecases.voice.sounds import SoundFailedError

SHOWN = "the code is spoken"


class CodeSaying:
    """One call's saying of its code."""

    def __init__(self, desk: Desk, call: LiveCall, spoken: SpokenCode) -> None:
        self._desk = desk
        self._call = call
        self._spoken = spoken
        self._wording: Wording | None = None
        self._asked = False

    async def answered(self) -> None:
        """Somebody, or something, has taken the call."""
        self._wording = await self._speakable()
        if not self._spoken.key_first:
            await self._say(self._wording)
        elif not self._asked:
            self._call.run_document(Start(document=invitation(self._wording, self._spoken.voice)))

    async def pressed(self) -> None:
        """A key: the first one is answered with the code, further ones with nothing."""
        if self._asked or self._wording is None or not self._spoken.key_first:
            return
        self._asked = True
        await self._say(self._wording)

    async def _say(self, wording: Wording) -> None:
        code = await self._reveal()
        if code is None:
            self._call.give_up(Status.FAILED)
            return
        self._call.record.step("verb", SHOWN, fields=(("locale", wording.locale),))
        self._call.run_document(Start(document=announcement(wording, self._spoken.voice, code)))

    async def _reveal(self) -> str | None:
        record, spoken = self._call.record, self._spoken
        if self._desk.codes is None:
            record.step("error", "this voice process is not let near codes")
            return None
        wanted = CodeOf(account=record.account, sid=spoken.verification, service=spoken.service, to=record.content.to)
        try:
            (code,) = await self._desk.codes.reveal_codes([wanted])
        except ConnectionError:
            record.step("error", "the key service, which alone knows the code, is away")
            return None
        if code is None:
            record.step("error", "the verification was over before its code could be said")
        return code

    async def _speakable(self) -> Wording:
        """The first wording that a voice speaks; the last where none does."""
        for wording in self._spoken.wordings:
            try:
                await self._desk.sounds.spoken(self._call.account, say("1", wording.locale, self._spoken.voice))
            except SoundFailedError:
                self._call.record.step("warning", "no voice speaks this language", fields=(("locale", wording.locale),))
            else:
                return wording
        return self._spoken.wordings[-1]
