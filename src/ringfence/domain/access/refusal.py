"""Why access is refused: one word for each reason, for pages, records and tests."""

from enum import StrEnum


class Refusal(StrEnum):
    """The reasons there are."""

    SCOPE = "scope"
    EPOCH_OPEN = "epoch_open"
    REASON = "reason"
    MINUTES = "minutes"
    KEY = "key"
    PENDING = "pending"
    COOL_DOWN = "cool_down"
    ENDED = "ended"
    OUT_OF_TURN = "out_of_turn"
    NOT_APPROVER = "not_approver"
    OTHER_TENANT = "other_tenant"
    OWN_REQUEST = "own_request"
    OTHER_SESSION = "other_session"
    COMMITMENT = "commitment"
    NUMBER = "number"
    BOXES = "boxes"
    UNKNOWN = "unknown"
    POLICY = "policy"
    STALE = "stale"
    CLOCK = "clock"
    SHARED = "shared"
    SHARED_OFTEN = "shared_often"


_WORDS = {
    Refusal.SCOPE: "choose records, or whole hours, and not too many of them",
    Refusal.EPOCH_OPEN: "an hour can be asked for once it has ended",
    Refusal.REASON: "a reason of 10 to 500 characters is needed",
    Refusal.MINUTES: "from 1 to 480 minutes can be asked for",
    Refusal.KEY: "the session's public key is no such key",
    Refusal.PENDING: "three requests are waiting for an answer: no more until one of them is answered",
    Refusal.COOL_DOWN: "a request was refused, withdrawn or not answered: wait before the next",
    Refusal.ENDED: "it has ended",
    Refusal.OUT_OF_TURN: "it is not the turn of this step",
    Refusal.NOT_APPROVER: "only an approver may answer",
    Refusal.OTHER_TENANT: "it is another tenant's",
    Refusal.OWN_REQUEST: "nobody approves a request of their own",
    Refusal.OTHER_SESSION: "another session asked",
    Refusal.COMMITMENT: "the value is not the one that was promised",
    Refusal.NUMBER: "the numbers differ: what is approved here is not what was asked there",
    Refusal.BOXES: "the keys are not those of the request",
    Refusal.UNKNOWN: "there is no such request",
    Refusal.POLICY: "the policy does not permit it",
    Refusal.STALE: "touch the passkey again first",
    Refusal.CLOCK: "the browser's clock is more than five minutes wrong: set it",
    Refusal.SHARED: "twenty timelines are shared at this moment: end one of them",
    Refusal.SHARED_OFTEN: "a hundred timelines were shared within a day: wait before the next",
}


class AccessRefusedError(Exception):
    """What somebody wanted is refused; `refusal` says why. The text names no person, number or content."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(_WORDS[refusal])
        self.refusal = refusal
