"""Answers of authenticators and browsers that are wrong in one thing: nobody signs in by one, and nobody joins."""

from typing import Any

import pytest

from software_authenticator import BE, BS, UP, UV, Wrong, new_key

WRONG = {
    "a page of the tenants' console": Wrong(origin="http://console.localhost:8421"),
    "a page of the key origin": Wrong(origin="http://keys.localhost:8422"),
    "our name on another port": Wrong(origin="http://operator.localhost:8422"),
    "our name over TLS": Wrong(origin="https://operator.localhost:8421"),
    "a name below ours": Wrong(origin="http://x.operator.localhost:8421"),
    "a name that begins as ours": Wrong(origin="http://operator.localhost:8421.evil.example"),
    "no origin at all": Wrong(origin="null"),
    "inside another page": Wrong(client_data={"crossOrigin": True}),
    "inside a page that is named": Wrong(client_data={"topOrigin": "https://evil.example"}),
    "an answer to another question": Wrong(challenge=bytes(32)),
    "a challenge that is empty": Wrong(challenge=b""),
    "a payment": Wrong(type="payment.get"),
    "the parent's RP ID": Wrong(rp_id="localhost"),
    "the key origin's RP ID": Wrong(rp_id="keys.localhost"),
    "an RP ID in capitals": Wrong(rp_id="OPERATOR.LOCALHOST"),
    "nobody was there": Wrong(flags=0),
    "nobody showed himself": Wrong(flags=UP),
    "shown by nobody who was there": Wrong(flags=UV),
    "a copy of what may not be copied": Wrong(flags=UP | UV | BS),
    "extensions that are not there": Wrong(flags=UP | UV | 0x80),
    "something after the end": Wrong(tail=b"\xa0"),
    "an extension and something after it": Wrong(extensions=b"\xa0", tail=b"\x00"),
    "client data that is no object": Wrong(client_json=b"[]"),
    "client data with a mark before it": Wrong(client_json=b"\xef\xbb\xbf{}"),
}
ONLY_SIGNING_IN = {
    "another key": Wrong(signing_key=new_key()),
    "no signature": Wrong(signature=lambda _: b""),
    "a signature with something after it": Wrong(signature=lambda signature: signature + b"\x00"),
    "a count that goes back": Wrong(sign_count=0),
    "it became a key that may be copied": Wrong(flags=UP | UV | BE),
    "another person": Wrong(user_handle=b"somebody else"),
    "a passkey that nobody has": Wrong(named_id=bytes(32)),
}
ONLY_JOINING = {
    "a key that is none": Wrong(cose=b"\xa0"),
    "another name than its own": Wrong(named_id=bytes(32)),
    "a name without end": Wrong(credential_id=bytes(1024)),
}


@pytest.mark.parametrize("case", [*WRONG, *ONLY_SIGNING_IN])
def test_nobody_signs_in_by_it(run: Any, stand: Any, case: str) -> None:
    async def scene() -> None:
        async with stand() as made:
            ada = await made.first()
            browser = made.browser(ada.authenticator)
            refused = await browser.sign_in((WRONG | ONLY_SIGNING_IN)[case])
            assert (refused.status_code, browser.cookie) in ((400, ""), (401, "")), refused.text
            assert (await browser.ask("GET", "/staff")).status_code == 401
            # It was the answer, not the person.
            ada.authenticator.sign_count += 10
            assert (await made.browser(ada.authenticator).sign_in()).status_code == 200

    run(scene())


@pytest.mark.parametrize("case", [*WRONG, *ONLY_JOINING])
def test_nobody_joins_by_it(run: Any, stand: Any, case: str) -> None:
    async def scene() -> None:
        async with stand() as made:
            browser = made.browser()
            refused = await browser.join(await made.terminal.invite_first("Ada"), (WRONG | ONLY_JOINING)[case])
            assert 400 <= refused.status_code < 500, refused.text
            assert (await browser.sign_in()).status_code in (400, 401)
            assert "join" not in [verb for _, verb in made.noted]

    run(scene())
