"""Approvals: questions of programs that use Verify, passed on to devices, and the devices' signed answers passed back.

The relay makes factors with the tenant's own credentials. Everything else a device asks with a token that it signed
itself, so what the relay passes on is what Verify opened for that device, and no answer can be made here.
"""

from typing import Any

from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

from server.directory import RefusalError

APP_ID = "ringfence.example.authenticator"
SDK_VERSION = "1.0.0"
UNREACHABLE = 502


class Relay:
    """To one Verify Service. `base_url` is where the API is, "" for Twilio's."""

    def __init__(self, account_sid: str, auth_token: str, service_sid: str, base_url: str = "") -> None:
        self._account_sid, self._service_sid, self._base_url = account_sid, service_sid, base_url
        self._tenant = self._client(account_sid, auth_token)

    def enrol(self, identity: str, name: str, public_key: str) -> dict[str, str]:
        """A factor for a device's public key (P-256, DER in Base64); it counts once the device signed for it."""
        with _Told():
            factor = (
                self._service(self._tenant)
                .entities(identity)
                .new_factors.create(
                    friendly_name=name,
                    factor_type="push",
                    binding_alg="ES256",
                    binding_public_key=public_key,
                    config_app_id=APP_ID,
                    config_sdk_version=SDK_VERSION,
                    config_notification_platform="none",
                )
            )
            names = ("account_sid", "service_sid", "entity_sid")
            return {"factor_sid": factor.sid, **{name: getattr(factor, name) for name in names}}

    def verify(self, identity: str, factor_sid: str, login: str, payload: str) -> dict[str, Any]:
        """The factor's status, after the device's first signature."""
        with _Told():
            factor = self._service(self._device(login)).entities(identity).factors(factor_sid)
            return {"status": factor.update(auth_payload=payload).status}

    def pending(self, identity: str, login: str) -> dict[str, Any]:
        """What the device that signed `login` is asked."""
        with _Told():
            asked = self._service(self._device(login)).entities(identity).challenges.list(status="pending", limit=20)
            return {"challenges": [_shown(each) for each in asked]}

    def answer(self, identity: str, challenge_sid: str, login: str, payload: str) -> dict[str, Any]:
        """The challenge's status, after what the device signed."""
        with _Told():
            challenge = self._service(self._device(login)).entities(identity).challenges(challenge_sid)
            return {"status": challenge.update(auth_payload=payload).status}

    def _device(self, login: str) -> Client:
        return self._client("token", login)

    def _client(self, username: str, password: str) -> Client:
        client = Client(username, password, self._account_sid)
        if self._base_url:
            client.verify.base_url = self._base_url
        return client

    def _service(self, client: Client) -> Any:
        return client.verify.v2.services(self._service_sid)


class _Told:
    """What Verify refuses is told to the device by Verify's own code."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, TwilioRestException):
            raise RefusalError(error.status, f"verify-{error.code}", error.msg) from None
        if isinstance(error, TwilioException):
            # A list that was refused: the SDK keeps the answer and does not read it.
            status = error.args[1].status_code if len(error.args) > 1 else UNREACHABLE
            raise RefusalError(status, "verify", "The site does not know this device any more.") from None
        if isinstance(error, OSError):
            raise RefusalError(UNREACHABLE, "verify", "Approvals cannot be reached.") from None


def _shown(challenge: Any) -> dict[str, Any]:
    return {
        "sid": challenge.sid,
        "factor_sid": challenge.factor_sid,
        "details": challenge.details,
        "created_ms": int(challenge.date_created.timestamp() * 1000),
        "expires_ms": int(challenge.expiration_date.timestamp() * 1000),
    }
