"""`ringfence doctor signature` as one uses it: cause and cure in words, and no token on the command line."""

from pathlib import Path

from twilio.request_validator import RequestValidator

TOKEN = "0123456789abcdef0123456789abcdef"
SIGNED = "https://app.example/sms"


def signature(form: dict[str, str], token: str = TOKEN) -> str:
    return RequestValidator(token).compute_signature(SIGNED, form)


def test_a_proxy_that_ends_tls_is_found_with_the_cure_of_each_framework(ringfence) -> None:
    done = ringfence(
        "doctor", "signature", "--url", "http://app.example/sms", "--param", "Body=a=b", "--param", "From=+1",
        "--signature", signature({"Body": "a=b", "From": "+1"}), TWILIO_AUTH_TOKEN=TOKEN,
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stdout.splitlines()[:4] == [
        f"signed   {SIGNED}",
        "token    $TWILIO_AUTH_TOKEN",
        "hashed   http://app.example/sms",
        "✗ scheme: https was signed, the app hashed http",
    ]
    for words in ("ProxyFix", "trust proxy", "SECURE_PROXY_SSL_HEADER"):
        assert words in done.stdout


def test_the_raw_body_may_lie_in_a_file(ringfence, tmp_path: Path) -> None:
    (tmp_path / "body").write_text("Body=C%20%26+more&From=%2B1")
    done = ringfence(
        "doctor", "signature", "--url", SIGNED, "--body", "@body", "--signature",
        signature({"Body": "C & more", "From": "+1"}), TWILIO_AUTH_TOKEN=TOKEN,
    )  # fmt: skip
    assert "✓ the signature is right" in done.stdout


def test_the_token_is_asked_for_where_it_is_nowhere(ringfence) -> None:
    done = ringfence(
        "doctor", "signature", "--url", SIGNED, "--signature", signature({}), answer=TOKEN + "\n", TWILIO_AUTH_TOKEN=""
    )
    assert "✓ the signature is right" in done.stdout, done.stderr
    assert TOKEN not in done.stdout + done.stderr


def test_tokens_of_several_variables_are_tried_and_the_right_one_named(ringfence) -> None:
    done = ringfence(
        "doctor", "signature", "--url", SIGNED, "--signature", signature({}),
        "--token-env", "FIRST", "--token-env", "SECOND", FIRST="f" * 32, SECOND=TOKEN,
    )  # fmt: skip
    assert "token    $SECOND" in done.stdout
    assert "✗ token: signed with $SECOND" in done.stdout


def test_nothing_that_matches_is_exit_code_1_with_what_to_look_at(ringfence) -> None:
    done = ringfence("doctor", "signature", "--url", SIGNED, "--signature", "AAAA", TWILIO_AUTH_TOKEN=TOKEN)
    assert done.returncode == 1
    assert "✗ none of" in done.stdout
    assert "--public-url" in done.stdout


def test_wrong_usage_says_what_is_needed(ringfence) -> None:
    for arguments, words in (
        ((), "--event ID"),
        (("--url", SIGNED), "--signature"),
        (("--url", "app", "--signature", "x"), "a whole URL"),
        (("--url", "http://[x/sms", "--signature", "x"), "a whole URL"),
        (("--url", SIGNED, "--signature", "x", "--param", "y"), "NAME=VALUE"),
        (("--url", SIGNED, "--signature", "x", "--body", "@nowhere"), "No such file"),
        (("--url", SIGNED, "--signature", "x", "--token-env", "NOWHERE"), "export NOWHERE"),
    ):
        done = ringfence("doctor", "signature", *arguments, TWILIO_AUTH_TOKEN=TOKEN)
        assert done.returncode == 2, arguments
        assert words in done.stderr
