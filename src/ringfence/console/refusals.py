"""What the consoles refuse, in words for the person who asked."""


class RefusedError(Exception):
    """The text is shown. `fresh` is set where a passkey must be shown first, after which the same is allowed."""

    def __init__(self, text: str, *, status: int = 409, fresh: bool = False) -> None:
        super().__init__(text)
        self.text = text
        self.status = status
        self.fresh = fresh
