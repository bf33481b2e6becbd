"""Twilio's error catalogue, as far as ringfence can answer or report it.

Texts are Twilio's own, because programs match on them: seen in its dictionary or in captured answers, except those
marked "unseen", whose wording is from memory. A text may hold {placeholders}; `{to_masked}` shows a number with its
last four digits as X, as Twilio's recent answers do.

Source: Twilio, "Error and warning dictionary" (https://www.twilio.com/docs/api/errors).
"""

import msgspec


class ErrorKind(msgspec.Struct, frozen=True):
    """One entry. `status` is the HTTP status of an answer that carries it; delivery and webhook codes never do."""

    code: int
    message: str
    status: int = 400


# What an answer of the REST API may say about the request itself.
_REQUEST = (
    ErrorKind(10001, "Account is not active", 403),
    ErrorKind(10004, "Call concurrency limit exceeded", 429),
    ErrorKind(20001, "Unknown parameters"),
    ErrorKind(20002, "Invalid FriendlyName"),  # unseen
    ErrorKind(20003, "Authenticate", 401),
    ErrorKind(20004, "Method not allowed", 405),
    ErrorKind(20005, "Account not active", 403),
    ErrorKind(20006, "Access Denied", 403),
    ErrorKind(20007, "Page size too large"),  # unseen
    ErrorKind(20008, "Resource not accessible with Test Account Credentials", 403),
    ErrorKind(20009, "Cannot delete this resource before it is complete", 409),
    ErrorKind(20101, "Invalid Access Token", 401),
    ErrorKind(20102, "Invalid Access Token header", 401),
    ErrorKind(20103, "Invalid Access Token issuer/subject", 401),
    ErrorKind(20104, "Access Token expired or expiration date invalid", 401),
    ErrorKind(20105, "Access Token not yet valid", 401),
    ErrorKind(20106, "Invalid Access Token grants", 401),
    ErrorKind(20107, "Invalid Access Token signature", 401),
    ErrorKind(20157, "Expiration Time in the Access Token Exceeds Maximum Time Allowed", 401),
    ErrorKind(20403, "Forbidden", 403),  # unseen
    ErrorKind(20404, "The requested resource {path} was not found", 404),
    ErrorKind(20409, "Conflict", 409),
    ErrorKind(20422, "Invalid parameter", 422),  # unseen
    ErrorKind(20429, "Too Many Requests", 429),
    ErrorKind(20500, "Internal Server Error", 500),
    ErrorKind(20503, "Service Unavailable", 503),
    ErrorKind(70002, "An assertion of the Policy is invalid"),
    ErrorKind(70051, "This key has no permission {permission}", 401),
    ErrorKind(70156, "Client validation failed: {reason}", 401),
)

