"""Recordings and their sound, through the official SDK and as programs fetch them."""

import asyncio
import contextlib
import io
import wave
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import requests
from msgspec.structs import replace
from prometheus_client import CollectorRegistry
from tests.authorisation.asking import ask
from twilio.base.exceptions import TwilioRestException

from ringfence.api.app import create_app
from ringfence.domain.call import Status
from ringfence.domain.sealing.call import open_recording_order_with
from ringfence.domain.sealing.recording import End, Header, RecordingSealer, recording_key
from ringfence.domain.sid import new_sid
from ringfence.media import g711
from ringfence.ports.calls import CallChange, RecordingRow
from ringfence.ports.freezes import PLATFORM, FreezeKind, FreezeRow
from ringfence.usecases.voice.recording_links import RecordingLinks

CUSTOMER = "+12025550177"
OWNER = "voice"


def refusal(call: Any, *args: Any, **options: Any) -> TwilioRestException:
    with pytest.raises(TwilioRestException) as refused:
        call(*args, **options)
    return refused.value


@pytest.fixture
def call(tenant: Any) -> Any:
    return in_progress(tenant)


def in_progress(tenant: Any) -> Any:
    """A call in progress, run by a voice process of the test's."""
    made = tenant.client().calls.create(to=CUSTOMER, from_=tenant.number(), url="https://shop.example/voice")
    parts = tenant.installation
    parts.run(parts.store.take_calls(OWNER, parts.clock.now_ms(), 600_000, 1_000))
    for status in (Status.RINGING, Status.IN_PROGRESS):
        change = CallChange(status=status, at_ms=parts.clock.now_ms())
        assert parts.run(parts.store.move_call(tenant.sid, made.sid, change)) is not None
    return made


def sound(seconds: float = 2.5, channels: int = 1) -> np.ndarray:
    """Samples such as G.711 carries them, the channels' in turn."""
    samples = np.random.default_rng(1).integers(-9_000, 9_000, int(8_000 * seconds) * channels, dtype=np.int16)
    return g711.decode(g711.encode(samples, "PCMU"), "PCMU")


def key_of(tenant: Any, row: RecordingRow) -> bytes:
    parts = tenant.installation
    key: bytes = parts.run(parts.keys.open_records(tenant.sid, [(row.epoch, row.sid)]))[0]
    return key


