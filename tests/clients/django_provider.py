"""django-oauth-toolkit, an OpenID provider, as a process: `django_provider.py PORT DATABASE CALLBACK AFTER`.

It prints the client's name once it serves. Who there is says `django_provider_site`.
"""

import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

PASSWORD = "correct horse battery staple"
PEOPLE = ("ada", "ben")
LOGIN = '<form method="post">{% csrf_token %}{{ form }}<button>Log in</button></form>'


class Serving(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing of what is asked is printed."""


def set_up(port: int, database: str) -> None:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    templates = {"registration/login.html": LOGIN}
    settings.configure(
        SECRET_KEY="x" * 50,
        DEBUG=False,
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF="django_provider_site",
        USE_TZ=True,
        INSTALLED_APPS=[
            *("django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions", "oauth2_provider"),
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "context_processors": ["django.template.context_processors.request"],
                    "loaders": [
                        ("django.template.loaders.locmem.Loader", templates),
                        "django.template.loaders.app_directories.Loader",
                    ],
                },
            }
        ],
        LOGIN_URL="/accounts/login/",
        OAUTH2_PROVIDER={
            "OIDC_ENABLED": True,
            "OIDC_ISS_ENDPOINT": f"http://127.0.0.1:{port}/o",
            "OIDC_RSA_PRIVATE_KEY": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
            "OIDC_RP_INITIATED_LOGOUT_ENABLED": True,
            "OAUTH2_VALIDATOR_CLASS": "django_provider_site.Validator",
            "PKCE_REQUIRED": True,
            "SCOPES": {"openid": "who you are", "email": "your address"},
        },
    )
    django.setup()


def fill(callback: str, after: str) -> str:
    """Both people, and one public client: its name."""
    from django.contrib.auth import get_user_model
    from oauth2_provider.models import get_application_model

    call_command("migrate", verbosity=0)
    for name in PEOPLE:
        get_user_model().objects.create_user(name, f"{name}@acme.example", PASSWORD)
    application = get_application_model()
    made = application.objects.create(
        name="ringfence",
        client_type=application.CLIENT_PUBLIC,
        authorization_grant_type=application.GRANT_AUTHORIZATION_CODE,
        algorithm=application.RS256_ALGORITHM,
        redirect_uris=callback,
        post_logout_redirect_uris=after,
        skip_authorization=True,
    )
    return str(made.client_id)


if __name__ == "__main__":
    _, port, database, callback, after = sys.argv
    set_up(int(port), database)
    client = fill(callback, after)
    server = make_server("127.0.0.1", int(port), get_wsgi_application(), Serving, Quiet)
    print(client, flush=True)
    server.serve_forever()