# Verify.
_VERIFY = (
    ErrorKind(60200, "Invalid parameter"),
    ErrorKind(60201, "Invalid verification code"),
    ErrorKind(60202, "Max check attempts reached", 429),
    ErrorKind(60203, "Max send attempts reached", 429),
    ErrorKind(60204, "Service does not support this feature", 403),
    ErrorKind(60205, "SMS is not supported by landline phone number"),
    ErrorKind(60206, "'Amount' & 'Payee' params are required"),
    ErrorKind(60207, "Max rate limits per service reached"),
    ErrorKind(60208, "Rate limit with that UniqueName already exists"),
    ErrorKind(60209, "UniqueName format is invalid"),
    ErrorKind(60210, "Max Buckets per Rate limit reached"),
    ErrorKind(60211, "Bucket with the given Interval already exists"),
    ErrorKind(60212, "Too many concurrent requests for phone number", 429),
    ErrorKind(60213, "Messaging Configuration already exists"),
    ErrorKind(60214, "Call channel is not supported when using PSD2"),
    ErrorKind(60217, "Invalid Service configuration"),
    ErrorKind(60221, "No target verification specified"),
    ErrorKind(60223, "Delivery channel disabled"),
    ErrorKind(60224, "Missing substitutions for selected template"),
    ErrorKind(60308, "Challenge verification attempts limit reached", 429),
    ErrorKind(60310, "Factor verification attempts reached", 429),
    ErrorKind(60311, "Factor verification failed", 403),
    ErrorKind(60312, "Challenge creation limit reached", 429),
    ErrorKind(60318, "Factor is unverified", 403),
    ErrorKind(60323, "Challenge expired", 403),
    ErrorKind(60324, "Challenge verification failed", 403),
    ErrorKind(60326, "Too many requests to create factors for the entity", 429),
    ErrorKind(60366, "Entity invalid or not provided"),
    ErrorKind(60368, "Challenge details invalid or not provided"),
    ErrorKind(60369, "Factor type invalid or not provided"),
    ErrorKind(60371, "Relying party invalid or not provided"),
    ErrorKind(60372, "Relying party id invalid or not provided"),
    ErrorKind(60376, "Invalid rawId"),
    ErrorKind(60379, "Authenticator data invalid or not provided"),
    ErrorKind(60381, "Signature invalid or not provided"),
    ErrorKind(60382, "Factor does not match the relying party of the challenge", 403),
    ErrorKind(60386, "Attestation object invalid or not provided"),
    ErrorKind(60388, "User display name not provided"),
    ErrorKind(60393, "Authenticator criteria are missing from the request"),
    ErrorKind(
        60410,
        "The destination phone number has been temporarily blocked due to fraudulent activities",
        403,
    ),
    ErrorKind(68008, "Verify WhatsApp channel not configured"),
    ErrorKind(60605, "The destination phone number has been blocked by Verify Geo-Permissions", 403),
)

# Not Twilio's: HTTP refusals for which its dictionary has no code, numbered in its manner.
_OURS = (
    ErrorKind(20408, "The request did not arrive in time", 408),
    ErrorKind(20413, "The request is too large", 413),
    ErrorKind(20414, "The URL is too long", 414),
    ErrorKind(20415, "The request's content type is not supported", 415),
    ErrorKind(20431, "The request's headers are too large", 431),
    ErrorKind(20501, "This operation is not available here yet", 501),
    ErrorKind(20510, "The user has a stronger way to sign in", 409),
)

_CALLS = (
    ErrorKind(16113, "Cannot download a dual-channel presentation of a mono recording"),
    ErrorKind(21201, "No 'To' number is specified"),
    ErrorKind(21202, "'To' number is a premium number"),
    ErrorKind(21203, "International calling not enabled"),
    ErrorKind(21205, "Invalid URL"),
    ErrorKind(21206, "Invalid SendDigits"),
    ErrorKind(21208, "Invalid Timeout"),
    ErrorKind(21209, "Invalid Method"),
    ErrorKind(21210, "'From' phone number not verified"),
    ErrorKind(21211, "Invalid 'To' Phone Number: {to_masked}"),
    ErrorKind(21212, "The 'From' number {sender} is not a valid phone number, shortcode, or alphanumeric sender ID."),
    ErrorKind(21213, "'From' phone number is required"),
    ErrorKind(21214, "'To' phone number cannot be reached"),
    ErrorKind(21215, "Geo Permission configuration is not permitting call"),
    ErrorKind(21216, "Account not allowed to call phone number"),
    ErrorKind(21217, "Phone number does not appear to be valid"),
    ErrorKind(21218, "Invalid ApplicationSid"),
    ErrorKind(21219, "'To' phone number not verified"),
    ErrorKind(21220, "Invalid call state"),
    ErrorKind(21221, "Invalid SipAuthUsername. Must be less than 256 chars"),
    ErrorKind(21223, "Invalid SipAuthPassword. Must be less than 256 chars"),
    ErrorKind(21225, "SipAuthPassword is required when providing SipAuthUsername"),
    ErrorKind(21230, "Maximum Domains Reached"),
    ErrorKind(21231, "Domain Validation Error"),
    ErrorKind(21232, "Invalid Domain"),
    ErrorKind(21265, "'To' number cannot be a Short Code: {to}"),
    ErrorKind(21266, "'To' and 'From' number cannot be the same: {to}"),
)

