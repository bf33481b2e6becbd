"""Why an answer of an authenticator is refused. Nothing of the answer is told."""

from enum import StrEnum


class Refusal(StrEnum):
    """The first rule that an answer breaks, in the order in which they are asked."""

    MALFORMED = "malformed"
    EXPIRED = "expired"
    TYPE = "type"
    CHALLENGE = "challenge"
    ORIGIN = "origin"
    CROSS_ORIGIN = "cross_origin"
    CREDENTIAL = "credential"
    USER_HANDLE = "user_handle"
    RP_ID = "rp_id"
    USER_PRESENCE = "user_presence"
    USER_VERIFICATION = "user_verification"
    ALGORITHM = "algorithm"
    ATTESTATION = "attestation"
    AAGUID = "aaguid"
    SIGNATURE = "signature"
    BACKUP = "backup"
    COUNTER = "counter"


class PasskeyRefusedError(Exception):
    """The answer proves nothing. COUNTER and a changed BACKUP are said of rightly signed answers alone."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(f"refused: {why.value}")
        self.why = why
