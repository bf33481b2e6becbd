"""Forms of who may use an account, as a member's browser seals them and the console carries them."""

import re
from collections.abc import Callable
from typing import Any

from tests.unit.kms.made_keys import sealed_form

from ringfence.domain.base64url import decode_base64url, encode_base64url
from ringfence.domain.sealing.slots import slot_seed


async def kept(it: Any, member: Any, record: str, fields: Callable[[bytes], Any]) -> Any:
    """What the console answers to a form; `fields` are what is in it, for a key to prove with."""
    asked = (await member.ask("POST", "/access/form")).json()
    proof_key, seed = decode_base64url(asked["proof_key"]), slot_seed(member.secret, member.opened_by)
    keeper = await it.keys.grant_keeper()
    form = sealed_form(member.account, record, keeper, member.opened_by, seed, proof_key, fields(proof_key))
    written = {name: encode_base64url(getattr(form, name)) for name in ("box", "proof_key", "proof")}
    return await member.ask("POST", "/access", {"record": record, "form": written | {"by": form.by}})


async def version(member: Any, page: str) -> str:
    """What whoever follows the page hears a change by."""
    (found,) = re.findall(r' data-version="([0-9a-f]{24})"', (await member.page(page)).text)
    return str(found)