_NUMBERS = (
    ErrorKind(21401, "Invalid Phone Number"),
    ErrorKind(21402, "Invalid URL"),
    ErrorKind(21403, "Invalid Method"),
    ErrorKind(21404, "Inbound phone numbers not available to trial accounts"),
    ErrorKind(21405, "Cannot set VoiceFallbackUrl without setting Url"),
    ErrorKind(21406, "Cannot set SmsFallbackUrl without setting SmsUrl"),
    ErrorKind(21407, "This Phone Number type does not support SMS or MMS"),
    ErrorKind(
        21408,
        "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {to_masked}",
    ),
    ErrorKind(21420, "ApplicationSid is not accessible"),
    ErrorKind(21421, "PhoneNumber is invalid"),
    ErrorKind(21422, "PhoneNumber requested is not available"),
    ErrorKind(21451, "Invalid area code"),
    ErrorKind(21452, "No phone numbers found in area code"),
    ErrorKind(21457, "AreaCode Parameter not Supported"),
    ErrorKind(21458, "PhoneNumber Provisioning Type Mismatch"),
    ErrorKind(21470, "Invalid AccountSid"),
    ErrorKind(21471, "Account does not exist"),
    ErrorKind(21472, "Account is not active"),
    ErrorKind(21475, "Unable to update Status, invalid Status."),
    ErrorKind(21476, "Unable to update Status for subaccount, parent account is suspended."),
    ErrorKind(21477, "Unable to update Status for parent accounts"),
    ErrorKind(21479, "Unable to update Status for subaccount, subaccount has been closed."),
    ErrorKind(21480, "Reached maximum number of subaccounts"),
    ErrorKind(21481, "Invalid PageToken"),
    ErrorKind(21501, "Resource not available"),
    ErrorKind(21502, "Invalid callback url"),
)

_MESSAGES = (
    ErrorKind(21601, "Phone number is not a valid SMS-capable inbound phone number"),
    ErrorKind(21602, "Message body is required."),
    ErrorKind(21603, "A 'From' phone number is required."),
    ErrorKind(21604, "A 'To' phone number is required."),
    ErrorKind(21605, "Maximum body length is 1600 characters"),
    ErrorKind(
        21606,
        "The From phone number {sender} is not a valid, SMS-capable inbound phone number or short code "
        "for your account.",
    ),
    ErrorKind(21607, "The 'From' number {sender} is not a valid, SMS-capable Twilio number"),
    ErrorKind(21608, "This number can send messages only to verified numbers"),
    ErrorKind(21609, "Invalid StatusCallback url"),
    ErrorKind(21610, "Attempt to send to unsubscribed recipient"),
    # Sources disagree on the status (400 or 429). 429 is what makes a client slow down.
    ErrorKind(21611, "This 'From' number has exceeded the maximum number of queued messages", 429),
    ErrorKind(
        21612,
        "The 'To' phone number: {to}, is not currently reachable using the 'From' phone number: {sender} via SMS.",
    ),
    ErrorKind(21613, "PhoneNumber Requires an Address"),
    ErrorKind(21614, "To number: {to}, is not a mobile number"),
    ErrorKind(21615, "PhoneNumber Requires a Local Address"),
    ErrorKind(21616, "The 'From' number matches multiple numbers for your account"),
    ErrorKind(21617, "The concatenated message body exceeds the 1600 character limit"),
    ErrorKind(21618, "The message body cannot be sent"),
    ErrorKind(21619, "A Message Body, Media URL or Content SID is required"),
    ErrorKind(21620, "Invalid media URL(s)"),
    ErrorKind(21621, "The 'From' number has not been enabled for MMS"),
    ErrorKind(21622, "MMS has not been enabled for your account"),
    ErrorKind(21623, "Number of media files exceeds allowed limit"),
    ErrorKind(21624, "Invalid validity period value"),
    ErrorKind(21626, "Invalid 'StatusCallbackEvent'"),
    ErrorKind(21627, "Max Price is not valid"),  # unseen
    ErrorKind(21635, "'To' number cannot be a landline: {to}"),
    ErrorKind(21659, "'From' {sender} is not a Twilio phone number or Short Code country mismatch"),
    ErrorKind(21660, "Mismatch between the 'From' number {sender} and the account {account}"),
    ErrorKind(21661, "'From' number {sender} is not SMS-capable"),
    ErrorKind(21701, "The Messaging Service does not exist."),
    ErrorKind(21702, "The Messaging Service is not available to send new messages."),
    ErrorKind(21703, "The Messaging Service does not have a phone number available to send a message."),
    ErrorKind(21704, "The Messaging Service contains no phone numbers."),
    ErrorKind(21705, "The Messaging Service is invalid."),
    ErrorKind(21710, "Phone Number or Short Code is already in the Messaging Service.", 409),
    ErrorKind(21711, "Phone Number or Short Code is already associated with another Messaging Service.", 409),  # unseen
    ErrorKind(21712, "Phone Number or Short Code is associated with another Messaging Service.", 409),
    ErrorKind(21714, "Messaging Service Number Pool size limit reached"),
    ErrorKind(30400, "Parameters are not valid"),
    ErrorKind(30409, "This message cannot be canceled", 409),
    ErrorKind(35111, "SendAt timestamp is missing"),
    ErrorKind(35112, "ScheduleType is missing"),  # unseen
    ErrorKind(35113, "ScheduleType is invalid"),  # unseen
    ErrorKind(35114, "SendAt time must be between 300 seconds and 35 days (3024000 seconds) in the future, inclusive"),
    ErrorKind(35115, "Scheduling does not support this timestamp"),
    ErrorKind(35117, "Scheduling does not support this timestamp"),
    ErrorKind(35118, "MessagingServiceSid is required to schedule a message"),
    ErrorKind(35125, "Maximum limit reached in the account for scheduling messages", 429),
    ErrorKind(35126, "Message scheduling is not available for this channel"),  # unseen
)

