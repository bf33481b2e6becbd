"""Have a witness cosign the ledger's last checkpoint.

It remembers what it cosigned before, and signs nothing that does not follow from that. So a ledger that was rewritten
is refused, and whoever runs this installation hears of it at once. Source: C2SP, tlog-witness.
"""

from ringfence.domain.ledger.checkpoint import parse_checkpoint
from ringfence.domain.ledger.note import NoteError, join_note, split_note
from ringfence.domain.ledger.witness_request import cosignature_in, read_size, request_body
from ringfence.ports.http import HttpClient, HttpFailedError, HttpRequest, HttpResponse
from ringfence.ports.witnesses import Checkpoints, Witness, WitnessState

TRIES = 3
ANSWER_MAX_BYTES = 64 << 10
OK, CONFLICT, DOES_NOT_FOLLOW = 200, 409, 422
_STRANGER = {403: "does not trust the ledger's key", 404: "does not know this ledger"}
_KNOWN = {400: "finds the request malformed"}


class WitnessAwayError(Exception):
    """It did not answer, or with what is no answer: nothing is known of the ledger by that."""


class WitnessStrangerError(WitnessAwayError):
    """It does not take this ledger for one that it is to cosign: that does not pass by itself."""


class WitnessRefusedError(Exception):
    """It knows the ledger otherwise than it is shown."""


async def ask_witness(
    http: HttpClient, records: Checkpoints, witness: Witness, known: WitnessState, note: str
) -> WitnessState | None:
    """What it cosigned now; None where it has cosigned the checkpoint `note` already.

    What it cosigned is kept for whoever asks before this returns. WitnessRefusedError, WitnessAwayError,
    WitnessStrangerError; ConnectionError where the ledger cannot be read, or that not be kept.
    """
    old_size = known.size
    text, _lines = split_note(note)
    size = parse_checkpoint(text).size
    if known.checkpoint and split_note(known.checkpoint)[0] == text and not known.trouble:
        return None
    for _ in range(TRIES):
        if old_size > size:
            raise WitnessRefusedError(f"cosigned {old_size} entries, and the ledger has {size}")
        answer = await _submit(http, records, witness, old_size, size, note)
        if answer.status == OK:
            state = _cosigned(answer, text, size, note, witness)
            await records.keep_cosigned(state.checkpoint)
            return state
        if answer.status == DOES_NOT_FOLLOW:
            raise WitnessRefusedError(f"the {size} entries do not follow from the {old_size} that it cosigned")
        if answer.status in _STRANGER:
            raise WitnessStrangerError(_STRANGER[answer.status])
        if answer.status != CONFLICT:
            raise WitnessAwayError(_KNOWN.get(answer.status, f"answers {answer.status}"))
        try:
            remembered = read_size(answer.body)
        except ValueError:
            remembered = size if old_size == size else -1
        if remembered < 0:
            raise WitnessAwayError("answers 409 without a number of entries")
        if remembered == old_size:
            raise WitnessRefusedError(f"cosigned other {old_size} entries")
        old_size = remembered
    raise WitnessAwayError("names another number of entries each time")


async def _submit(
    http: HttpClient, records: Checkpoints, witness: Witness, old_size: int, size: int, note: str
) -> HttpResponse:
    # RFC 9162 has no proof for an empty tree, and none for the tree itself.
    proof = await records.consistency(old_size, size) if 0 < old_size < size else ()
    request = HttpRequest(
        method="POST",
        url=f"{witness.url}/add-checkpoint",
        headers=(("Content-Type", "text/plain; charset=utf-8"),),
        body=request_body(old_size, proof, note),
        max_body_bytes=ANSWER_MAX_BYTES,
    )
    try:
        return await http.send(request)
    except HttpFailedError as error:
        raise WitnessAwayError(error.cause) from None


def _cosigned(answer: HttpResponse, text: str, size: int, note: str, witness: Witness) -> WitnessState:
    try:
        line, at_s = cosignature_in(answer.body, note, witness.verifier)
    except NoteError as error:
        raise WitnessAwayError(str(error)) from None
    return WitnessState(size=size, at_ms=at_s * 1_000, checkpoint=join_note(text, [*_own_lines(note), f"{line}\n"]))


def _own_lines(note: str) -> list[str]:
    return [f"{line}\n" for line in split_note(note)[1]]
