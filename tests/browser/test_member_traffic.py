"""What a member sees of calls, recordings and webhooks, in Chromium: it is in the frame, and nowhere else."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.browser.key_origin import browser as browser
from tests.browser.member_console import AC, REMOTE, TOKEN, MemberConsole, member_console, with_authenticator
from tests.browser.member_traffic import a_call, a_recording

from ringfence.domain.call import Status

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def stand() -> Iterator[MemberConsole]:
    with member_console() as stand:
        yield stand


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    context.set_default_timeout(15_000)
    yield context
    context.close()


def member(context: BrowserContext, stand: MemberConsole) -> Page:
    """A page of a member who has enrolled and signed in."""
    page = context.new_page()
    with_authenticator(context, page)
    page.goto(stand.link())
    page.get_by_role("button", name="Make my passkey").click()
    page.get_by_role("link", name="To the console").click()
    page.frame_locator("#keys").get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    return page


def test_calls_and_all_that_happened_to_one(context: BrowserContext, stand: MemberConsole) -> None:
    stand.wait(a_call(stand, status=Status.BUSY))
    sid = stand.wait(a_call(stand))
    text = stand.text(stand.canary)
    page = member(context, stand)
    wire: list[str] = []
    page.on("request", lambda request: wire.append(f"{request.url} {request.headers} {request.post_data}"))
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)

    page.get_by_role("link", name="Calls").click()
    frame = page.frame_locator("#keys")
    expect(frame.locator("tbody tr")).to_have_count(2)
    expect(frame.locator("td.number").first).to_contain_text(REMOTE)
    expect(frame.locator("td.length").first).to_have_text("2 s")
    page.get_by_label("Status").select_option("busy")
    page.get_by_role("button", name="Show").click()
    expect(frame.locator("td.status")).to_have_text(["busy"])
    page.get_by_label("Status").select_option("")
    page.get_by_role("button", name="Show").click()
    expect(frame.locator("tbody tr")).to_have_count(2)

    page.get_by_role("button", name="All of these").click()
    expect(frame.locator("tbody tr")).to_have_count(2)
    with page.expect_download() as saved:
        frame.get_by_role("button", name="Save as CSV").click()
    table = saved.value.path().read_text()
    assert (table.count("\n"), f'"{REMOTE}"' in table, sid in table) == (3, True, True)

    frame.locator("td.when a").first.click()
    expect(page.get_by_role("heading", name=f"Call {sid}")).to_be_visible()
    steps = frame.locator("ol.steps")
    expect(steps).to_contain_text("a voice that nobody has")
    expect(steps).to_contain_text("Webhook call.completed: given up")
    expect(steps).to_contain_text("DNS 1.5 ms, TCP 2 ms, TLS 8.3 ms, First byte 30 ms, in all 42 ms")
    steps.get_by_text("TwiML").click()
    expect(steps.get_by_label("TwiML")).to_contain_text(stand.canary)
    steps.get_by_text("Answer, 0 headers").click()
    expect(steps.get_by_label("Answer, 0 headers")).to_contain_text(stand.canary)

    page.goto(f"{stand.console}/texts/{text}")
    expect(frame.locator("dl.facts")).to_contain_text(stand.canary)
    page.goto(f"{stand.console}/calls/CA{'0' * 32}")
    expect(page.locator("main")).to_contain_text("nothing of that address")

    assert [said for said in complaints if "404" not in said] == []
    for secret in (stand.canary, REMOTE, TOKEN):
        assert secret not in "".join(wire)
        assert secret not in page.content()


def test_a_recording_is_opened_played_and_saved_in_the_frame(context: BrowserContext, stand: MemberConsole) -> None:
    call = stand.wait(a_call(stand))
    sid = stand.wait(a_recording(stand, call))
    page = member(context, stand)
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.goto(f"{stand.console}/recordings?call={call}")
    expect(page.get_by_role("button", name="Open RE")).to_have_count(1)
    # One that is made meanwhile comes by itself.
    cut = stand.wait(a_recording(stand, call, cut=True))
    expect(page.get_by_role("button", name="Open RE")).to_have_count(2)
    page.get_by_role("button", name=f"Open {sid}").click()
    frame = page.frame_locator("#keys")
    sound = frame.locator("audio")
    expect(sound).to_have_attribute("aria-label", f"Recording {sid}")
    # It plays: what is to be heard is one second long.
    sound.evaluate(
        "audio => new Promise((done, failed) => { audio.oncanplay = done; audio.onerror = failed; audio.load(); })"
    )
    assert sound.evaluate("audio => audio.duration") == 1.0
    with page.expect_download() as saved:
        frame.get_by_role("link", name="Save as WAV").click()
    wav = saved.value.path().read_bytes()
    assert (wav[:4], len(wav), set(wav[44:])) == (b"RIFF", 44 + 4 * 8_000, {0})
    page.get_by_role("button", name=f"Open {cut}").click()
    expect(frame.get_by_role("alert")).to_contain_text("stopped before the end")
    path = stand.recordings / AC / sid
    spoiled = bytearray(path.read_bytes())
    spoiled[200] ^= 1
    path.write_bytes(spoiled)
    page.get_by_role("button", name=f"Open {sid}").click()
    expect(page.get_by_role("status")).to_contain_text("does not open")
    assert complaints == []


def test_a_webhook_that_was_given_up_is_found_looked_at_and_told_again(
    context: BrowserContext, stand: MemberConsole
) -> None:
    call = stand.wait(a_call(stand))
    (event,) = stand.wait(stand.texts.events(AC, call))
    page = member(context, stand)
    stand.make_owners()
    wire: list[str] = []
    page.on("request", lambda request: wire.append(f"{request.url} {request.headers} {request.post_data}"))
    page.get_by_role("link", name="Webhooks").click()
    page.get_by_label("State").select_option("delivered")
    page.get_by_role("button", name="Show").click()
    row = page.get_by_role("row").filter(has_text=call)
    expect(row).to_have_count(0)
    page.get_by_label("State").select_option("given up")
    page.get_by_label("Event").select_option("call.completed")
    page.get_by_role("button", name="Show").click()
    expect(row).to_contain_text("given up")
    expect(row).to_contain_text("HTTP 500, error 11200")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as CSV").click()
    assert f'"{call}","call.completed"' in saved.value.path().read_text()
    row.get_by_role("button", name="Look").click()
    frame = page.frame_locator("#keys")
    expect(frame.locator("main")).to_contain_text("TLS 8.3 ms")
    row.get_by_role("button", name="Tell again").click()
    frame.get_by_role("button", name="Tell it again").click()
    expect(page.get_by_role("status")).to_have_text("It is told again.")
    expect(row).to_contain_text("waiting")
    expect(row.get_by_role("button")).to_have_text(["Look"])
    (again,) = stand.wait(stand.texts.events(AC, call))
    assert (event.state, again.state, again.attempts) == ("dead", "pending", 0)
    verbs = [(entry.verb, entry.scope) for entry in stand.ledger.entries]
    assert any(verb == "note.replay_webhook" and str(event.id) in scope for verb, scope in verbs)
    assert any(verb == "lend_record" and call in scope for verb, scope in verbs)
    for secret in (stand.canary, REMOTE):
        assert secret not in "".join(wire)
        assert secret not in page.content()
