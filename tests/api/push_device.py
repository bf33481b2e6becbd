"""A telephone of a test: enrolled by a token, asked by the program, answering with what it signs."""

import time
from typing import Any

import requests
from tests.api.factor_recipes import IDENTITY
from tests.api.verify_recipes import SERVICES

from ringfence.testing.device import Device

FORM = {
    "FriendlyName": "Alice's telephone",
    "FactorType": "push",
    "Binding.Alg": "ES256",
    "Config.AppId": "com.example.fade",
    "Config.SdkVersion": "1.0",
    "Config.NotificationPlatform": "none",
}


class Telephone(Device):
    """A device and where its program's service is."""

    def __init__(self, tenant: Any, service: str, identity: str = IDENTITY) -> None:
        super().__init__()
        self.tenant = tenant
        self.service = service
        self.identity = identity
        self.factor = ""

    def ask(self, method: str, path: str, password: str | None = None, **form: str) -> requests.Response:
        """`path` below the identity's, signed in by its own token unless there is another `password`."""
        if password is None:
            password = self.login(self.tenant.sid, self.service, self.factor)
        url = f"{self.tenant.installation.url}/verify{SERVICES}/{self.service}/Entities/{self.identity}/{path}"
        return requests.request(method, url, auth=("token", password), data=form, timeout=10)

    def token(self, **more: Any) -> str:
        """From its program: leave to enrol."""
        tokens = self.tenant.client().verify.v2.services(self.service).access_tokens
        return str(tokens.create(identity=self.identity, factor_type="push", **more).token)

    def enrol(self, token: str | None = None) -> requests.Response:
        form = {**FORM, "Binding.PublicKey": self.public_key}
        made = self.ask("POST", "Factors", token if token is not None else self.token(), **form)
        if made.status_code == 201:
            self.factor = made.json()["sid"]
        return made

    def verify(self) -> requests.Response:
        return self.ask("POST", f"Factors/{self.factor}", AuthPayload=self.sign({"factor_sid": self.factor}))

    def asked(self) -> list[dict[str, Any]]:
        return list(self.ask("GET", "Challenges?Status=pending").json()["challenges"])

    def word(self, challenge: str, status: str, **more: Any) -> str:
        """What it signs: what it is to repeat, and what its user chose."""
        shown = self.ask("GET", f"Challenges/{challenge}")
        fields = shown.headers["Twilio-Verify-Signature-Fields"].split(",")
        return self.sign({**{field: shown.json()[field] for field in fields}, "status": status, **more})

    def answer(self, challenge: str, status: str, **more: Any) -> requests.Response:
        return self.ask("POST", f"Challenges/{challenge}", AuthPayload=self.word(challenge, status, **more))

    @classmethod
    def verified(cls, tenant: Any, service: str, identity: str = IDENTITY) -> "Telephone":
        """One whose factor is verified."""
        telephone = cls(tenant, service, identity)
        assert telephone.enrol().status_code == 201
        assert telephone.verify().json()["status"] == "verified"
        return telephone

    def late(self, late_s: int) -> str:
        """A login of another time."""
        return self.login(self.tenant.sid, self.service, self.factor, now_s=int(time.time()) + late_s)
