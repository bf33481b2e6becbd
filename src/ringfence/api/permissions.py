"""The permission that a restricted API key needs for an operation, by Twilio's names where it has one.

Source: Twilio, "Restricted API keys"; the names of numbers, media and our own resources are ours.
"""

import re

from ringfence.api.resource import Operation

_VARIABLE = re.compile(r"{\w+}")
_START = re.compile(r"/(v\d|2010-04-01)(/Accounts/{AccountSid})?/")

RESOURCES = {
    "api": {
        "Messages": "/twilio/messaging/messages",
        "Messages/Media": "/twilio/messaging/messages.media",
        "Calls": "/twilio/voice/calls",
        "Calls/Events": "/twilio/voice/request-inspector",
        "Calls/Notifications": "/twilio/voice/calls.notifications",
        "Calls/Recordings": "/twilio/voice/calls.recordings",
        "Notifications": "/twilio/monitor/alerts",
        "Recordings": "/twilio/voice/recordings",
        "Tokens": "/twilio/voice/tokens",
        "Applications": "/twilio/voice/twiml.apps",
        "IncomingPhoneNumbers": "/twilio/phone-numbers/incoming-phone-numbers",
        "AvailablePhoneNumbers": "/twilio/phone-numbers/available-phone-numbers",
        "SIP/Domains": "/twilio/voice/sip.domains",
        "SIP/CredentialLists": "/twilio/voice/sip.credential-lists",
        "SIP/CredentialLists/Credentials": "/twilio/voice/sip.credential-lists.credentials",
        "SIP/IpAccessControlLists": "/twilio/voice/sip.ip-acls",
        "SIP/IpAccessControlLists/IpAddresses": "/twilio/voice/sip.ip-acls.ip-addresses",
        "SIP/Domains/CredentialListMappings": "/twilio/voice/sip.credential-list-mappings",
        "SIP/Domains/IpAccessControlListMappings": "/twilio/voice/sip.ip-acl-mappings",
        "SIP/Domains/Auth/Calls/CredentialListMappings": (
            "/twilio/voice/sip.domains.auth.calls.credential-list-mappings"
        ),
        "SIP/Domains/Auth/Calls/IpAccessControlListMappings": "/twilio/voice/sip.domains.auth.calls.ip-acl-mappings",
        "SIP/Domains/Auth/Registrations/CredentialListMappings": (
            "/twilio/voice/sip.domains.auth.registrations.credential-list-mappings"
        ),
    },
    "messaging": {
        "Services": "/twilio/messaging/services",
        "Services/PhoneNumbers": "/twilio/messaging/services.phonenumbers",
    },
    "voice": {
        "DialingPermissions/Countries": "/twilio/voice/dialing-permissions.countries",
        "DialingPermissions/Countries/HighRiskSpecialPrefixes": "/twilio/voice/dialing-permissions.prefixes",
        "DialingPermissions/BulkCountryUpdates": "/twilio/voice/dialing-permissions.updates",
        "Settings": "/twilio/voice/dialing-permissions.settings",
    },
    "verify": {
        "Services": "/twilio/verify/service",
        "Services/RateLimits": "/twilio/verify/rate-limit",
        "Services/RateLimits/Buckets": "/twilio/verify/bucket",
        "Services/MessagingConfigurations": "/twilio/verify/messaging-configuration",
        "Services/Webhooks": "/twilio/verify/webhook",
        "Services/Verifications": "/twilio/verify/verification",
        "Services/VerificationCheck": "/twilio/verify/verification-check",
        "Services/Entities": "/twilio/verify/entity",
        "Services/Entities/Factors": "/twilio/verify/factor",
        "Services/Entities/Challenges": "/twilio/verify/challenge",
        "Services/Entities/Challenges/Notifications": "/twilio/verify/notification",
        "Services/Passkeys": "/twilio/verify/passkey",
        "Services/AccessTokens": "/twilio/verify/access-token",
        "Attempts": "/twilio/verify/verification-attempt",
        "Attempts/Summary": "/twilio/verify/verification-attempts-summary",
        "SafeList/Numbers": "/twilio/verify/safelist",
        "Templates": "/twilio/verify/verification-template",
        "Forms": "/twilio/verify/form",
    },
    "conversations": {
        "Credentials": "/twilio/conversations/credential",
    },
    "lookups": {
        "PhoneNumbers": "/twilio/lookup/phone-numbers",
        "batch/query": "/twilio/lookup/phone-numbers",
        "PhoneNumbers/Overrides": "/twilio/lookup/overrides",
        "RateLimits": "/twilio/lookup/rate-limits",
        "RateLimits/Fields/Bucket": "/twilio/lookup/rate-limits",
    },
    "ringfence": {
        "Messages/Timeline": "/ringfence/timeline/messages",
        "Messages/Timeline/Replay": "/ringfence/timeline/messages",
        "Calls/Timeline": "/ringfence/timeline/calls",
        "Calls/Timeline/Replay": "/ringfence/timeline/calls",
        "Verifications/Timeline": "/ringfence/timeline/verifications",
        "Services/Challenges/Timeline": "/ringfence/timeline/challenges",
        "VerifyServices": "/ringfence/verify/service",
        "PhishingReport": "/ringfence/verify/phishing-report",
        "Parcels": "/ringfence/timeline/parcels",
        "Ledger": "/ringfence/ledger/entries",
        # What of them concerns an account is in its ledger.
        "RetentionDuties": "/ringfence/ledger/entries",
    },
}
_KINDS = ("Local", "Mobile", "TollFree")


def permission_of(operation: Operation) -> str | None:
    """The permission; None for what is for Auth Tokens alone, and for what nobody named: no restricted key has that."""
    if operation.owner_only:
        return None
    words = [word for word in _VARIABLE.sub("", _START.sub("", operation.path)).split("/") if word]
    if words[-1] in _KINDS:
        words.pop()
    if "Passkeys" in words:
        words = words[: words.index("Passkeys") + 1]
    resource = RESOURCES.get(operation.product, {}).get("/".join(words))
    return None if resource is None else f"{resource}/{_action(operation)}"


def _action(operation: Operation) -> str:
    if operation.method == "DELETE":
        return "delete"
    if operation.path.endswith("/batch/query"):
        return "read"
    one = operation.path.endswith("}")
    if operation.method == "GET":
        return "list" if operation.listed is not None else "read"
    return "update" if one or operation.method == "PUT" else "create"
