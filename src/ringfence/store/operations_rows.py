"""What both databases are given of operations, in the order of their statements."""

from typing import Final

FIRST: Final = (0, "", "", "")  # before every sender queue

Ending = tuple[int, str, str]
Acknowledgement = tuple[str, int, str]