def recorded(tenant: Any, call: Any, *, samples: np.ndarray | None = None, channels: int = 1, **fields: Any) -> str:
    """A recording as media workers and the voice process leave it."""
    parts = tenant.installation
    now_ms = parts.clock.now_ms()
    sid = new_sid("RE", now_ms)
    key = parts.run(parts.keys.seal_record(tenant.sid, sid, CUSTOMER))
    row = RecordingRow(
        **{
            "account": tenant.sid,
            "sid": sid,
            "call_sid": call.sid,
            "status": "in-progress",
            "channels": channels,
            "source": "RecordVerb",
            "epoch": key.epoch,
            "started_ms": now_ms,
            "created_ms": now_ms,
            "updated_ms": now_ms,
            **fields,
        }
    )
    parts.run(parts.store.add_recording(row))
    samples = sound(channels=channels) if samples is None else samples
    sealer = RecordingSealer(recording_key(key.key, sid), Header(account=tenant.sid, sid=sid, channels=channels))
    data = g711.encode(samples, "PCMU").tobytes()
    count = len(samples) // channels
    end = End(samples=count, heard_from=0, heard_to=count, cause="stopped")
    path = parts.recordings / tenant.sid / sid
    path.parent.mkdir(parents=True, exist_ok=True)
    chunks = b"".join(sealer.chunk(data[at : at + 8_000]) for at in range(0, len(data), 8_000))
    path.write_bytes(sealer.header + chunks + sealer.end(end))
    if row.status == "in-progress":
        parts.run(parts.store.move_recording(tenant.sid, sid, "completed", now_ms, duration_ms=count // 8))
    return sid


def link_of(tenant: Any, sid: str) -> str:
    parts = tenant.installation
    links = RecordingLinks(parts.keys, parts.clock, parts.url)
    return str(parts.run(links.url(parts.run(parts.store.recording(tenant.sid, sid)))))


def pcm(data: bytes) -> np.ndarray:
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getsampwidth(), file.getframerate()) == (2, 8_000)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


class TestResource:
    def test_it_reads_as_twilio_s(self, tenant: Any, call: Any) -> None:
        sid = recorded(tenant, call, channels=2)
        for shown in (tenant.client().recordings(sid).fetch(), tenant.client().recordings.list()[0]):
            assert (shown.sid, shown.call_sid, shown.account_sid) == (sid, call.sid, tenant.sid)
            assert (shown.status, shown.channels, shown.source, shown.duration) == ("completed", 2, "RecordVerb", "3")
            assert (shown.api_version, shown.price, shown.price_unit) == ("2010-04-01", None, "USD")
            assert shown.error_code is shown.encryption_details is shown.conference_sid is None
            assert shown.media_url.endswith(f"/2010-04-01/Accounts/{tenant.sid}/Recordings/{sid}")
            assert set(shown.subresource_uris) == {"add_on_results", "transcriptions"}

    def test_of_a_call_too(self, tenant: Any, call: Any) -> None:
        sid = recorded(tenant, call, track="inbound")
        recordings = tenant.client().calls(call.sid).recordings
        for shown in (recordings(sid).fetch(), recordings.list()[0]):
            assert (shown.sid, shown.call_sid, shown.track, shown.duration) == (sid, call.sid, "inbound", "3")
            assert shown.uri.endswith(f"/Calls/{call.sid}/Recordings/{sid}.json")
        other = new_sid("CA")
        assert tenant.client().calls(other).recordings.list() == []
        assert refusal(tenant.client().calls(other).recordings(sid).fetch).code == 20404

    def test_lists_are_newest_first_and_filtered(self, tenant: Any, call: Any) -> None:
        sids = sorted(recorded(tenant, call, samples=sound(0.1)) for _ in range(5))
        client = tenant.client()
        assert [one.sid for one in client.recordings.stream(page_size=2)] == sids[::-1]
        assert [one.sid for one in client.calls(call.sid).recordings.stream(page_size=2)] == sids[::-1]
        assert len(client.recordings.list(call_sid=call.sid)) == 5
        assert client.recordings.list(call_sid=new_sid("CA")) == []
        assert client.recordings.list(conference_sid=new_sid("CF")) == []
        today, yesterday = datetime.now(UTC), datetime.now(UTC) - timedelta(days=1)
        assert len(client.recordings.list(date_created_after=yesterday)) == 5
        assert client.recordings.list(date_created_before=yesterday) == []
        assert client.recordings.list(date_created=yesterday) == []
        assert len(client.calls(call.sid).recordings.list(date_created_before=today + timedelta(days=1))) == 5

    def test_one_that_is_made_has_no_length_and_no_sound_yet(self, tenant: Any, call: Any) -> None:
        sid = recorded(tenant, call, status="paused", duration_ms=1_000)
        assert tenant.client().recordings(sid).fetch().duration is None
        assert tenant.ask("GET", f"/Recordings/{sid}.wav").status_code == 404
        assert refusal(tenant.client().recordings(sid).delete).code == 20009

    def test_one_that_came_to_nothing_says_why(self, tenant: Any, call: Any) -> None:
        sid = recorded(tenant, call, status="absent", error_code=13610, duration_ms=0)
        shown = tenant.client().recordings(sid).fetch()
        assert (shown.status, shown.error_code) == ("absent", 13610)
        assert tenant.ask("GET", f"/Recordings/{sid}.wav").status_code == 404

    def test_a_deleted_one_is_gone_with_its_file(self, tenant: Any, call: Any) -> None:
        sid, other = (recorded(tenant, call) for _ in range(2))
        link = link_of(tenant, sid)
        assert tenant.client().recordings(sid).delete() is True
        assert not (tenant.installation.recordings / tenant.sid / sid).exists()
        assert refusal(tenant.client().recordings(sid).fetch).code == 20404
        assert refusal(tenant.client().recordings(sid).delete).code == 20404
        assert requests.get(link, timeout=10).status_code == 404
        assert [one.sid for one in tenant.client().recordings.list()] == [other]
        assert tenant.client().calls(call.sid).recordings(other).delete() is True
        assert tenant.client().recordings.list() == []

    def test_what_is_known_of_a_deleted_one_is_shown_for_forty_days(self, tenant: Any, call: Any) -> None:
        recent, old, kept = (recorded(tenant, call) for _ in range(3))
        parts, client = tenant.installation, tenant.client()
        assert client.recordings(recent).delete() is True
        long_ago_ms = parts.clock.now_ms() - 41 * 24 * 3_600_000
        assert parts.run(parts.store.delete_recording(tenant.sid, old, long_ago_ms)) is True
        assert [one.sid for one in client.recordings.list()] == [kept]
        with_deleted = {one.sid: one.status for one in client.recordings.list(include_soft_deleted=True)}
        assert with_deleted == {recent: "deleted", kept: "completed"}
        shown = client.recordings(recent).fetch(include_soft_deleted=True)
        assert (shown.status, shown.duration, shown.call_sid) == ("deleted", "3", call.sid)
        assert refusal(client.recordings(old).fetch, include_soft_deleted=True).code == 20404
        assert refusal(client.recordings(recent).fetch, include_soft_deleted=False).code == 20404
        assert tenant.ask("GET", f"/Recordings/{recent}.wav?IncludeSoftDeleted=true").status_code == 404
        stranger = tenant.installation.new_tenant()
        assert stranger.client().recordings.list(include_soft_deleted=True) == []
        assert refusal(stranger.client().recordings(recent).fetch, include_soft_deleted=True).code == 20404

    def test_another_tenant_has_none_of_it(self, tenant: Any, call: Any) -> None:
        sid = recorded(tenant, call)
        stranger = tenant.installation.new_tenant()
        assert refusal(stranger.client().recordings(sid).fetch).code == 20404
        assert stranger.ask("GET", f"/Recordings/{sid}.wav").status_code == 404
        assert refusal(stranger.client().recordings(sid).delete).code == 20404
        assert refusal(stranger.client(account=tenant.sid).recordings(sid).fetch).status in (401, 403, 404)


class TestSound:
    @pytest.mark.parametrize("path", ["/Recordings/{}.wav", "/Recordings/{}", "/Calls/{call}/Recordings/{}.wav"])
    def test_as_wav(self, tenant: Any, call: Any, path: str) -> None:
        samples = sound(channels=2)
        sid = recorded(tenant, call, samples=samples, channels=2)
        answer = tenant.ask("GET", path.format(sid, call=call.sid))
        assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/x-wav")
        assert int(answer.headers["content-length"]) == len(answer.content)
        assert np.array_equal(pcm(answer.content), samples)
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"

    @pytest.mark.parametrize("path", ["/Recordings/{}.wav", "/Recordings/{}", "/Calls/{call}/Recordings/{}.wav"])
    def test_in_one_channel_both_are_heard(self, tenant: Any, call: Any, path: str) -> None:
        samples = sound(channels=2)
        sid = recorded(tenant, call, samples=samples, channels=2)
        path = path.format(sid, call=call.sid)
        both = samples.reshape(-1, 2).astype(np.int32).sum(axis=1).clip(-32_768, 32_767)
        answer = tenant.ask("GET", f"{path}?RequestedChannels=1")
        assert int(answer.headers["content-length"]) == len(answer.content)
        assert np.array_equal(pcm(answer.content), both)
        for apart in (f"{path}?RequestedChannels=2", path):
            assert np.array_equal(pcm(tenant.ask("GET", apart).content), samples)

    def test_one_channel_is_smaller_as_mp3_too(self, tenant: Any, call: Any) -> None:
        sid = recorded(tenant, call, channels=2)
        one, two = (tenant.ask("GET", f"/Recordings/{sid}.mp3?RequestedChannels={count}") for count in (1, 2))
        assert one.headers["content-type"] == two.headers["content-type"] == "audio/mpeg"
        # The mode in an MP3 frame's fourth octet: 3 is one channel.
        assert one.content[3] >> 6 == 3 != two.content[3] >> 6

    @pytest.mark.parametrize(("channels", "status", "code"), [("2", 400, 16113), ("3", 400, 20001), ("x", 400, 20001)])
    def test_there_are_no_more_channels_than_were_recorded(
        self, tenant: Any, call: Any, channels: str, status: int, code: int
    ) -> None:
        sid = recorded(tenant, call)
        answer = tenant.ask("GET", f"/Recordings/{sid}.wav?RequestedChannels={channels}")
        assert (answer.status_code, f"<Code>{code}</Code>" in answer.text) == (status, True)
        linked = requests.get(f"{link_of(tenant, sid)}&RequestedChannels={channels}", timeout=10)
        assert (linked.status_code, f"<Code>{code}</Code>" in linked.text) == (status, True)

    def test_as_mp3(self, tenant: Any, call: Any) -> None:
        sid = recorded(tenant, call)
        answer = tenant.ask("GET", f"/Recordings/{sid}.mp3")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/mpeg")
        assert 9_000 < len(answer.content) < 13_000
        assert answer.content[0] == 0xFF

    def test_a_part_of_it(self, tenant: Any, call: Any) -> None:
        sid = recorded(tenant, call)
        whole = tenant.ask("GET", f"/Recordings/{sid}.wav")
        assert whole.headers["accept-ranges"] == "bytes"
        part = tenant.ask("GET", f"/Recordings/{sid}.wav", headers={"Range": "bytes=40-1039"})
        assert (part.status_code, part.content) == (206, whole.content[40:1_040])
        assert part.headers["content-range"] == f"bytes 40-1039/{len(whole.content)}"
        assert tenant.ask("GET", f"/Recordings/{sid}.wav", headers={"Range": "bytes=-8"}).content == whole.content[-8:]
        outside = tenant.ask("GET", f"/Recordings/{sid}.wav", headers={"Range": "bytes=9999999-"})
        assert (outside.status_code, outside.content) == (416, b"")
        assert outside.headers["content-range"] == f"bytes */{len(whole.content)}"

    def test_its_head_alone(self, tenant: Any, call: Any) -> None:
        sid = recorded(tenant, call)
        head = tenant.ask("HEAD", f"/Recordings/{sid}.wav")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(44 + 2 * len(sound()))

    def test_a_long_one_is_left_when_nobody_reads_on(self, tenant: Any, call: Any) -> None:
        sid = recorded(tenant, call, samples=sound(400))
        url = f"{tenant.installation.url}{tenant.base}/Recordings/{sid}.wav"
        for _ in range(3):
            with requests.get(url, auth=(tenant.sid, tenant.token), stream=True, timeout=10) as answer:
                assert next(answer.iter_content(1_000))
        assert tenant.ask("GET", f"/Recordings/{sid}.wav").status_code == 200

    def test_without_a_file_it_is_gone(self, tenant: Any, call: Any) -> None:
        sid = recorded(tenant, call)
        (tenant.installation.recordings / tenant.sid / sid).unlink()
        assert tenant.ask("GET", f"/Recordings/{sid}.wav").status_code == 404

    def test_one_whose_writer_was_killed_is_heard_up_to_there(self, tenant: Any, call: Any) -> None:
        sid = recorded(tenant, call)
        path = tenant.installation.recordings / tenant.sid / sid
        path.write_bytes(path.read_bytes()[:-1_000])
        heard = pcm(tenant.ask("GET", f"/Recordings/{sid}.wav").content)
        assert np.array_equal(heard, sound()[: len(heard)])
        assert len(heard) == 16_000


class TestCapability:
    def test_a_link_needs_no_credential(self, tenant: Any, call: Any) -> None:
        sid = recorded(tenant, call)
        answer = requests.get(link_of(tenant, sid), timeout=10)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/x-wav")
        assert np.array_equal(pcm(answer.content), sound())

    @pytest.mark.parametrize(("behind", "content_type"), [(".mp3", "audio/mpeg"), (".wav", "audio/x-wav")])
    def test_programs_put_a_form_behind_it(self, tenant: Any, call: Any, behind: str, content_type: str) -> None:
        sid = recorded(tenant, call)
        link = link_of(tenant, sid)
        inside = link.replace("?", f"{behind}?")
        for url in (link + behind, inside):
            answer = requests.get(url, timeout=10)
            assert (answer.status_code, answer.headers["content-type"]) == (200, content_type)

    @pytest.mark.parametrize("behind", ["&RequestedChannels=1", ".wav?RequestedChannels=1", ".wav&RequestedChannels=1"])
    def test_programs_ask_for_one_channel_behind_it(self, tenant: Any, call: Any, behind: str) -> None:
        samples = sound(channels=2)
        sid = recorded(tenant, call, samples=samples, channels=2)
        answer = requests.get(link_of(tenant, sid) + behind, timeout=10)
        assert len(pcm(answer.content)) == len(samples) // 2

    @pytest.mark.parametrize("kind", ["account", "platform"])
    def test_it_opens_nothing_while_its_account_or_everything_is_frozen(
        self, tenant: Any, call: Any, kind: FreezeKind
    ) -> None:
        link, parts = link_of(tenant, recorded(tenant, call)), tenant.installation
        path, _, query = link.removeprefix(parts.url).partition("?")
        row = FreezeRow(kind=kind, name=tenant.sid if kind == "account" else PLATFORM, at_ms=0)

        def status() -> int:
            # What it knew is half a second old at most: a new process knows at once.
            front = create_app(replace(parts.deps, registry=CollectorRegistry()))
            return int(parts.run(ask(front, "GET", f"{path}?{query}")).status)

        assert status() == 200
        parts.run(parts.store.put_freeze(row))
        assert status() == 404
        parts.run(parts.store.delete_freeze(row.kind, row.name))
        assert status() == 200

    def test_it_opens_no_other_recording(self, tenant: Any, call: Any) -> None:
        one, other = (recorded(tenant, call) for _ in range(2))
        token = urlsplit(link_of(tenant, one)).query
        url = f"{tenant.installation.url}{tenant.base}/Recordings/{other}.wav?{token}"
        assert requests.get(url, timeout=10).status_code == 404

    def test_a_forged_one_opens_nothing(self, tenant: Any, call: Any) -> None:
        sid = recorded(tenant, call)
        link = link_of(tenant, sid)
        for forged in (link[:-1], link[:-30] + "A" * 30, link.replace("Capability=", "Capability=A")):
            assert requests.get(forged, timeout=10).status_code == 404

    def test_it_is_for_the_sound_alone(self, tenant: Any, call: Any) -> None:
        sid = recorded(tenant, call)
        token = urlsplit(link_of(tenant, sid)).query
        base = f"{tenant.installation.url}{tenant.base}/Recordings/{sid}"
        assert requests.get(f"{base}.json?{token}", timeout=10).status_code == 401
        assert requests.delete(f"{base}?{token}", timeout=10).status_code == 401
        assert requests.get(f"{base}.wav", timeout=10).status_code == 401


@pytest.fixture
def voice(tenant: Any) -> Iterator[list[tuple[str, str]]]:
    with voice_process(tenant) as told:
        yield told


@contextlib.contextmanager
def voice_process(tenant: Any) -> Iterator[list[tuple[str, str]]]:
    """A voice process that carries orders out; what it was told, in order."""
    parts, told = tenant.installation, list[tuple[str, str]]()

    async def work() -> None:
        while True:
            for order in await parts.store.take_orders(OWNER):
                told.append((order.kind, order.argument))
                now_ms = parts.clock.now_ms()
                if order.kind == "recording.start":
                    row = await parts.store.call(order.account, order.call_sid)
                    (key,) = await parts.keys.open_records(order.account, [(row.epoch, row.sid)])
                    options = open_recording_order_with(key, order.account, order.call_sid, order.content)
                    told.append((f"{options.channels} {options.track} {options.trim}", options.callback))
                    sealed = await parts.keys.seal_record(order.account, order.argument, CUSTOMER)
                    await parts.store.add_recording(
                        RecordingRow(
                            account=order.account,
                            sid=order.argument,
                            call_sid=order.call_sid,
                            status="in-progress",
                            channels=options.made_channels,
                            track=options.track,
                            source="StartCallRecordingAPI",
                            epoch=sealed.epoch,
                            started_ms=now_ms,
                            created_ms=now_ms,
                            updated_ms=now_ms,
                        )
                    )
                else:
                    status: Any = {
                        "recording.pause": "paused",
                        "recording.skip": "paused",
                        "recording.resume": "in-progress",
                        "recording.stop": "completed",
                    }[order.kind]
                    await parts.store.move_recording(order.account, order.argument, status, now_ms, duration_ms=10)
            await asyncio.sleep(0.005)

    working = asyncio.run_coroutine_threadsafe(work(), parts.loop)
    yield told
    working.cancel()
    with contextlib.suppress(BaseException):
        working.result(5)


class TestWhileItLives:
    def test_a_recording_is_begun_paused_resumed_and_ended(self, tenant: Any, call: Any, voice: Any) -> None:
        recordings = tenant.client().calls(call.sid).recordings
        made = recordings.create(
            recording_channels="dual",
            recording_track="inbound",
            trim="trim-silence",
            recording_status_callback="https://shop.example/r",
            recording_status_callback_event=["in-progress", "completed"],
        )
        assert (made.status, made.channels, made.track, made.source) == (
            "in-progress",
            1,
            "inbound",
            "StartCallRecordingAPI",
        )
        assert recordings(made.sid).update(status="paused").status == "paused"
        assert recordings("Twilio.CURRENT").update(status="in-progress").status == "in-progress"
        assert recordings(made.sid).update(status="paused", pause_behavior="skip").status == "paused"
        assert recordings("Twilio.CURRENT").update(status="stopped").status == "completed"
        assert voice == [
            ("recording.start", made.sid),
            ("2 inbound True", "https://shop.example/r"),
            ("recording.pause", made.sid),
            ("recording.resume", made.sid),
            ("recording.skip", made.sid),
            ("recording.stop", made.sid),
        ]

    def test_what_it_is_already_is_no_order(self, tenant: Any, call: Any, voice: Any) -> None:
        recordings = tenant.client().calls(call.sid).recordings
        made = recordings.create()
        assert recordings(made.sid).update(status="in-progress").status == "in-progress"
        assert [kind for kind, _ in voice] == ["recording.start", "1 both False"]

    def test_what_is_over_cannot_be_changed(self, tenant: Any, call: Any) -> None:
        sid = recorded(tenant, call)
        recordings = tenant.client().calls(call.sid).recordings
        assert refusal(recordings(sid).update, status="paused").code == 21220
        assert refusal(recordings("Twilio.CURRENT").update, status="paused").code == 20404
        assert refusal(recordings(new_sid("RE")).update, status="paused").code == 20404
        other = tenant.client().calls(new_sid("CA")).recordings
        assert refusal(other(sid).update, status="paused").code == 20404

    def test_only_a_call_in_progress_is_recorded(self, tenant: Any) -> None:
        made = tenant.client().calls.create(to=CUSTOMER, from_=tenant.number(), url="https://shop.example/voice")
        assert refusal(tenant.client().calls(made.sid).recordings.create).code == 21220
        assert refusal(tenant.client().calls(new_sid("CA")).recordings.create).code == 20404

    def test_where_nobody_answers_it_is_not_said_to_be(
        self, tenant: Any, call: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("ringfence.usecases.voice.change_recordings.ANSWERED_WITHIN_S", 0.1)
        assert refusal(tenant.client().calls(call.sid).recordings.create).code == 20503

    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            ({"recording_channels": "quad"}, 20001),
            ({"recording_track": "up"}, 20001),
            ({"trim": "yes"}, 20001),
            ({"recording_status_callback": "shop"}, 21609),
            ({"recording_status_callback_event": ["begun"]}, 20001),
            ({"recording_configuration_id": "x"}, 20501),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, tenant: Any, call: Any, fields: Any, code: int) -> None:
        assert refusal(tenant.client().calls(call.sid).recordings.create, **fields).code == code

    @pytest.mark.parametrize("fields", [{"Status": "gone"}, {}, {"Status": "paused", "PauseBehavior": "hum"}])
    def test_a_change_needs_a_status(self, tenant: Any, call: Any, fields: Any) -> None:
        sid = recorded(tenant, call)
        answer = tenant.ask("POST", f"/Calls/{call.sid}/Recordings/{sid}.json", data=fields)
        assert answer.json()["code"] == 20001
