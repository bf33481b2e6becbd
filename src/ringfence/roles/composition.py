"""How the use cases hang together, the same in one process (drills, tests) as in a process a role."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import msgspec
from prometheus_client import CollectorRegistry

from ringfence.api.calling import Calling
from ringfence.api.factoring import Factoring
from ringfence.api.messaging import Messaging
from ringfence.api.verifying import Verifying
from ringfence.dispatch.bells import Bells
from ringfence.dispatch.epoch_sweep import sweep_epochs
from ringfence.dispatch.news import News
from ringfence.dispatch.rates import Rates
from ringfence.dispatch.retained_sweep import sweep_retained
from ringfence.dispatch.sender_queues import SenderQueues
from ringfence.dispatch.text_metrics import TextMetrics
from ringfence.dispatch.webhooks import WebhookLoop
from ringfence.domain.clock import Clock
from ringfence.domain.fraud_guard.networks import Networks
from ringfence.domain.rating import DEVELOPMENT_RATES
from ringfence.domain.verify_templates.catalogue import Templates
from ringfence.ports.carrier import Carrier
from ringfence.ports.factor_keys import FactorKeys
from ringfence.ports.fraud_guard import FraudGuard, NoGuard
from ringfence.ports.http import HttpClient
from ringfence.ports.keys import DeliveryKeys, TenantKeys
from ringfence.ports.onlookers import Detours, Onlookers
from ringfence.ports.push_sender import PushSender
from ringfence.ports.recordings import RecordingFiles
from ringfence.ports.silent_network import SilentNetwork
from ringfence.ports.store import Store
from ringfence.ports.verification_channels import CodeChannel
from ringfence.ports.verification_codes import CodeReader, VerificationCodes
from ringfence.ports.wake import Wake
from ringfence.usecases.access.halts import FrozenAccounts
from ringfence.usecases.messaging.deliver import Deliverer
from ringfence.usecases.messaging.edit import Editor
from ringfence.usecases.messaging.fetch_media import MediaFetcher
from ringfence.usecases.messaging.mail_with_code import MailChannel, MailRoute
from ringfence.usecases.messaging.media_links import MediaLinks
from ringfence.usecases.messaging.pool_sender import PoolSender
from ringfence.usecases.messaging.queue_bound import QueueBound
from ringfence.usecases.messaging.read import Reader
from ringfence.usecases.messaging.read_media import MediaReader
from ringfence.usecases.messaging.receipts import ReceiptTaker
from ringfence.usecases.messaging.receive import Receiver
from ringfence.usecases.messaging.reply import Replier
from ringfence.usecases.messaging.second_look import SecondLook
from ringfence.usecases.messaging.send import Sender
from ringfence.usecases.messaging.text_with_code import TextChannel
from ringfence.usecases.messaging.whatsapp_with_code import WhatsappChannel
from ringfence.usecases.timeline.notifications import NotificationReader
from ringfence.usecases.timeline.read import TimelineReader
from ringfence.usecases.timeline.read_call import CallTimelineReader
from ringfence.usecases.timeline.read_challenge import ChallengeTimelineReader
from ringfence.usecases.timeline.read_verification import VerificationTimelineReader
from ringfence.usecases.timeline.tell_again import EventTeller
from ringfence.usecases.verify.challenges import Challenges
from ringfence.usecases.verify.check_verification import VerificationChecker
from ringfence.usecases.verify.devices import Devices
from ringfence.usecases.verify.enrolments import Enrolments
from ringfence.usecases.verify.entities import Entities
from ringfence.usecases.verify.factor_news import FactorNews
from ringfence.usecases.verify.factors import Factors
from ringfence.usecases.verify.fetch_verification import VerificationReader
from ringfence.usecases.verify.notify_challenge import ChallengeNotifier
from ringfence.usecases.verify.passkey_challenge import PasskeyChallenges
from ringfence.usecases.verify.passkey_factor import PasskeyFactors
from ringfence.usecases.verify.push_challenge import PushChallenges
from ringfence.usecases.verify.push_credentials import PushCredentials
from ringfence.usecases.verify.push_factor import PushFactors
from ringfence.usecases.verify.read_attempts import AttemptReader
from ringfence.usecases.verify.settle_verification import VerificationSettler
from ringfence.usecases.verify.silent_auth import SilentChannel, SilentChecker
from ringfence.usecases.verify.start_verification import VerificationStarter
from ringfence.usecases.verify.tell_events import VerifyEventTeller
from ringfence.usecases.verify.totp_challenge import TotpChallenges
from ringfence.usecases.verify.totp_factor import TotpFactors
from ringfence.usecases.verify.update_verification import VerificationChanger
from ringfence.usecases.voice.brakes import BrakeLimits, Brakes
from ringfence.usecases.voice.call_with_code import CallChannel
from ringfence.usecases.voice.change_call import CallChanger
from ringfence.usecases.voice.change_recordings import RecordingChanger
from ringfence.usecases.voice.create_call import CallCreator
from ringfence.usecases.voice.read_calls import CallReader
from ringfence.usecases.voice.read_recordings import RecordingReader
from ringfence.usecases.voice.recording_links import RecordingLinks
from ringfence.usecases.webhooks.deliver_event import EventDelivery, Keep
from ringfence.webauthn.passkeys import WebauthnPasskeys


def compose_messaging(
    store: Store,
    keys: TenantKeys,
    clock: Clock,
    wake: Wake,
    *,
    carrier: str,
    magic_numbers: bool,
    queue_limit_of: Callable[[str], int] | None = None,
) -> Messaging:
    """What the API drives. `queue_limit_of` a number is how many texts may wait for it; without, there is no bound."""
    bound = QueueBound(store, clock, carrier=carrier, limit_of=queue_limit_of) if queue_limit_of else None
    reader = Reader(store, keys, clock)
    return Messaging(
        sender=Sender(store, keys, clock, wake, carrier=carrier, magic_numbers=magic_numbers, bound=bound),
        reader=reader,
        editor=Editor(store, keys, clock, wake, reader),
        media=MediaReader(store, keys, clock),
        timeline=TimelineReader(store, keys),
        call_timeline=CallTimelineReader(store, keys),
        notifications=NotificationReader(store, keys),
        teller=EventTeller(store, keys, clock, wake),
    )


def compose_calling(
    store: Store,
    keys: TenantKeys,
    clock: Clock,
    wake: Wake,
    files: RecordingFiles,
    *,
    magic_numbers: bool,
    limits: BrakeLimits | None = None,
) -> Calling:
    """What the API drives of calls. `wake` rings whoever runs them, and whoever tells of them."""
    brakes = Brakes(store, clock, limits)
    reader = CallReader(store, keys, clock)
    return Calling(
        creator=CallCreator(store, keys, clock, wake, magic_numbers=magic_numbers, brakes=brakes),
        reader=reader,
        changer=CallChanger(store, keys, clock, wake, reader),
        recordings=RecordingReader(store, keys, clock, files),
        recording_changer=RecordingChanger(store, keys, clock, wake, files),
    )


class CodeKeys(TenantKeys, VerificationCodes, Protocol):
    """A key service, as verifications need it."""


def compose_verifying(
    store: Store,
    keys: CodeKeys,
    clock: Clock,
    wake: Wake,
    *,
    carrier: str,
    stock_sender: bool,
    voices: Wake | None = None,
    limits: BrakeLimits | None = None,
    guard: FraudGuard | None = None,
    mail: MailRoute | None = None,
    whatsapp: bool = False,
    silent: SilentNetwork | None = None,
    templates: Templates | None = None,
    networks: Networks | None = None,
) -> Verifying:
    """What the API drives of verifications. `voices` rings whoever runs calls; without it there are none.

    With `stock_sender` accounts need no number of their own. Without `mail` none is sent;
    `whatsapp` says whether the carrier takes WhatsApp messages; `silent` is a network that vouches for telephones.
    `templates` are what verifications may say, without any those that everybody has. `networks` tell the guard whose an
    address is.
    """
    texts = TextChannel(store, keys, clock, wake, carrier=carrier, stock_sender=stock_sender)
    channels: dict[str, CodeChannel] = {"sms": texts}
    if whatsapp:
        channels["whatsapp"] = WhatsappChannel(store, texts, PoolSender(store, keys, clock))
    if voices is not None:
        brakes = Brakes(store, clock, limits)
        channels["call"] = CallChannel(store, keys, clock, voices, stock_sender=stock_sender, brakes=brakes)
    if mail is not None:
        channels["email"] = MailChannel(store, keys, clock, wake, mail)
    if silent is not None:
        channels["sna"] = SilentChannel(silent)
    guard = guard or NoGuard()
    templates = templates or Templates()
    reader = VerificationReader(store, keys, clock)
    settler = VerificationSettler(store, keys, clock, guard)
    return Verifying(
        templates=templates,
        starter=VerificationStarter(store, keys, keys, clock, channels, guard, settler, templates, networks),
        checker=VerificationChecker(store, keys, keys, clock, reader, settler),
        silent=None if silent is None else SilentChecker(keys, reader, silent, settler),
        reader=reader,
        settler=settler,
        changer=VerificationChanger(store, keys, clock, reader),
        timeline=VerificationTimelineReader(store, keys, clock),
        events=VerifyEventTeller(store, keys, clock, wake),
        attempts=AttemptReader(store, keys, clock),
    )


def compose_factoring(
    store: Store, keys: FactorKeys, clock: Clock, wake: Wake, *, push: PushSender | None = None
) -> Factoring:
    """What the API drives of entities, factors and challenges. `wake` rings whoever tells webhooks of them.

    `push` is a network that wakes devices.
    """
    factors = Factors(store, keys, clock)
    entities = Entities(store, keys, clock)
    challenges = Challenges(store, keys, clock)
    push_credentials = PushCredentials(store, keys, clock)
    passkeys = WebauthnPasskeys()
    events = VerifyEventTeller(store, keys, clock, wake)
    return Factoring(
        entities=entities,
        factors=factors,
        totp_factors=TotpFactors(store, keys, keys, clock, factors),
        challenges=challenges,
        totp_challenges=TotpChallenges(store, keys, keys, clock),
        passkey_factors=PasskeyFactors(store, keys, passkeys, clock, factors, events),
        passkey_challenges=PasskeyChallenges(store, keys, passkeys, clock, factors, challenges, events),
        push_factors=PushFactors(store, keys, clock, entities, factors),
        push_challenges=PushChallenges(store, keys, clock, challenges),
        notifier=ChallengeNotifier(store, clock, push, factors, push_credentials),
        push_credentials=push_credentials,
        enrolments=Enrolments(store, keys, clock, entities),
        devices=Devices(store, keys, clock),
        timeline=ChallengeTimelineReader(store, clock),
        news=FactorNews(store, keys, events),
    )


class Dispatching(msgspec.Struct, frozen=True, kw_only=True):
    """What the dispatcher runs. `bells` is the doorbell of its own process."""

    store: Store
    keys: DeliveryKeys
    carrier: Carrier
    clock: Clock
    bells: Bells
    news: News
    queues: SenderQueues
    webhooks: WebhookLoop
    mails: SenderQueues | None
    fetcher: MediaFetcher
    links: MediaLinks
    recordings: RecordingLinks

    async def run(self) -> None:
        """All loops, until cancelled or one of them fails."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.carrier.run(self.news), name="carrier")
            tasks.create_task(self.queues.run(self.bells.bell()), name="sender queues")
            if self.mails is not None:
                tasks.create_task(self.mails.run(self.bells.bell()), name="mails")
            tasks.create_task(self.webhooks.run(self.bells.bell()), name="webhooks")
            tasks.create_task(sweep_epochs(self.store, self.keys, self.clock), name="epoch sweep")
            tasks.create_task(sweep_retained(self.store, self.clock), name="retained sweep")


