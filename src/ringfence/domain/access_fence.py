"""Which of two changes of who may use an account is newer: the one whose fence, kept with what it set, is higher."""

MADE = "made"
"""The field of a key that says that it was made, or that it is gone and is not made any more."""


def access_fence(number: int | None, at_ms: int) -> int:
    """The fence of a change that the key service gave that number, or of one that was done at once, at `at_ms`.

    Numbers of the key service only grow, none comes twice, and none is below the time at which it was given, Unix
    milliseconds. In one millisecond what it numbered is the newer; no change of the one kind has a fence of the other.
    """
    return 2 * at_ms if number is None else 2 * number + 1
