"""Have the ledger's witnesses cosign it, once a minute each, and say at once where one does not."""

import asyncio
from collections.abc import Sequence

import structlog
from msgspec.structs import replace
from prometheus_client import CollectorRegistry, Counter, Gauge

from ringfence.domain.clock import Clock
from ringfence.ports.http import HttpClient
from ringfence.ports.operations import OperationsStore
from ringfence.ports.store import QueueFullError, StoreFailedError
from ringfence.ports.witnesses import Checkpoints, Witness, WitnessState, WitnessStates
from ringfence.usecases.access.ask_witness import (
    WitnessAwayError,
    WitnessRefusedError,
    WitnessStrangerError,
    ask_witness,
)
from ringfence.usecases.operations.incidents import Condition, settle_incidents

EVERY_S = 60.0
AWAY_MS = 10 * 60_000
REFUSES, NO_COSIGNATURE = "witness refuses", "no cosignature by a witness"
NOT_READ, LEDGER = "not read for its witnesses", "ledger"
COSIGNED, REFUSED, AWAY = "cosigned", "refused", "away"

_log = structlog.get_logger(__name__)


class WitnessRounds:
    """Runs until cancelled. A witness that is away delays a round; a ledger that cannot be read is an incident."""

    def __init__(
        self,
        witnesses: Sequence[Witness],
        http: HttpClient,
        records: Checkpoints,
        states: WitnessStates,
        incidents: OperationsStore,
        clock: Clock,
        registry: CollectorRegistry,
    ) -> None:
        self._witnesses = witnesses
        self._http = http
        self._records = records
        self._states = states
        self._incidents = incidents
        self._clock = clock
        self._is_read = True
        self._unread_since_ms: int | None = None
        self._asked = Counter(
            "ringfence_ledger_witness_asked_total",
            "Checkpoints that a witness was to cosign, by end: cosigned, refused (the ledger was changed), away.",
            ["end"],
            registry=registry,
        )
        self._refusing = Gauge(
            "ringfence_ledger_witnesses_refusing",
            "Witnesses that know the ledger otherwise than it is.",
            registry=registry,
            multiprocess_mode="livemax",
        )

    async def run(self) -> None:
        """A round a minute."""
        if not self._witnesses:
            return
        while True:
            await self.round()
            await asyncio.sleep(EVERY_S)

    async def round(self) -> None:
        """Ask each of them once, all of them about one checkpoint: so there is one that all of them signed."""
        known = self._states.read()
        self._is_read = True
        note = await self._checkpoint()
        for witness in self._witnesses if note else ():
            before = known.get(witness.name, WitnessState())
            after, end = await self._ask(witness, before, note)
            if end:
                self._asked.labels(end).inc()
            if after != before:
                self._keep(witness, after)
        found = self._states.read()
        troubled = {each.name: found[each.name] for each in self._witnesses if each.name in found}
        self._refusing.set(sum(state.refuses for state in troubled.values()))
        now_ms = self._clock.now_ms()
        conditions = [
            Condition(REFUSES if state.refuses else NO_COSIGNATURE, name, state.since_ms)
            for name, state in troubled.items()
            if _is_incident(state, now_ms)
        ]
        if self._is_read:
            self._unread_since_ms = None
        else:
            # No witness sees what happens to it meanwhile.
            self._unread_since_ms = now_ms if self._unread_since_ms is None else self._unread_since_ms
            conditions.append(Condition(NOT_READ, LEDGER, self._unread_since_ms))
        kinds = (REFUSES, NO_COSIGNATURE, NOT_READ)
        try:
            await settle_incidents(self._incidents, self._clock, conditions, lambda row: row.kind in kinds)
        except (QueueFullError, StoreFailedError) as away:
            _log.warning("store away", error=type(away).__name__)

    async def _checkpoint(self) -> str:
        try:
            return await self._records.checkpoint()
        except ConnectionError as error:
            _log.warning("ledger.not_read_for_witness", error=type(error).__name__)
            self._is_read = False
            return ""

    async def _ask(self, witness: Witness, before: WitnessState, note: str) -> tuple[WitnessState, str]:
        try:
            after = await ask_witness(self._http, self._records, witness, before, note)
        except ConnectionError as error:
            _log.warning("ledger.not_read_for_witness", service=witness.name, error=type(error).__name__)
            self._is_read = False
            return before, ""
        except WitnessRefusedError as error:
            _log.error("ledger.witness_refuses", service=witness.name, cause=str(error))
            return self._troubled(before, str(error), refuses=True), REFUSED
        except WitnessAwayError as error:
            _log.warning("ledger.witness_away", service=witness.name, cause=str(error))
            # Whoever refused and is away now has not taken it back.
            estranged = isinstance(error, WitnessStrangerError)
            return self._troubled(before, str(error), refuses=before.refuses, estranged=estranged), AWAY
        return (before, "") if after is None else (after, COSIGNED)

    def _troubled(self, before: WitnessState, trouble: str, *, refuses: bool, estranged: bool = False) -> WitnessState:
        since_ms = before.since_ms if before.trouble else self._clock.now_ms()
        return replace(before, trouble=trouble, refuses=refuses, estranged=estranged, since_ms=since_ms)

    def _keep(self, witness: Witness, state: WitnessState) -> None:
        try:
            self._states.put(witness.name, state)
        except OSError as error:
            _log.error("ledger.witness_not_kept", service=witness.name, code=error.errno)


def _is_incident(state: WitnessState, now_ms: int) -> bool:
    # A witness that is cut off would let the ledger be rewritten unseen: being away is borne for a while, no longer.
    long_away = bool(state.trouble) and now_ms - state.since_ms >= AWAY_MS
    return state.refuses or state.estranged or long_away
