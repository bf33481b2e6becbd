"""What the acts of the ledger are, in words for people who have to judge them: what each let be read, if anything."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

Opens = Literal["content", "keys", "settings", "nothing"]


class Meaning(NamedTuple):
    """An act in words, and what it opened: content, keys for it, settings, or nothing that is stored."""

    words: str
    opens: Opens


MEANINGS: Final[Mapping[str, Meaning]] = {
    "open_epochs": Meaning("was given the keys of whole hours: every record of them could be read", "content"),
    "grant_open": Meaning(
        "was given keys that the tenant had approved: of single records, or of whole hours", "content"
    ),
    "open_duty": Meaning("was given what a declared duty to retain metadata had kept of these days", "content"),
    "duty.declare": Meaning(
        "declared a legal duty to retain metadata: what, how long, on what basis, and for whom", "nothing"
    ),
    "duty.end": Meaning("ended a duty: nothing more is kept under it", "nothing"),
    "duty.erase": Meaning("ended duties, and made what they had kept open for nobody", "nothing"),
    "refused.open_duty": Meaning(
        "asked for what a duty had kept, and was refused: two of its officers had not agreed", "nothing"
    ),
    "open_records": Meaning("was given the keys of single records, to deliver them", "content"),
    "reveal_code": Meaning("was given a one-time code, to deliver it", "content"),
    "open_for_device": Meaning("was given the keys of single records for the device of a person", "content"),
    "lend_record": Meaning("had one record told again to the tenant's own program", "content"),
    "slot_boxes": Meaning("was given the account's content keys, closed to whoever lacks the secret named", "keys"),
    "index_keys": Meaning("was given keys by which records of a number that one knows or guesses are found", "keys"),
    "sealing_key": Meaning("had records sealed: the API's process was given the key of that hour for it", "keys"),
    "seal_record": Meaning("had a record that came in sealed", "keys"),
    "seal_for_device": Meaning("had records for the device of a person sealed", "keys"),
    "open_standing": Meaning("was given settings, such as addresses of webhooks", "settings"),
    "show_standing": Meaning("was shown settings, such as addresses of webhooks", "settings"),
    "keep_standing": Meaning("changed settings, such as addresses of webhooks", "settings"),
    "keep_access": Meaning("changed from where and how the account may be used", "settings"),
    "open_totp": Meaning("had the secret of a second factor used", "settings"),
    "create_account": Meaning("made the account", "nothing"),
    "add_slot": Meaning("let one more secret open the account", "nothing"),
    "copy_slot": Meaning("let a secret open the account under a further name", "nothing"),
    "add_sealer": Meaning("let a key seal for the account, and open nothing", "nothing"),
    "revoke_slot": Meaning("took away that a secret opens the account", "nothing"),
    "end_slot_at": Meaning("changed when a key ends", "settings"),
    "end_former_slot": Meaning("ended a secret that was replaced", "nothing"),
    "end_rotated_slot": Meaning("ended a secret that was replaced", "nothing"),
    "open_console_link": Meaning("made a link by which one passkey joins the console", "nothing"),
    "open_owner_link": Meaning("made a link by which an owner joins the console, after a wait", "nothing"),
    "sign_enrolment": Meaning("let a device be enrolled", "nothing"),
    "keep_device": Meaning("enrolled a device", "nothing"),
    "forget_devices": Meaning("removed devices", "nothing"),
    "close_totp": Meaning("ended second factors", "nothing"),
    "renew_standing": Meaning("had settings sealed under a new key", "nothing"),
    "rotate_standing": Meaning("made a new key for settings", "nothing"),
    "end_former_standing": Meaning("destroyed a former key for settings", "nothing"),
    "rotate_grants": Meaning("made a new key for grants", "nothing"),
    "end_former_grants": Meaning("destroyed a former key for grants", "nothing"),
    "rotate_ledger": Meaning("made a new key for the ledger", "nothing"),
}


def meaning_of(verb: str) -> Meaning:
    """Of an act that is not known here it says no more than its name, and counts it as one that opened content."""
    return MEANINGS.get(verb) or Meaning(f"did {verb}", "content")
