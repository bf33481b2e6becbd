"""Who knows of numbers, at an HTTP service of the operator's choice.

The service is sent JSON by POST: `number`, `country`, `fields`, and where they are needed `identity`,
`last_verified_date` and `partner_sub_id`. It answers 200 with a JSON object of the packages it has, named and formed as
in a lookup's answer. What is asked leaves this installation: that is the operator's decision, by a setting.
"""

from typing import Any

import msgspec

from ringfence.domain.lookups.packages import Packages
from ringfence.ports.http import HttpClient, HttpFailedError, HttpRequest
from ringfence.ports.lookups import Question

ANSWER_MS = 10_000
MAX_ANSWER_BYTES = 64 << 10


class NumberService:
    """Implements `ports.lookups.NumberIntelligence` over any HTTP client."""

    def __init__(self, http: HttpClient, url: str, *, token: str = "") -> None:
        self._http = http
        self._url = url
        self._token = token

    def __repr__(self) -> str:
        return "NumberService(…)"

    async def know(self, question: Question) -> Packages:
        """ConnectionError where the service does not answer, or answers something else."""
        headers = [("content-type", "application/json"), ("accept", "application/json")]
        if self._token:
            headers.append(("authorization", f"Bearer {self._token}"))
        request = HttpRequest(
            method="POST",
            url=self._url,
            headers=tuple(headers),
            body=msgspec.json.encode(_asked(question)),
            read_ms=ANSWER_MS,
            total_ms=ANSWER_MS,
            max_body_bytes=MAX_ANSWER_BYTES,
        )
        try:
            answer = await self._http.send(request)
        except HttpFailedError as error:
            raise ConnectionError(f"the service that knows of numbers does not answer: {error.cause}") from None
        if answer.status != 200:
            raise ConnectionError(f"the service that knows of numbers answered {answer.status}")
        try:
            return msgspec.json.decode(answer.body, type=Packages)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise ConnectionError("the service that knows of numbers answered with something else") from None


def _asked(question: Question) -> dict[str, Any]:
    asked: dict[str, Any] = {"number": question.number, "country": question.country, "fields": question.fields}
    if "identity_match" in question.fields:
        said = msgspec.structs.asdict(question.claimed)
        asked["identity"] = {name: value for name, value in said.items() if value}
    if "reassigned_number" in question.fields:
        asked["last_verified_date"] = question.last_verified_date
    if "sms_pumping_risk" in question.fields and question.partner_sub_id:
        asked["partner_sub_id"] = question.partner_sub_id
    return asked
