"""Access Tokens as SIP's side asks about them. Implements `ports.sip_access.Authenticator`."""

from ringfence.domain.access_token import TokenRefusedError
from ringfence.ports.sip_access import ClientLogin
from ringfence.ports.store import StoreFailedError
from ringfence.usecases.accounts.verify_access_token import AccessTokens


class ClientTokens:
    """Who shows a token. Why one is not good is nobody's affair who shows it."""

    def __init__(self, tokens: AccessTokens) -> None:
        self._tokens = tokens

    async def client(self, token: str) -> ClientLogin | None:
        """The client; None where the token is not good. OSError where that cannot be found out now."""
        try:
            verified = await self._tokens.verify(token)
        except TokenRefusedError:
            return None
        except StoreFailedError as error:
            raise ConnectionError("the store cannot be asked") from error
        return ClientLogin(
            account=verified.account,
            identity=verified.identity,
            application=verified.voice.application_sid,
            expires_ms=verified.expires_s * 1_000,
            incoming=verified.voice.incoming,
        )
