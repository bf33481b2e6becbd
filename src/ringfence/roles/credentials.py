"""The secrets of a first account, on their way to the one who is told them."""

import msgspec


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """An account with its Auth Token, and an API key of it with its secret."""

    account_sid: str
    auth_token: str
    api_key: str
    api_secret: str

    def __repr__(self) -> str:
        return f"Credentials({self.account_sid})"
