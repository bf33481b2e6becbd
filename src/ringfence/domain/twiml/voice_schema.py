"""Every element and attribute that TwiML for voice knows, and the warnings for all others.

A document that strays from the schema still runs, as Twilio runs it: what is unknown is left out and warned of. Whether
a known verb runs here yet is the interpreter's to say.

Source: Twilio, "TwiML for Programmable Voice" and each verb's page; error 12200.
"""

from ringfence.domain.twiml.document import Element, TwimlWarning
from ringfence.domain.twiml.schema import NOT_IN_SCHEMA, Verb

_CALLBACK = "statusCallback statusCallbackMethod"
_PROGRESS = f"{_CALLBACK} statusCallbackEvent"
_RECORDING = (
    "recordingConfigurationId recordingStatusCallback recordingStatusCallbackEvent recordingStatusCallbackMethod trim"
)
_DETECTION = (
    "amdStatusCallback amdStatusCallbackMethod machineDetection machineDetectionSilenceTimeout "
    "machineDetectionSpeechEndThreshold machineDetectionSpeechThreshold machineDetectionTimeout"
)
_NORMALIZED = "ttsLanguageTextNormalization ttsProvider ttsTextNormalization"
_PROMPTS = "Pause Play Say"
_WORDS = "break emphasis phoneme prosody say-as sub"
_SPOKEN = f"{_WORDS} lang w"
_PARAGRAPHS = f"{_SPOKEN} p s"


def _known(attributes: str = "", children: str = "") -> Verb:
    return Verb(frozenset(attributes.split()), frozenset(children.split()))


