"""The log of devices, rule by rule: what honest devices write is taken, and everything else has its own refusal."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from tests.browser.authenticator import serving

pytestmark = [pytest.mark.browser, pytest.mark.long]

# A workshop of logs: two devices with their keys, and `make(kind, by, fields, at_ms)`, which signs as whom it is told.
WORKSHOP = """
    const { accountOf, entry, hashOf, replay, RECOVERY } = await import("/device/log.js");
    const { generateIdentity } = await import("/device/identity.js");
    const { generateSigningKey } = await import("/crypto/signing.js");
    const { exportPublic } = await import("/crypto/hpke.js");
    const { toBase64url } = await import("/crypto/bytes.js");
    const DAY = 86_400_000;
    const ada = await generateIdentity("Ada");
    const bob = await generateIdentity("Bob");
    const eve = await generateIdentity("Eve");
    const paper = await generateSigningKey();
    const who = { ada, bob, eve };
    const log = [];
    let head = null;
    const make = async (kind, by, fields, at_ms, { as = by } = {}) => {
        const key = by === "paper" ? paper.privateKey : who[by].keys.sign.privateKey;
        const name = as === "paper" ? RECOVERY : who[as].device.id;
        const made = await entry(head, name, key, kind, fields, at_ms);
        head = { seq: head ? head.seq + 1 : 0, hash: await hashOf(made.body) };
        log.push(made);
    };
    const id = (name) => who[name].device.id;
    const sealed = (...names) => Object.fromEntries(names.map((name) => [id(name), `for ${name}`]));
    const start = () => make("first", "ada", { device: ada.device, delay_ms: DAY, sealed: sealed("ada") }, 1000);
    const announce = (name, by = "ada", fields = {}, options) =>
        make("announce", by, { device: who[name].device, not_before_ms: 2000 + DAY, ...fields }, 2000, options);
    const admit = (announced, by = "ada", fields = {}, at_ms = 2000 + DAY, options) =>
        make("admit", by, { announced, sealed: "for new", list_version: 1, ...fields }, at_ms, options);
    const paperKey = async () => toBase64url(await exportPublic(paper.publicKey));
    const read = async (known = null, now_ms = 10 * DAY, entries = log) => {
        try {
            const view = await replay(entries, await accountOf(log[0].body), { known, now_ms });
            return { devices: [...view.devices.values()].map((device) => device.name), pending: view.pending.size, epoch: view.epoch };
        } catch (problem) {
            if (!problem.code) throw problem;
            return problem.alarm ? problem.code : `no alarm: ${problem.code}`;
        }
    };
