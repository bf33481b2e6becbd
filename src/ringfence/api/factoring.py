"""What the API drives of entities, factors and challenges."""

import msgspec

from ringfence.usecases.timeline.read_challenge import ChallengeTimelineReader
from ringfence.usecases.verify.challenges import Challenges
from ringfence.usecases.verify.devices import Devices
from ringfence.usecases.verify.enrolments import Enrolments
from ringfence.usecases.verify.entities import Entities
from ringfence.usecases.verify.factor_news import FactorNews
from ringfence.usecases.verify.factors import Factors
from ringfence.usecases.verify.notify_challenge import ChallengeNotifier
from ringfence.usecases.verify.passkey_challenge import PasskeyChallenges
from ringfence.usecases.verify.passkey_factor import PasskeyFactors
from ringfence.usecases.verify.push_challenge import PushChallenges
from ringfence.usecases.verify.push_credentials import PushCredentials
from ringfence.usecases.verify.push_factor import PushFactors
from ringfence.usecases.verify.totp_challenge import TotpChallenges
from ringfence.usecases.verify.totp_factor import TotpFactors


class Factoring(msgspec.Struct, frozen=True, kw_only=True):
    """One of each, over the same store and keys."""

    entities: Entities
    factors: Factors
    totp_factors: TotpFactors
    challenges: Challenges
    totp_challenges: TotpChallenges
    passkey_factors: PasskeyFactors
    passkey_challenges: PasskeyChallenges
    push_factors: PushFactors
    push_challenges: PushChallenges
    notifier: ChallengeNotifier
    push_credentials: PushCredentials
    enrolments: Enrolments
    devices: Devices
    news: FactorNews
    timeline: ChallengeTimelineReader
