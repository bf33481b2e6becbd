"""One installation with a victim in it, and everybody who is not the victim."""

from tests.api.conftest import installation as installation
