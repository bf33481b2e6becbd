"""Ask at the terminal for what opens the key files."""

import typer

from ringfence.kms.key_rest import KeyFileError, rest_of
from ringfence.kms.unlock import KEYS
from ringfence.roles.key_secret import is_asked_for, key_secret, question
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings


def asked_key_secret(settings: Settings) -> bytes:
    """The passphrase or PIN of the key files, asked for where nobody gave it; b"" where they need none."""

    def ask() -> bytes:
        try:
            text = question(rest_of(settings.kms_dir / KEYS))
        except KeyFileError as error:
            raise RefusalError(f"{settings.kms_dir / KEYS}: {error}", "restore the folder from its copy") from None
        return prompt(text)

    return key_secret(settings, ask)


def asked_key_secrets(settings: Settings) -> dict[str, bytes]:
    """What a supervisor hands to the key service: nothing where that finds its secret by itself, or needs none."""
    return {"kms": asked_key_secret(settings)} if is_asked_for(settings) else {}


def prompt(text: str, *, twice: bool = False) -> bytes:
    """What a person types without its being seen."""
    answer: str = typer.prompt(text, hide_input=True, err=True, confirmation_prompt=twice)
    return answer.encode()