# What became of a message: in its `error_code` and `error_message`, and in ErrorCode of a status callback.
_DELIVERY = (
    ErrorKind(30001, "Queue overflow"),
    ErrorKind(30002, "Account suspended"),
    ErrorKind(30003, "Unreachable destination handset"),
    ErrorKind(30004, "Message blocked"),
    ErrorKind(30005, "Unknown destination handset"),
    ErrorKind(30006, "Landline or unreachable carrier"),
    ErrorKind(30007, "Message filtered"),
    ErrorKind(30008, "Unknown error"),
    ErrorKind(30009, "Missing inbound segment"),
    ErrorKind(30010, "Message price exceeds max price"),
    ErrorKind(30011, "MMS not supported by the receiving phone number in this region"),
    ErrorKind(30020, "Internal Failure with Message Scheduling"),
    ErrorKind(30034, "US A2P 10DLC - Message from an Unregistered Number"),
    ErrorKind(30036, "Validity Period Expired"),
    ErrorKind(30045, "Validity Period is less than zero or greater than maximum allowed"),
    ErrorKind(30410, "Provider Timeout Error"),  # unseen
)

# What went wrong with a tenant's webhook or its answer: in the log of attempts, and in ErrorCode to a fallback URL.
_WEBHOOK = (
    ErrorKind(11100, "Invalid URL format"),
    ErrorKind(11200, "HTTP retrieval failure"),
    ErrorKind(11205, "HTTP connection failure"),
    ErrorKind(11206, "HTTP protocol violation"),
    ErrorKind(11210, "HTTP bad host name"),
    ErrorKind(11215, "HTTP too many redirects"),
    ErrorKind(11216, "HTTP invalid redirect"),  # unseen
    ErrorKind(11220, "SSL/TLS Handshake Error"),
    ErrorKind(11235, "Certificate Invalid - Domain Mismatch"),
    ErrorKind(11236, "Certificate Invalid - Certificate Expired"),
    ErrorKind(11237, "Certificate Invalid - Could not find path to certificate"),
    ErrorKind(11251, "Fatal protocol violation"),
    ErrorKind(11750, "TwiML response body too large"),
    ErrorKind(11751, "Media Message - Media exceeds messaging provider size limit"),
    ErrorKind(12100, "Document parse failure"),
    ErrorKind(12101, "Invalid Twilio Markup XML version"),
    ErrorKind(12102, "The root element must be Response"),
    ErrorKind(12200, "Schema validation warning"),
    ErrorKind(12300, "Invalid Content-Type"),
    ErrorKind(12400, "Internal Failure"),
    ErrorKind(14101, 'Invalid "To" attribute'),
    ErrorKind(14102, 'Invalid "From" attribute'),
    ErrorKind(14103, "Invalid Body"),
    ErrorKind(14104, "Invalid Method attribute"),
    ErrorKind(14105, "Invalid statusCallback attribute"),
    ErrorKind(14106, "Document retrieval limit reached"),  # unseen
    ErrorKind(14107, "Message rate limit exceeded"),
    ErrorKind(14108, "From phone number not SMS capable"),
    ErrorKind(14109, "Message Reply message limit exceeded"),  # unseen
    ErrorKind(14110, "Invalid Verb for SMS Reply"),  # unseen
    ErrorKind(14111, "Invalid To phone number for Trial mode"),  # unseen
)