# fmt: off
VOICE_ELEMENTS: dict[str, Verb] = {
    "AiSession": _known("aiConnector aiSessionConfiguration"),
    "Application": _known(f"{_PROGRESS} copyParentTo customerId method url", "ApplicationSid Parameter"),
    "ApplicationSid": _known(),
    "Autopilot": _known(),
    "Client": _known(f"{_PROGRESS} method url", "Identity Parameter"),
    "Conference": _known(
        f"{_PROGRESS} {_RECORDING} beep coach endConferenceOnExit eventCallbackUrl jitterBufferSize maxParticipants "
        "muted participantLabel record region startConferenceOnEnter waitMethod waitUrl"
    ),
    "Config": _known("name value"),
    "Connect": _known(
        "action method",
        "AiSession Autopilot Conversation ConversationRelay ConversationRelaySession Room Stream VirtualAgent",
    ),
    "Conversation": _known(
        f"{_PROGRESS} inboundAutocreation inboundTimeout method record recordingStatusCallback "
        "recordingStatusCallbackEvent recordingStatusCallbackMethod routingAssignmentTimeout serviceInstanceSid trim "
        "url"
    ),
    "ConversationRelay": _known(
        f"{_NORMALIZED} applicationReconnect asrSmartFormat backgroundNoiseReduction customerName debug "
        "deepgramSmartFormat dtmfDetection eagerEotThreshold echoPromptFiltering elevenlabsLanguageTextNormalization "
        "elevenlabsTextNormalization events hints ignoreBackchannel includeInPrompt intelligenceService "
        "interruptSensitivity interruptible language partialPromptOnHangup partialPrompts preemptible profanityFilter "
        "reportInputDuringAgentSpeech speechModel speechTimeout transcriptionLanguage transcriptionProvider "
        "ttsLanguage turnDetection url voice welcomeGreeting welcomeGreetingInterruptible",
        "Language Parameter",
    ),
    "ConversationRelaySession": _known("connector sessionConfiguration"),
    "Dial": _known(
        f"{_RECORDING} action answerOnBridge callerId events hangupOnStar method passports record recordingTrack "
        "referMethod referUrl ringTone sequential timeLimit timeout",
        "Application Client Conference Number Queue Sim Sip WhatsApp",
    ),
    "Echo": _known(),
    "Enqueue": _known("action maxQueueSize method waitUrl waitUrlMethod workflowSid", "Task"),
    "Gather": _known(
        "action actionOnEmptyResult bargeIn debug enhanced finishOnKey hints input language maxSpeechTime method "
        "numDigits partialResultCallback partialResultCallbackMethod profanityFilter speechModel speechTimeout timeout",
        _PROMPTS,
    ),
    "Hangup": _known("", "Parameter"),
    "Header": _known("name value"),
    "Headers": _known("", "Header"),
    "Identity": _known(),
    "Language": _known(f"{_NORMALIZED} asrSmartFormat code hints speechModel transcriptionProvider voice"),
    "Leave": _known(),
    "Number": _known(f"{_PROGRESS} {_DETECTION} byoc method sendDigits url"),
    "Parameter": _known("name value"),
    "Pause": _known("length"),
    "Pay": _known(
        f"{_CALLBACK} action bankAccountType chargeAmount currency description input language maxAttempts "
        "minPostalCodeLength paymentConnector paymentMethod postalCode securityCode timeout tokenType validCardTypes",
        "Parameter Prompt",
    ),
    "Play": _known("digits loop"),
    "Prompt": _known("attempt cardType errorType for requireMatchingInputs", _PROMPTS),
    "Queue": _known("method postWorkActivitySid reservationSid url"),
    "Record": _known(
        f"{_RECORDING} action finishOnKey maxLength method playBeep timeout transcribe transcribeCallback"
    ),
    "Recording": _known(f"{_RECORDING} channels track"),
    "Redirect": _known("method"),
    "Refer": _known("action method", "Sip"),
    "Reject": _known("reason", "Parameter"),
    "Room": _known("participantIdentity"),
    "Say": _known("language loop voice", _PARAGRAPHS),
    "Sim": _known(),
    "Sip": _known(f"{_PROGRESS} {_DETECTION} method password url username", "Headers Uri"),
    "Siprec": _known(f"{_CALLBACK} connectorName name track", "Parameter"),
    "Sms": _known("action from method statusCallback to"),
    "Start": _known("action method", "Recording Siprec Stream Transcription"),
    "Stop": _known("", "Siprec Stream Transcription"),
    "Stream": _known(f"{_CALLBACK} audioFormat connectorName name sampleRate track url", "Parameter"),
    "Task": _known("priority timeout"),
    "Transcription": _known(
        "enableAutomaticPunctuation hints inboundTrackLabel intelligenceService languageCode name outboundTrackLabel "
        "partialResults profanityFilter speechModel statusCallbackMethod statusCallbackUrl track transcriptionEngine",
        "Config Parameter",
    ),
    "Uri": _known("password priority username weight"),
    "VirtualAgent": _known(f"{_CALLBACK} connectorName language sentimentAnalysis", "Config Parameter"),
    "WhatsApp": _known(f"{_PROGRESS} method url"),
    "break": _known("strength time"),
    "emphasis": _known("level", _SPOKEN),
    "lang": _known("xml:lang", _PARAGRAPHS),
    "p": _known("", f"{_SPOKEN} s"),
    "phoneme": _known("alphabet ph"),
    "prosody": _known("pitch rate volume", _PARAGRAPHS),
    "s": _known("", _SPOKEN),
    "say-as": _known("format interpret-as"),
    "sub": _known("alias"),
    "w": _known("role", _WORDS),
}
VOICE_VERBS = frozenset(
    {
        "Connect", "Dial", "Echo", "Enqueue", "Gather", "Hangup", "Leave", "Pause", "Pay", "Play", "Prompt", "Queue",
        "Record", "Redirect", "Refer", "Reject", "Say", "Sms", "Start", "Stop",
    }
)
# fmt: on

_ROOT = Verb(frozenset({"version"}), VOICE_VERBS)
# The address of a Refer is bare.
_REFERRED = {"Sip": _known()}


def warnings(root: Element) -> list[TwimlWarning]:
    """What in a voice document the schema does not know, in the document's order; nothing inside an unknown element."""
    return _inside(root, _ROOT)


def _inside(element: Element, known: Verb) -> list[TwimlWarning]:
    found = [
        _warn(element, f"attribute {name} is not allowed in {element.name}")
        for name in element.attributes
        if name not in known.attributes
    ]
    for child in element.children:
        if child.name not in known.children:
            found.append(_warn(child, _unknown(child, element)))
            continue
        own = _REFERRED if element.name == "Refer" else VOICE_ELEMENTS
        found += _inside(child, own[child.name])
    return found


def _unknown(child: Element, parent: Element) -> str:
    if parent.name == "Response" and child.name not in VOICE_ELEMENTS:
        return f"{child.name} is not a TwiML verb"
    return f"{child.name} is not allowed in {parent.name}"


def _warn(element: Element, reason: str) -> TwimlWarning:
    return TwimlWarning(NOT_IN_SCHEMA, reason, element.line, element.column)
