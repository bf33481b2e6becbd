"""What a call says before a code, where the service wants a key pressed first: nobody's voicemail presses one."""

from typing import Final

_ENGLISH = "To hear your verification code, press any key."
_CHINESE = "请按任意键收听您的验证码。"

PRESS_A_KEY: Final[dict[str, str]] = {
    "af": "Druk enige sleutel om jou verifikasiekode te hoor.",
    "ar": "للاستماع إلى رمز التحقق الخاص بك، اضغط على أي مفتاح.",
    "ca": "Per escoltar el teu codi de verificació, prem qualsevol tecla.",
    "cs": "Chcete-li slyšet svůj ověřovací kód, stiskněte libovolnou klávesu.",
    "da": "Tryk på en vilkårlig tast for at høre din bekræftelseskode.",
    "de": "Drücken Sie eine beliebige Taste, um Ihren Bestätigungscode zu hören.",
    "el": "Για να ακούσετε τον κωδικό επαλήθευσης, πατήστε οποιοδήποτε πλήκτρο.",
    "en": _ENGLISH,
    "en-GB": _ENGLISH,
    "es": "Para escuchar tu código de verificación, pulsa cualquier tecla.",
    "et": "Kinnituskoodi kuulamiseks vajuta mis tahes klahvi.",
    "fi": "Kuuntele vahvistuskoodisi painamalla mitä tahansa näppäintä.",
    "fr": "Pour entendre votre code de vérification, appuyez sur n'importe quelle touche.",
    "he": "כדי לשמוע את קוד האימות שלך, הקש על מקש כלשהו.",
    "hi": "अपना सत्यापन कोड सुनने के लिए कोई भी बटन दबाएँ।",
    "hr": "Za slušanje koda za potvrdu pritisnite bilo koju tipku.",
    "hu": "Az ellenőrző kód meghallgatásához nyomjon meg egy tetszőleges gombot.",
    "id": "Untuk mendengar kode verifikasi Anda, tekan tombol apa saja.",
    "it": "Per ascoltare il tuo codice di verifica, premi un tasto qualsiasi.",
    "ja": "確認コードを聞くには、いずれかのキーを押してください。",
    "kn": "ನಿಮ್ಮ ಪರಿಶೀಲನಾ ಕೋಡ್ ಕೇಳಲು ಯಾವುದೇ ಕೀ ಒತ್ತಿ.",
    "ko": "인증 코드를 들으려면 아무 키나 누르세요.",
    "lt": "Norėdami išgirsti patvirtinimo kodą, paspauskite bet kurį klavišą.",
    "mr": "तुमचा पडताळणी कोड ऐकण्यासाठी कोणतीही कळ दाबा.",
    "ms": "Untuk mendengar kod pengesahan anda, tekan mana-mana kekunci.",
    "nb": "Trykk på en hvilken som helst tast for å høre bekreftelseskoden din.",
    "nl": "Druk op een willekeurige toets om je verificatiecode te horen.",
    "pl": "Aby usłyszeć kod weryfikacyjny, naciśnij dowolny klawisz.",
    "pt": "Para ouvir o seu código de verificação, prima qualquer tecla.",
    "pt-BR": "Para ouvir seu código de verificação, pressione qualquer tecla.",
    "ro": "Pentru a auzi codul de verificare, apăsați orice tastă.",
    "ru": "Чтобы услышать код подтверждения, нажмите любую клавишу.",
    "sk": "Ak chcete počuť overovací kód, stlačte ľubovoľný kláves.",
    "sv": "Tryck på valfri knapp för att höra din verifieringskod.",
    "te": "మీ ధృవీకరణ కోడ్ వినడానికి ఏదైనా కీ నొక్కండి.",
    "th": "กดปุ่มใดก็ได้เพื่อฟังรหัสยืนยันของคุณ",
    "tl": "Pindutin ang anumang key upang marinig ang iyong verification code.",
    "tr": "Doğrulama kodunuzu duymak için herhangi bir tuşa basın.",
    "uk": "Щоб почути код підтвердження, натисніть будь-яку клавішу.",
    "vi": "Để nghe mã xác minh của bạn, hãy nhấn phím bất kỳ.",
    "zh": _CHINESE,
    "zh-CN": _CHINESE,
    "zh-HK": "請按任何鍵收聽你的驗證碼。",
}
"""By locale, for every locale that has a wording."""
