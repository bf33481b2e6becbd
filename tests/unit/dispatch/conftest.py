"""The installation and the program of the webhook tests, and the world of the messaging tests."""

from ..usecases.messaging.conftest import world
from ..usecases.webhooks.conftest import installation, program

__all__ = ["installation", "program", "world"]
