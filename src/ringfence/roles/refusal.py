"""A refusal that a person reads: what is wrong, and what to do about it."""


class RefusalError(Exception):
    """Ends a command without a traceback. `cause` says what is wrong, `cure` what to do; neither holds content."""

    def __init__(self, cause: str, cure: str = "", *, exit_code: int = 1) -> None:
        super().__init__(f"{cause} → {cure}" if cure else cause)
        self.cause = cause
        self.cure = cure
        self.exit_code = exit_code
