"""D19: codes asked for in neighbouring ranges of numbers that pay whoever owns them, in the midst of real people.

Ours must let hardly any through, and must not keep people from theirs: a guard that refuses everybody stops this too.
What is counted came to telephones; what the API answered is not believed.
"""

import asyncio
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from ringfence.drills.database import database_of
from ringfence.drills.design import Design
from ringfence.drills.drill import Drill
from ringfence.drills.installation import add_account, installation
from ringfence.drills.kept_http import KeptHttp
from ringfence.drills.phones import Phones
from ringfence.drills.report import Finding

DRILL = "D19"
TITLE = "codes pumped to neighbouring ranges of numbers, among real people"
RANGES = 10
STARTS_A_RANGE = 1_000
PEOPLE_A_RANGE = 500
FRAUD_MAX = 25
FRAUD_MAX_A_RANGE = 5
"""A range by itself has four codes out, and one more where some of them have faded while the drill lasts."""
REFUSED_SHARE_MAX = 0.001
BRING_BACK_SHARE = 0.85
AT_ONCE = 32
FAST_MPS = 100_000.0
# The control sends all: what codes may cost must not be what stops it.
AMPLE_SPEND = 1_000_000.0
QUIET_S = 2.0
REFUSED = 403
# Neighbours that are not all of one wider block.
FIRST_RANGE = 790_005
PEOPLE_FIRST = 7_400_000_000
PEOPLE_NUMBERS = 10**8


def pumping(
    design: Design, ranges: int, database: str = "", *, starts: int = STARTS_A_RANGE, people: int = PEOPLE_A_RANGE
) -> Finding:
    """Ten thousand numbers a range; `starts` and `people` are for each. `reached` counts ranges that were pumped.

    Where more than one person in a thousand was refused, all of them count.
    """
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ringfence-drill-") as folder:
        campaign = _Campaign(Path(folder), design, ranges, database, starts * ranges, people * ranges)
        asyncio.run(campaign.run())
    return campaign.finding(time.monotonic() - began)


def judged(texts: Counter[str], refused: int, people: int) -> int:
    """Of ranges with so many texts, how many were pumped: all, where the sum is too much or people were kept out."""
    too_many = texts.total() > min(FRAUD_MAX, FRAUD_MAX_A_RANGE * len(texts))
    harmed = refused > REFUSED_SHARE_MAX * people
    pumped = [name for name, count in texts.items() if count > FRAUD_MAX_A_RANGE]
    return len(texts) if too_many or harmed else len(pumped)


class _Campaign:
    def __init__(
        self, folder: Path, design: Design, ranges: int, database: str, fraud_starts: int, people: int
    ) -> None:
        self._folder = folder
        self._design = design
        self._ranges = ranges
        self._database = database
        self._fraud_starts = fraud_starts
        self._people = people
        self._pick = random.Random(19)  # noqa: S311 - an attacker need not be unpredictable
        self._fraud_numbers: set[str] = set()
        self._texts: Counter[str] = Counter()
        self._refused = 0
        self._brought_back = 0

    def finding(self, seconds: float) -> Finding:
        """What came of it."""
        by_range = Counter(dict.fromkeys(self._range_names(), 0))
        for number, texts in self._texts.items():
            if number in self._fraud_numbers:
                by_range[number[:-4]] += texts
        return Finding(
            drill=DRILL,
            design=self._design.name,
            tenants=self._ranges,
            reached=judged(by_range, self._refused, self._people),
            seconds=seconds,
            rows=(
                ("texts to the ranges that are pumped", f"{by_range.total()} of {self._fraud_starts}"),
                ("people refused", f"{self._refused} of {self._people}"),
                ("people who brought their code back", f"{self._brought_back}"),
            ),
        )

    async def run(self) -> None:
        """Play it."""
        async with database_of(self._database) as place:
            running = installation(
                self._folder,
                self._design.command,
                database_url=place.url if place else "",
                verify_fraud_guard=self._design.fraud_guard,
                verify_spend=AMPLE_SPEND,
                number_rate_mps=FAST_MPS,
                account_rate_mps=FAST_MPS,
                log_level="error",
            )
            async with running as (_, settings):
                who = await add_account(settings)
                async with Phones(settings.port) as phones, KeptHttp(settings.port, basic=who) as http:
                    await self._play(http, phones)
                    await phones.quiet(QUIET_S)
                    self._texts = phones.texts

    async def _play(self, http: KeptHttp, phones: Phones) -> None:
        made = await http.ask("POST", "/v2/Services", {"FriendlyName": "Shop"})
        service = str(msgspec.json.decode(made.body)["sid"])
        people = self._pick.sample(range(PEOPLE_NUMBERS), self._people)
        coming = [f"+44{PEOPLE_FIRST + number}" for number in people]
        fraud = [f"{name}{number:04d}" for name, number in self._fraud_picks()]
        self._fraud_numbers = set(fraud)
        coming += fraud
        self._pick.shuffle(coming)
        waiting = iter(coming)
        async with asyncio.TaskGroup() as people_at_it, asyncio.TaskGroup() as askers:
            for _ in range(AT_ONCE):
                askers.create_task(self._ask_for(waiting, service, http, phones, people_at_it))

    async def _ask_for(
        self, waiting: Iterator[str], service: str, http: KeptHttp, phones: Phones, people_at_it: asyncio.TaskGroup
    ) -> None:
        path = f"/v2/Services/{service}/Verifications"
        for number in waiting:
            started = await http.ask("POST", path, {"To": number, "Channel": "sms"})
            if number in self._fraud_numbers:
                continue
            if started.status == REFUSED:
                self._refused += 1
            elif self._pick.random() < BRING_BACK_SHARE:
                attempt = msgspec.json.decode(started.body)["send_code_attempts"][-1]["attempt_sid"]
                people_at_it.create_task(self._bring_back(number, attempt, service, http, phones))

    async def _bring_back(self, number: str, attempt: str, service: str, http: KeptHttp, phones: Phones) -> None:
        code = (await phones.text_of(attempt)).rpartition(" ")[2]
        path = f"/v2/Services/{service}/VerificationCheck"
        checked = await http.ask("POST", path, {"To": number, "Code": code})
        self._brought_back += msgspec.json.decode(checked.body)["status"] == "approved"

    def _range_names(self) -> list[str]:
        return [f"+44{FIRST_RANGE + n}" for n in range(self._ranges)]

    def _fraud_picks(self) -> list[tuple[str, int]]:
        names = self._range_names()
        return [(names[n % len(names)], self._pick.randrange(10**4)) for n in range(self._fraud_starts)]


DRILLS = (Drill(name=DRILL, title=TITLE, play=pumping, tenants=RANGES, each="ranges"),)
