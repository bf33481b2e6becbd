"""The bundle: every file that the key origin serves, and the one hash of them all that is published."""

import hashlib
from collections.abc import Mapping
from importlib import resources

from ringfence.pages.static_page import StaticPage


def bundle_files() -> Mapping[str, bytes]:
    """What is served, by name: modules, styles and the two pages."""
    return StaticPage(resources.files(__package__).joinpath("bundle")).files


def bundle_hash(files: Mapping[str, bytes]) -> str:
    """SHA-256 in hex, over a line a file, by name: the SHA-256 of the file in hex, two spaces, its name.

    That is what `sha256sum` prints, sorted by name: anybody can make it of what a browser was given.
    """
    lines = (f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    return hashlib.sha256("".join(lines).encode()).hexdigest()