"""  # noqa: E501


EVE_ALONE = "{ device: eve.device, epoch: 1, sealed: sealed('ada', 'eve') }"


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with serving(tmp_path_factory.mktemp("authenticator") / "kept.db") as site:
        context = browser.new_context()
        page = context.new_page()
        page.goto(site.url)
        yield page
        context.close()


def run(page: Page, body: str) -> Any:
    return page.evaluate(f"async () => {{ {WORKSHOP} {body} }}")


@pytest.mark.parametrize(
    ("steps", "devices", "pending", "epoch"),
    [
        ("await start();", ["Ada"], 0, 0),
        ("await start(); await announce('bob');", ["Ada"], 1, 0),
        ("await start(); await announce('bob'); await admit(1);", ["Ada", "Bob"], 0, 0),
        (
            "await start(); await announce('bob'); await make('cancel', 'ada', { announced: 1 }, 3000);",
            ["Ada"],
            0,
            0,
        ),
        (
            "await start(); await announce('bob'); await admit(1);await announce('eve', 'bob'); await admit(3, 'bob');",
            ["Ada", "Bob", "Eve"],
            0,
            0,
        ),
        (
            "await start(); await announce('bob'); await admit(1);"
            "await make('remove', 'bob', { device: id('ada'), epoch: 1, sealed: sealed('bob') }, 3 * DAY);",
            ["Bob"],
            0,
            1,
        ),
        (
            "await start(); await make('recovery', 'ada', { key: await paperKey() }, 2000);"
            "await make('recover', 'paper', { device: bob.device, epoch: 1, sealed: sealed('ada', 'bob') }, 3000);",
            ["Ada", "Bob"],
            0,
            1,
        ),
    ],
)
def test_what_devices_do_in_turn_is_taken(page: Page, steps: str, devices: list[str], pending: int, epoch: int) -> None:
    assert run(page, f"{steps} return read();") == {"devices": devices, "pending": pending, "epoch": epoch}


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        # Who signs.
        ("await announce('eve', 'eve');", "signer"),
        ("await announce('eve', 'eve', {}, { as: 'ada' });", "signature"),
        ("await announce('bob'); await admit(1, 'bob');", "signer"),
        ("await announce('bob'); await admit(1, 'eve', {}, 2000 + DAY, { as: 'ada' });", "signature"),
        (f"await make('recover', 'paper', {EVE_ALONE}, 2000);", "signer"),
        ("await make('recovery', 'ada', { key: await paperKey() }, 2000); await announce('eve', 'paper');", "signer"),
        (
            "await make('recovery', 'ada', { key: await paperKey() }, 2000);"
            f"await make('recover', 'eve', {EVE_ALONE}, 3000, {{ as: 'paper' }});",
            "signature",
        ),
        # A removed device has no say any more.
        (
            "await announce('bob'); await admit(1);"
            "await make('remove', 'ada', { device: id('bob'), epoch: 1, sealed: sealed('ada') }, 3 * DAY);"
            "await announce('eve', 'bob');",
            "signer",
        ),
        # Nor has the passphrase that it may know.
        (
            "await make('recovery', 'ada', { key: await paperKey() }, 2000); await announce('bob'); await admit(2);"
            "await make('remove', 'ada', { device: id('bob'), epoch: 1, sealed: sealed('ada') }, 3 * DAY);"
            "await make('recover', 'paper', { device: eve.device, epoch: 2, sealed: sealed('ada', 'eve') }, 3 * DAY);",
            "signer",
        ),
        # The delay.
        ("await announce('bob', 'ada', { not_before_ms: 1999 + DAY });", "delay"),
        ("await announce('bob', 'ada', { not_before_ms: 'soon' });", "delay"),
        ("await announce('bob'); await admit(1, 'ada', {}, 1999 + DAY);", "delay"),
        ("await announce('bob'); await admit(1, 'ada', {}, 11 * DAY);", "future"),
        # What is let in was announced, once.
        ("await admit(0);", "pending"),
        ("await announce('bob'); await admit(1); await admit(1);", "pending"),
        ("await announce('bob'); await make('cancel', 'ada', { announced: 1 }, 3000); await admit(1);", "pending"),
        ("await make('cancel', 'ada', { announced: 1 }, 3000);", "pending"),
        ("await announce('ada');", "known"),
        ("await announce('bob'); await announce('bob');", "known"),
        ("await announce('eve', 'ada', { device: { ...eve.device, seal: bob.device.seal } });", "device"),
        ("await announce('eve', 'ada', { device: { ...eve.device, more: 1 } });", "device"),
        ("await announce('eve', 'ada', { device: { ...eve.device, name: '' } });", "name"),
        ("await announce('bob'); log[1].signature = '!';", "base64"),
        # A new key is for exactly those who are in.
        (
            "await announce('bob'); await admit(1);"
            "await make('remove', 'ada', { device: id('bob'), epoch: 1, sealed: sealed('ada', 'bob') }, 3 * DAY);",
            "sealed",
        ),
        (
            "await announce('bob'); await admit(1);"
            "await make('remove', 'ada', { device: id('bob'), epoch: 0, sealed: sealed('ada') }, 3 * DAY);",
            "epoch",
        ),
        ("await make('remove', 'ada', { device: id('bob'), epoch: 1, sealed: sealed('ada') }, 2000);", "unknown"),
        # Form.
        ("await make('promote', 'ada', {}, 2000);", "kind"),
        ("await make('first', 'ada', { device: ada.device, delay_ms: 0, sealed: sealed('ada') }, 2000);", "kind"),
        ("await make('recovery', 'ada', { key: '' }, 'now');", "form"),
        ("log.push({ body: '{', signature: '' });", "form"),
        ("await announce('bob'); log.splice(1, 1, log[0]);", "chain"),
        ("await announce('bob'); await announce('eve'); log.splice(1, 1);", "chain"),
    ],
)  # fmt: skip
def test_everything_else_is_an_alarm(page: Page, steps: str, code: str) -> None:
    assert run(page, f"await start(); {steps} return read();") == code


def test_what_was_known_must_still_be_so(page: Page) -> None:
    body = """
        await start();
        const one = head;
        await announce("bob");
        const two = head;
        await admit(1);
        return [
            await read(one), await read(two), await read(head),
            await read(head, 10 * DAY, log.slice(0, 2)),
            await read({ seq: 1, hash: one.hash }),
            await read({ seq: 5, hash: head.hash }),
            await read(null, 10 * DAY, []),
        ];
    """
    good = {"devices": ["Ada", "Bob"], "pending": 0, "epoch": 0}
    assert run(page, body) == [good, good, good, "truncated", "fork", "truncated", "empty"]


def test_lists_of_an_earlier_key_count_up_to_the_removal(page: Page) -> None:
    body = """
        await start();
        await make("recovery", "ada", { key: await paperKey() }, 2000);
        await announce("bob");
        await admit(2);
        const bounds = [];
        const account = await accountOf(log[0].body);
        const look = async () => bounds.push((await replay(log, account, { now_ms: 10 * DAY })).list_bound);
        await look();
        await make("remove", "ada", { device: id("bob"), epoch: 1, sealed: sealed("ada"), list_version: 7 }, 3 * DAY);
        await look();
        await make("recovery", "ada", { key: await paperKey() }, 3 * DAY);
        await make("recover", "paper", { device: bob.device, epoch: 2, sealed: sealed("ada", "bob") }, 3 * DAY);
        await look();
        return bounds;
    """
    assert run(page, body) == [0, 7, 0]


def test_another_account_is_no_account_of_this_one(page: Page) -> None:
    body = """
        await start();
        try {
            await replay(log, "A".repeat(24), { now_ms: 10 * DAY });
        } catch (problem) {
            return problem.code;
        }
    """
    assert run(page, body) == "account"


def test_the_digits_of_both_sides_are_the_same_and_of_nobody_between(page: Page) -> None:
    body = """
        const { answer, codeForAnswer, codeForReveal, commit } = await import("/device/join.js");
        await start();
        const account = await accountOf(log[0].body);
        const view = await replay(log, account, { now_ms: DAY });
        const asked = await commit(account, bob.device);
        const given = await answer(account, asked.commitment, ada.device, ada.keys.sign.privateKey, view.head);
        const shown = await codeForAnswer(account, asked.commitment, asked.nonce, bob.device, given, view);
        const expected = await codeForReveal(account, given, ada.device, { device: bob.device, nonce: asked.nonce });
        const refused = (step) => step().then(() => "taken", (problem) => problem.code);
        const other = await answer(account, asked.commitment, ada.device, ada.keys.sign.privateKey, view.head);
        return {
            same: shown === expected,
            form: /^[0-9]{8}$/.test(shown),
            again: shown === (await codeForAnswer(account, asked.commitment, asked.nonce, bob.device, other, view)),
            exchanged: await refused(() => codeForReveal(account, given, ada.device, { device: eve.device, nonce: asked.nonce })),
            stranger: await refused(async () => codeForAnswer(account, asked.commitment, asked.nonce, bob.device, await answer(account, asked.commitment, eve.device, eve.keys.sign.privateKey, view.head), view)),
            forged: await refused(() => codeForAnswer(account, asked.commitment, asked.nonce, bob.device, { ...given, nonce: other.nonce }, view)),
            head: await refused(() => codeForAnswer(account, asked.commitment, asked.nonce, bob.device, { ...given, head: { seq: 0, hash: "x" } }, view)),
        };
    """  # noqa: E501
    assert run(page, body) == {
        "same": True,
        "form": True,
        "again": False,
        "exchanged": "commitment",
        "stranger": "answer",
        "forged": "answer",
        "head": "answer",
    }
