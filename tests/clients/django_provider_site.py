"""What `django_provider` serves, imported once Django is set up: Ada has a key in hardware, Ben a password."""

from typing import Any

from django.contrib.auth import views
from django.urls import include, path
from oauth2_provider.oauth2_validators import OAuth2Validator

AMR = {"ada": ["hwk", "user"], "ben": ["pwd"]}


class Validator(OAuth2Validator):
    oidc_claim_scope = None

    def get_additional_claims(self, request: Any) -> dict[str, Any]:
        return {"amr": AMR[request.user.get_username()], "email": request.user.email}


urlpatterns = [
    path("accounts/login/", views.LoginView.as_view()),
    path("o/", include("oauth2_provider.urls")),
]
