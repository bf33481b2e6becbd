"""How the settings of a Verify Service stand in a form: groups of (name, label, kind).

Names are as in domain/verify_settings.py; a kind is `text`, `number`, `tick`, or a tuple of choices.
"""

from typing import Final

_WISHES: Final = ("", "required", "preferred", "discouraged")

GROUPS: Final = (
    (
        "Codes",
        (
            ("friendly_name", "Name, as it stands in texts", "text"),
            ("code_length", "Digits of a code, 4 to 10", "number"),
            ("code_host", "Site that a code is for", "text"),
            ("default_template_sid", "Template, HJ…", "text"),
            ("tts_name", "Name, as calls say it", "text"),
            ("dtmf_input_required", "A call waits for a key before it says the code", "tick"),
            ("do_not_share_warning_enabled", "Texts warn not to pass the code on", "tick"),
            ("custom_code_enabled", "Programs may bring their own codes", "tick"),
            ("psd2_enabled", "Codes are bound to a payee and an amount", "tick"),
            ("channel_policy", "Ways to sign in, the strongest first", "text"),
        ),
    ),
    (
        "Numbers that are asked",
        (
            ("lookup_enabled", "Look each number up", "tick"),
            ("skip_sms_to_landlines", "No texts to fixed lines", "tick"),
            ("verify_event_subscription_enabled", "Events of verifications are told", "tick"),
        ),
    ),
    (
        "Second factors",
        (
            ("new_factors_need_approval", "A further factor needs the approval of one that there is", "tick"),
            ("push.include_date", "Push shows the date", "tick"),
            ("push.number_matching", "Who approves types two digits", "tick"),
            ("push.apn_credential_sid", "Push to Apple's devices by, CR…", "text"),
            ("push.fcm_credential_sid", "Push to Android's by, CR…", "text"),
            ("totp.issuer", "Issuer that authenticators show", "text"),
            ("totp.time_step", "Seconds of a code, 20 to 60", "number"),
            ("totp.code_length", "Digits of it, 3 to 8", "number"),
            ("totp.skew", "Steps to either side, 0 to 2", "number"),
        ),
    ),
    (
        "WhatsApp",
        (
            ("whatsapp.msg_service_sid", "By this Messaging Service, MG…", "text"),
            ("whatsapp.sender", "From this sender", "text"),
        ),
    ),
    (
        "Passkeys",
        (
            ("passkeys.relying_party_id", "Domain that they are of", "text"),
            ("passkeys.relying_party_name", "Its name", "text"),
            ("passkeys.relying_party_origins", "Origins, with commas between", "text"),
            ("passkeys.authenticator_attachment", "Authenticators", ("", "platform", "cross-platform", "any")),
            ("passkeys.discoverable_credentials", "Found without a name", _WISHES),
            ("passkeys.user_verification", "Person verified", _WISHES),
        ),
    ),
)

LABELS: Final = {name: label for _, fields in GROUPS for name, label, _ in fields}
