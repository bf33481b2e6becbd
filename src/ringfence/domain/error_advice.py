"""What lies behind an error of delivery, a webhook or a call, and how to fix it, in our words by Twilio's code."""

import msgspec


class Advice(msgspec.Struct, frozen=True):
    """The likely cause, and the fix to try first."""

    cause: str
    fix: str


_CONNECT = "Start the program, and see that host and port are those it listens on; `curl` the URL from this machine."
_CERTIFICATE = "Serve a certificate for this host name that a public authority signed, with its whole chain."

_VALUE = Advice(
    "Something in the document has an invalid value: its default was used, or it was left out.",
    "Correct it in the document, at the line and column named here.",
)
_PERMISSIONS = Advice(
    "The account is not permitted to call numbers of that country, or of that kind.",
    "Permit the country with Voice's DialingPermissions (POST /v1/DialingPermissions/BulkCountryUpdates), "
    "or have the operator add it to `call_countries`.",
)

ADVICE: dict[int, Advice] = {
    **dict.fromkeys(
        (
            *(13210, 13212, 13213, 13215, 13216, 13221, 13222, 13223, 13241, 13243, 13250),
            *(13310, 13312, 13313, 13314, 13410, 13510, 13611, 13612, 13613, 13614, 13616, 13710, 13910),
        ),
        _VALUE,
    ),
    10004: Advice(
        "The account has as many calls under way, or waiting, as it may have.",
        "Begin calls more slowly, or have the operator raise `calls_at_once`.",
    ),
    11100: Advice(
        "No URL is set for what was called, or it is not one that can be called.",
        "Set the VoiceUrl of the number, SIP Domain or application: an absolute http or https URL without spaces.",
    ),
    11200: Advice(
        "The program answered with an error, closed the connection, or took too long.",
        "Look at the status and the answer below, and in the program's own log at that moment.",
    ),
    11205: Advice("Nothing accepts connections there.", _CONNECT),
    11206: Advice("The answer was not HTTP.", "See that the port serves HTTP, and TLS where the URL says https."),
    11210: Advice("The host name does not resolve.", "Correct the host in the URL, or wait for its DNS entry."),
    11215: Advice("The program redirects in a circle.", "Name the last URL of the chain as the webhook's own."),
    11216: Advice(
        "The redirect cannot be followed.", "Answer 301, 302, 303 or 307 with a valid Location, or do not redirect."
    ),
    11220: Advice("TLS could not be agreed on.", _CERTIFICATE),
    11235: Advice("The certificate is for another host.", _CERTIFICATE),
    11236: Advice("The certificate has expired.", "Renew it, and have the server load the new one."),
    11237: Advice("The certificate's chain is incomplete.", _CERTIFICATE),
    11251: Advice("The answer broke the protocol.", "See what is in front of the program: a proxy may answer for it."),
    11750: Advice("The answer is larger than 64 kB.", "Answer with less; a text holds 1,600 characters."),
    11751: Advice("The medium is too large.", "Link to a smaller file."),
    12100: Advice(
        "The answer is not well-formed XML.",
        "Look at the line below: most often an & that is not written &amp;, or an element that is not closed. "
        "The SDK's MessagingResponse writes TwiML that is always well-formed.",
    ),
    12101: Advice("The XML version is not 1.0.", 'Begin with <?xml version="1.0" encoding="UTF-8"?>, or with none.'),
    12102: Advice("The document does not begin with <Response>.", "Put all verbs inside one <Response>."),
    12200: Advice(
        "Something in the document is not known, and was left out.",
        "Correct its spelling: names of verbs and attributes are case-sensitive.",
    ),
    12300: Advice(
        "The Content-Type is not one that can answer a text or a call.",
        "Answer with text/xml, or with text/plain for one text.",
    ),
    12400: Advice("A fault of this installation.", "The webhook is tried again; see the dispatcher's log."),
    14101: Advice(
        "`to` is not a phone number.", "Give it in E.164, +12025550177, or leave it out to answer the sender."
    ),
    14102: Advice("`from` is not a number of this account.", "Name a number the account owns, or leave it out."),
    14103: Advice("The message has no body, or one that is too long.", "Give it 1 to 1,600 characters, or media."),
    14104: Advice("`method` is neither GET nor POST.", "Write GET or POST."),
    14105: Advice("`statusCallback` is not a URL.", "Give an absolute URL, or one relative to this document."),
    14106: Advice("More than 50 documents for one text.", "See that <Redirect> comes to an end."),
    14107: Advice("Too many replies in a short time.", "Answer less often."),
    14108: Advice("The sender takes no texts.", "Reply from a number with the capability sms."),
    14109: Advice("More replies than one text may have.", "Answer with fewer <Message> elements."),
    14110: Advice("The verb cannot be used in an answer to a text.", "Use <Message> and <Redirect>."),
    14111: Advice("A trial account may not text this number.", "Verify the number first."),
    21205: Advice(
        "The address is one that webhooks may not reach.",
        "Name a public host, or have the operator allow the network (`egress_allow`) or port (`egress_ports`).",
    ),
    13214: Advice(
        "The callerId is neither of this call's numbers, nor one that the account owns.",
        "Leave callerId out, or name a number of the account.",
    ),
    13224: Advice(
        "The number does not exist, or nothing here takes calls to it.",
        "Give it in E.164, +12025550177, and have the operator set a `trunk` that takes it.",
    ),
    13227: _PERMISSIONS,
    13420: Advice(
        "What Play was given is not audio that can be read, or its digits are not digits.",
        "Serve WAV, MP3 or another common format with its Content-Type.",
    ),
    13520: Advice(
        "There is nothing to say, or the voice could not say it.",
        "Put text into <Say>; if there is some, see the voice process's log.",
    ),
    13610: Advice(
        "The recording could not be made, or the method is neither GET nor POST.",
        "Write GET or POST; if it says that already, see the disk of the recordings and the media process's log.",
    ),
    21210: Advice(
        "The caller's number does not belong to this account.",
        "Call from a number that the account owns: buy it first.",
    ),
    21215: _PERMISSIONS,
    21216: Advice(
        "A brake held the call: its price, the account's spending, or too many new countries in a day.",
        "Wait, or have the operator raise `call_max_price`, `call_spend` or `call_new_countries`.",
    ),
    32009: Advice(
        "No telephone has signed in under that name.",
        "See that the name is spelled as the telephone's, and that it is switched on and registered.",
    ),
    32214: Advice(
        "The SIP Domain belongs to another account.", "Dial an address of a SIP Domain of this account, or any other."
    ),
    21211: Advice("`to` is not a phone number.", "Give it in E.164: +12025550177."),
    21606: Advice("The sender is not a number of this account.", "Send from a number that the account owns."),
    21610: Advice("The recipient opted out.", "Wait until they text START; do not text them until then."),
    21617: Advice("The body is longer than 1,600 characters.", "Send it in parts."),
    30001: Advice("The queue was full for too long.", "Send more slowly, or from more numbers."),
    30002: Advice("The account was suspended while the text waited.", "Activate the account, and send again."),
    30003: Advice("The handset is off or out of reach.", "Send again later."),
    30004: Advice("The recipient or the operator blocks the text.", "Ask the recipient; do not repeat it."),
    30005: Advice("The number is unknown or no longer in service.", "Check the number, and remove it from your list."),
    30006: Advice("The number cannot receive texts.", "Look it up first, and call it instead."),
    30007: Advice("A filter on the way took the text for spam.", "Change the wording, and register the campaign."),
    30008: Advice(
        "The carrier gave no reason.", "Send again; if it keeps happening, ask the carrier, with its reference."
    ),
    30009: Advice("A part of a long text did not arrive.", "Have it sent again."),
    30010: Advice("The price is above MaxPrice.", "Raise MaxPrice, or leave it out."),
    30011: Advice("The recipient cannot receive media.", "Send a link instead."),
    30020: Advice("Scheduling failed here.", "Send again."),
    30034: Advice("The sender is not registered for this kind of traffic.", "Register the number's campaign."),
    30036: Advice("The text waited longer than its ValidityPeriod.", "Allow more time, or send more slowly."),
    30045: Advice("The ValidityPeriod is out of bounds.", "Give 1 to 36,000 seconds."),
    30410: Advice("The carrier did not answer in time.", "Send again."),
    60202: Advice(
        "Five wrong codes were entered.",
        "Wait until the verification's ten minutes are over, or set its Status=canceled, and start again.",
    ),
    60203: Advice(
        "The code was sent five times within ten minutes already.",
        "See why none of those arrived, in the sendings before this one; then wait, or set Status=canceled.",
    ),
    60205: Advice(
        "The number is a landline, and the service skips texts to those (SkipSmsToLandlines).",
        "Bring the code by call.",
    ),
    60217: Advice(
        "The account has no number that could send it.",
        "Buy one that can text or call, or give the country a Messaging Configuration.",
    ),
    60223: Advice(
        "This way of bringing codes is not set up here.",
        "Use another channel, or have the operator set it up.",
    ),
    60410: Advice(
        "Codes to numbers near this one, or the account's spending on codes, look like fraud: the message says which.",
        "Put the customer's number on the safe list, use another channel, or have the operator raise the bound.",
    ),
    60605: Advice(
        "Codes may not go to that country.",
        "Have the operator add it to `verify_countries`.",
    ),
}


def advise(code: int) -> Advice | None:
    """Cause and fix; None for a code that has none here."""
    return ADVICE.get(code)