# What went wrong in a call: in its timeline and its notifications.
_VOICE = (
    ErrorKind(13210, "Dial: Invalid method value"),
    ErrorKind(13212, "Dial: Invalid timeout value"),
    ErrorKind(13213, "Dial: Invalid hangupOnStar value"),
    ErrorKind(13214, "Dial: Invalid callerId value"),
    ErrorKind(13215, "Dial: Invalid nested element"),
    ErrorKind(13216, "Dial: Invalid timeLimit value"),
    ErrorKind(13221, "Dial->Number: Invalid method value"),
    ErrorKind(13222, "Dial->Number: Invalid sendDigits value"),
    ErrorKind(13223, "Dial: Invalid phone number format"),
    ErrorKind(13224, "Dial: Invalid phone number"),
    ErrorKind(13227, "Geo Permission configuration is not permitting call"),
    ErrorKind(13241, "Dial->SIP: Invalid method value"),
    ErrorKind(13243, "Dial->SIP: Invalid SIP URI"),
    ErrorKind(13250, "Dial: Too many URIs passed"),
    ErrorKind(13310, "Gather: Invalid finishOnKey value"),
    ErrorKind(13312, "Gather: Invalid method value"),
    ErrorKind(13313, "Gather: Invalid timeout value"),
    ErrorKind(13314, "Gather: Invalid numDigits value"),
    ErrorKind(13410, "Play: Invalid loop value"),
    ErrorKind(13420, "Play: Invalid Content-Type"),
    ErrorKind(13510, "Say: Invalid loop value"),
    ErrorKind(13520, "Say: Invalid text"),
    ErrorKind(13610, "Record: Invalid method value"),
    ErrorKind(13611, "Record: Invalid timeout value"),
    ErrorKind(13612, "Record: Invalid maxLength value"),
    ErrorKind(13613, "Record: Invalid finishOnKey value"),
    ErrorKind(13614, "Record: Invalid transcribe value"),
    ErrorKind(13616, "Record: playBeep must be true or false"),
    ErrorKind(13710, "Redirect: Invalid method value"),
    ErrorKind(13910, "Pause: Invalid length value"),
    ErrorKind(32009, "The user you tried to dial is not registered with the corresponding SIP Domain"),
    ErrorKind(32214, "SIP: Invalid <Dial><Sip>"),
)

CATALOGUE: dict[int, ErrorKind] = {
    kind.code: kind
    for kind in (*_REQUEST, *_VERIFY, *_OURS, *_CALLS, *_NUMBERS, *_MESSAGES, *_DELIVERY, *_WEBHOOK, *_VOICE)
}

# The codes that Twilio's dictionary does not have.
OURS = frozenset(kind.code for kind in _OURS)
