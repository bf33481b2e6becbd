"""What the operator's settings allow accounts: what the page of limits tells, and other processes hold them to."""

from collections.abc import Mapping, Sequence

import msgspec

from ringfence.usecases.verify.watch_for_fraud import CodeBounds
from ringfence.usecases.voice.brakes import BrakeLimits


class Allowed(msgspec.Struct, frozen=True, kw_only=True):
    """Rates are texts or requests a second; `api_rate_rps` is 0 for as many as fit.

    Numbers and accounts may have rates of their own. For one number as many texts wait as it sends in
    `sender_queue_s`. `fraud_guard` is its level; codes go to `code_countries`, to all where there are none.
    """

    api_rate_rps: float = 0.0
    number_rate_mps: float = 100.0
    account_rate_mps: float = 1_000.0
    number_rates: Mapping[str, float] = {}
    account_rates: Mapping[str, float] = {}
    sender_queue_s: int = 14_400
    calls: BrakeLimits = BrakeLimits()
    codes: CodeBounds = CodeBounds(whole_micros=250_000_000)
    fraud_guard: str = "off"
    code_countries: Sequence[str] = ()
