"""What verifications may say: the templates that everybody has, and those in the operator's file."""

import tomllib
from pathlib import Path

from ringfence.domain.verify_templates.catalogue import Templates
from ringfence.domain.verify_templates.own import read_own_templates
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings


def verify_templates(settings: Settings) -> Templates:
    """Read once, as the process begins. RefusalError names the file and what is wrong in it."""
    if not settings.verify_templates:
        return Templates()
    path = Path(settings.verify_templates).expanduser()
    try:
        return Templates(read_own_templates(tomllib.loads(path.read_text(encoding="utf-8"))))
    except OSError as error:
        raise RefusalError(f"verify_templates: {path}: {error.strerror}", "name a file that can be read") from None
    except ValueError as error:
        raise RefusalError(f"verify_templates: {path}: {error}", "correct the file", exit_code=2) from None
