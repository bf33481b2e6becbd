"""The installation as the operator's console shows it, from settings."""

import shutil
from collections.abc import Sequence

from ringfence.carriers.simulator.carrier import NAME as SIMULATOR
from ringfence.console.operator.installation import Disk, Installation, Way
from ringfence.mail.smtp_carrier import NAME as MAIL
from ringfence.mail.smtp_url import parse_smtp_url
from ringfence.roles.settings import Settings
from ringfence.roles.witness_file import WitnessFile


def installation_of(settings: Settings) -> Installation:
    """Its carriers in the order in which they are tried, and its bounds."""

    def disk() -> Disk:
        usage = shutil.disk_usage(settings.data_dir)
        return Disk(usage.total, usage.free)

    return Installation(
        ways=_ways(settings),
        number_rate_mps=settings.number_rate_mps,
        account_rate_mps=settings.account_rate_mps,
        calls_at_once=settings.calls_at_once,
        disk=disk,
        witnesses=WitnessFile(settings.data_dir).read,
    )


def _ways(settings: Settings) -> Sequence[Way]:
    texts = [Way(name=SIMULATOR, kind="texts")] if settings.dev else []
    mails = [Way(name=MAIL, kind="mails", host=parse_smtp_url(settings.smtp_url).host)] if settings.smtp_url else []
    trunks = [Way(name=trunk.name, kind="calls", host=trunk.host, beginnings=trunk.numbers) for trunk in settings.trunk]
    return [*texts, *mails, *trunks]
