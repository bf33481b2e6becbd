"""What the API drives of verifications."""

import msgspec

from ringfence.domain.verify_templates.catalogue import Templates
from ringfence.ports.verify_events import VerifyEvents
from ringfence.usecases.timeline.read_verification import VerificationTimelineReader
from ringfence.usecases.verify.check_verification import VerificationChecker
from ringfence.usecases.verify.fetch_verification import VerificationReader
from ringfence.usecases.verify.read_attempts import AttemptReader
from ringfence.usecases.verify.settle_verification import VerificationSettler
from ringfence.usecases.verify.silent_auth import SilentChecker
from ringfence.usecases.verify.start_verification import VerificationStarter
from ringfence.usecases.verify.update_verification import VerificationChanger


class Verifying(msgspec.Struct, frozen=True, kw_only=True):
    """One of each, over the same store and keys. `events` is where factors and challenges say what happened to them.

    `silent` is None where no network vouches for telephones.
    """

    templates: Templates
    starter: VerificationStarter
    checker: VerificationChecker
    silent: SilentChecker | None = None
    reader: VerificationReader
    settler: VerificationSettler
    changer: VerificationChanger
    timeline: VerificationTimelineReader
    events: VerifyEvents
    attempts: AttemptReader
