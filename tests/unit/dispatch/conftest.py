"""The installation and the program of the webhook tests."""

from ..usecases.webhooks.conftest import installation, program

__all__ = ["installation", "program"]