def compose_dispatching(
    store: Store,
    keys: DeliveryKeys,
    carrier: Carrier,
    http: HttpClient,
    clock: Clock,
    *,
    owner: str,
    rates: Rates,
    base_url: str,
    registry: CollectorRegistry | None = None,
    bells: Bells | None = None,
    wake: Wake | None = None,
    webhook_detail: Keep = "all",
    onlookers: Onlookers | None = None,
    detours: Detours | None = None,
    codes: CodeReader | None = None,
    mailer: Carrier | None = None,
) -> Dispatching:
    """Sender queues, the carrier's news, and webhooks over one store and one carrier.

    `mailer` is another one, for mail. Use cases ring `wake`, where other dispatchers share the store; else the bells of
    this one alone.
    """
    bells = bells or Bells()
    wake = wake or bells
    fetcher = MediaFetcher(store, http, clock)
    replier = Replier(store, keys, clock, wake, carrier=carrier.name)
    figures = TextMetrics(registry or CollectorRegistry(), carrier.name)
    receiver = Receiver(store, keys, clock, wake, replier, carrier=carrier.name, count=figures.arrived)
    links = MediaLinks(fetcher, keys, clock, base_url)
    recordings = RecordingLinks(keys, clock, base_url)
    delivery = EventDelivery(
        store, keys, http, replier, links, clock, keep=webhook_detail, detours=detours, recordings=recordings
    )

    def queues_to(
        carrier: Carrier, count_throttled: Callable[[int], None], *, answers_late: bool = False
    ) -> SenderQueues:
        look = SecondLook(store, keys, carrier.name)
        return SenderQueues(
            store,
            Deliverer(keys, carrier, clock, DEVELOPMENT_RATES, fetcher, look, codes),
            clock,
            rates,
            owner=owner,
            carrier=carrier.name,
            count_throttled=count_throttled,
            answers_late=answers_late,
        )

    return Dispatching(
        store=store,
        keys=keys,
        carrier=carrier,
        clock=clock,
        bells=bells,
        news=News(ReceiptTaker(store, clock, wake, carrier=carrier.name), receiver),
        queues=queues_to(carrier, figures.throttled),
        mails=None if mailer is None else queues_to(mailer, figures.mails_throttled, answers_late=True),
        webhooks=WebhookLoop(
            store,
            delivery,
            clock,
            owner=owner,
            halts=FrozenAccounts(store, clock),
            registry=registry,
            onlookers=onlookers,
        ),
        fetcher=fetcher,
        links=links,
        recordings=recordings,
    )
