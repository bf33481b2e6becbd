"""What a verification says, in every language it is said in.

`code` is Twilio's default text in that language's own words; `warning` follows it where the service asks that codes be
kept to oneself; `payment` takes its place for a payment under PSD2. Placeholders: {{friendly_name}} (the service's),
{{code}}, {{amount}}, {{payee}}. Source: Twilio, "Verify supported languages", "Do not share warning".
"""

from typing import Final, NamedTuple


class Wording(NamedTuple):
    """One language's sentences."""

    code: str
    warning: str
    payment: str


_ENGLISH = Wording(
    "Your {{friendly_name}} verification code is: {{code}}",
    "Don't share this code with anyone; our employees will never ask for it.",
    "Your {{friendly_name}} code to pay {{amount}} to {{payee}} is: {{code}}",
)
_SIMPLIFIED_CHINESE = Wording(
    "您的{{friendly_name}}验证码是：{{code}}",
    "请勿将此验证码告诉任何人；我们的员工绝不会向您索取。",
    "您在{{friendly_name}}向{{payee}}支付{{amount}}的验证码是：{{code}}",
)

WORDINGS: Final[dict[str, Wording]] = {
    "af": Wording(
        "Jou {{friendly_name}}-verifikasiekode is: {{code}}",
        "Moenie hierdie kode met enigiemand deel nie; ons werknemers sal nooit daarvoor vra nie.",
        "Jou {{friendly_name}}-kode om {{amount}} aan {{payee}} te betaal is: {{code}}",
    ),
    "ar": Wording(
        "رمز التحقق الخاص بك من {{friendly_name}} هو: {{code}}",
        "لا تشارك هذا الرمز مع أي شخص؛ لن يطلبه منك موظفونا أبدًا.",
        "رمز {{friendly_name}} لدفع {{amount}} إلى {{payee}} هو: {{code}}",
    ),
    "ca": Wording(
        "El teu codi de verificació de {{friendly_name}} és: {{code}}",
        "No comparteixis aquest codi amb ningú; els nostres empleats no te'l demanaran mai.",
        "El teu codi de {{friendly_name}} per pagar {{amount}} a {{payee}} és: {{code}}",
    ),
    "cs": Wording(
        "Váš ověřovací kód pro {{friendly_name}} je: {{code}}",
        "Tento kód nikomu nesdělujte; naši zaměstnanci ho po vás nikdy nebudou chtít.",
        "Váš kód {{friendly_name}} k platbě {{amount}} pro {{payee}} je: {{code}}",
    ),
    "da": Wording(
        "Din bekræftelseskode til {{friendly_name}} er: {{code}}",
        "Del ikke denne kode med nogen; vores medarbejdere vil aldrig bede om den.",
        "Din {{friendly_name}}-kode til at betale {{amount}} til {{payee}} er: {{code}}",
    ),
    "de": Wording(
        "Ihr {{friendly_name}}-Bestätigungscode lautet: {{code}}",
        "Geben Sie diesen Code nicht weiter; unsere Mitarbeiter fragen Sie nie danach.",
        "Ihr {{friendly_name}}-Code für die Zahlung von {{amount}} an {{payee}} lautet: {{code}}",
    ),
    "el": Wording(
        "Ο κωδικός επαλήθευσης για {{friendly_name}} είναι: {{code}}",
        "Μην κοινοποιήσετε αυτόν τον κωδικό σε κανέναν· οι υπάλληλοί μας δεν θα τον ζητήσουν ποτέ.",
        "Ο κωδικός {{friendly_name}} για πληρωμή {{amount}} προς {{payee}} είναι: {{code}}",
    ),
    "en": _ENGLISH,
    "en-GB": _ENGLISH,
    "es": Wording(
        "Tu código de verificación de {{friendly_name}} es: {{code}}",
        "No compartas este código con nadie; nuestros empleados nunca te lo pedirán.",
        "Tu código de {{friendly_name}} para pagar {{amount}} a {{payee}} es: {{code}}",
    ),
    "et": Wording(
        "Sinu {{friendly_name}} kinnituskood on: {{code}}",
        "Ära jaga seda koodi kellegagi; meie töötajad ei küsi seda kunagi.",
        "Sinu {{friendly_name}} kood makseks {{amount}} saajale {{payee}} on: {{code}}",
    ),
    "fi": Wording(
        "{{friendly_name}}-vahvistuskoodisi on: {{code}}",
        "Älä kerro tätä koodia kenellekään; työntekijämme eivät koskaan pyydä sitä.",
        "{{friendly_name}}-koodisi maksuun {{amount}} saajalle {{payee}} on: {{code}}",
    ),
    "fr": Wording(
        "Votre code de vérification {{friendly_name}} est : {{code}}",
        "Ne communiquez ce code à personne ; nos employés ne vous le demanderont jamais.",
        "Votre code {{friendly_name}} pour payer {{amount}} à {{payee}} est : {{code}}",
    ),
    "he": Wording(
        "קוד האימות שלך עבור {{friendly_name}} הוא: {{code}}",
        "אין לשתף קוד זה עם אף אחד; העובדים שלנו לעולם לא יבקשו אותו.",
        "קוד {{friendly_name}} לתשלום {{amount}} אל {{payee}} הוא: {{code}}",
    ),
    "hi": Wording(
        "आपका {{friendly_name}} सत्यापन कोड है: {{code}}",
        "यह कोड किसी के साथ साझा न करें; हमारे कर्मचारी इसे कभी नहीं माँगेंगे।",
        "{{payee}} को {{amount}} का भुगतान करने के लिए आपका {{friendly_name}} कोड है: {{code}}",
    ),
    "hr": Wording(
        "Vaš {{friendly_name}} kod za potvrdu je: {{code}}",
        "Ne dijelite ovaj kod ni s kim; naši zaposlenici ga nikada neće tražiti.",
        "Vaš {{friendly_name}} kod za plaćanje {{amount}} primatelju {{payee}} je: {{code}}",
    ),
    "hu": Wording(
        "Az Ön {{friendly_name}} ellenőrző kódja: {{code}}",
        "Ne ossza meg ezt a kódot senkivel; munkatársaink soha nem kérik el.",
        "Az Ön {{friendly_name}} kódja a(z) {{amount}} összeg {{payee}} részére történő fizetéséhez: {{code}}",
    ),
    "id": Wording(
        "Kode verifikasi {{friendly_name}} Anda adalah: {{code}}",
        "Jangan berikan kode ini kepada siapa pun; karyawan kami tidak akan pernah memintanya.",
        "Kode {{friendly_name}} Anda untuk membayar {{amount}} kepada {{payee}} adalah: {{code}}",
    ),
    "it": Wording(
        "Il tuo codice di verifica {{friendly_name}} è: {{code}}",
        "Non condividere questo codice con nessuno; i nostri dipendenti non te lo chiederanno mai.",
        "Il tuo codice {{friendly_name}} per pagare {{amount}} a {{payee}} è: {{code}}",
    ),
    "ja": Wording(
        "{{friendly_name}} の確認コード: {{code}}",
        "このコードは誰にも教えないでください。当社の従業員がお尋ねすることは決してありません。",
        "{{payee}} への {{amount}} の支払いに使う {{friendly_name}} のコード: {{code}}",
    ),
    "kn": Wording(
        "ನಿಮ್ಮ {{friendly_name}} ಪರಿಶೀಲನಾ ಕೋಡ್: {{code}}",
        "ಈ ಕೋಡ್ ಅನ್ನು ಯಾರೊಂದಿಗೂ ಹಂಚಿಕೊಳ್ಳಬೇಡಿ; ನಮ್ಮ ಉದ್ಯೋಗಿಗಳು ಇದನ್ನು ಎಂದಿಗೂ ಕೇಳುವುದಿಲ್ಲ.",
        "{{payee}} ಅವರಿಗೆ {{amount}} ಪಾವತಿಸಲು ನಿಮ್ಮ {{friendly_name}} ಕೋಡ್: {{code}}",
    ),
    "ko": Wording(
        "{{friendly_name}} 인증 코드: {{code}}",
        "이 코드를 누구와도 공유하지 마세요. 저희 직원은 절대 이 코드를 묻지 않습니다.",
        "{{payee}}에 {{amount}} 결제를 위한 {{friendly_name}} 코드: {{code}}",
    ),
    "lt": Wording(
        "Jūsų {{friendly_name}} patvirtinimo kodas: {{code}}",
        "Niekam neatskleiskite šio kodo; mūsų darbuotojai jo niekada neprašys.",
        "Jūsų {{friendly_name}} kodas mokėjimui {{amount}} gavėjui {{payee}}: {{code}}",
    ),
    "mr": Wording(
        "तुमचा {{friendly_name}} पडताळणी कोड आहे: {{code}}",
        "हा कोड कोणालाही सांगू नका; आमचे कर्मचारी तो कधीही मागणार नाहीत.",
        "{{payee}} यांना {{amount}} देण्यासाठी तुमचा {{friendly_name}} कोड आहे: {{code}}",
    ),
    "ms": Wording(
        "Kod pengesahan {{friendly_name}} anda ialah: {{code}}",
        "Jangan kongsi kod ini dengan sesiapa; pekerja kami tidak akan sekali-kali memintanya.",
        "Kod {{friendly_name}} anda untuk membayar {{amount}} kepada {{payee}} ialah: {{code}}",
    ),
    "nb": Wording(
        "Din bekreftelseskode for {{friendly_name}} er: {{code}}",
        "Ikke del denne koden med noen; våre ansatte vil aldri be om den.",
        "Din {{friendly_name}}-kode for å betale {{amount}} til {{payee}} er: {{code}}",
    ),
    "nl": Wording(
        "Je verificatiecode voor {{friendly_name}} is: {{code}}",
        "Deel deze code met niemand; onze medewerkers vragen er nooit om.",
        "Je {{friendly_name}}-code om {{amount}} te betalen aan {{payee}} is: {{code}}",
    ),
    "pl": Wording(
        "Twój kod weryfikacyjny {{friendly_name}} to: {{code}}",
        "Nie udostępniaj tego kodu nikomu; nasi pracownicy nigdy o niego nie poproszą.",
        "Twój kod {{friendly_name}} do zapłaty {{amount}} na rzecz {{payee}} to: {{code}}",
    ),
    "pt": Wording(
        "O seu código de verificação {{friendly_name}} é: {{code}}",
        "Não partilhe este código com ninguém; os nossos funcionários nunca o pedirão.",
        "O seu código {{friendly_name}} para pagar {{amount}} a {{payee}} é: {{code}}",
    ),
    "pt-BR": Wording(
        "Seu código de verificação {{friendly_name}} é: {{code}}",
        "Não compartilhe este código com ninguém; nossos funcionários nunca vão pedi-lo.",
        "Seu código {{friendly_name}} para pagar {{amount}} a {{payee}} é: {{code}}",
    ),
    "ro": Wording(
        "Codul dumneavoastră de verificare {{friendly_name}} este: {{code}}",
        "Nu divulgați acest cod nimănui; angajații noștri nu vi-l vor cere niciodată.",
        "Codul dumneavoastră {{friendly_name}} pentru a plăti {{amount}} către {{payee}} este: {{code}}",
    ),
    "ru": Wording(
        "Ваш код подтверждения {{friendly_name}}: {{code}}",
        "Никому не сообщайте этот код; наши сотрудники никогда его не спросят.",
        "Ваш код {{friendly_name}} для оплаты {{amount}} в пользу {{payee}}: {{code}}",
    ),
    "sk": Wording(
        "Váš overovací kód pre {{friendly_name}} je: {{code}}",
        "Tento kód nikomu neprezrádzajte; naši zamestnanci ho od vás nikdy nebudú žiadať.",
        "Váš kód {{friendly_name}} na platbu {{amount}} pre {{payee}} je: {{code}}",
    ),
    "sv": Wording(
        "Din verifieringskod för {{friendly_name}} är: {{code}}",
        "Dela inte koden med någon; våra anställda frågar aldrig efter den.",
        "Din {{friendly_name}}-kod för att betala {{amount}} till {{payee}} är: {{code}}",
    ),
    "te": Wording(
        "మీ {{friendly_name}} ధృవీకరణ కోడ్: {{code}}",
        "ఈ కోడ్‌ను ఎవరితోనూ పంచుకోవద్దు; మా ఉద్యోగులు దీన్ని ఎప్పటికీ అడగరు.",
        "{{payee}}కు {{amount}} చెల్లించడానికి మీ {{friendly_name}} కోడ్: {{code}}",
    ),
    "th": Wording(
        "รหัสยืนยัน {{friendly_name}} ของคุณคือ: {{code}}",
        "อย่าบอกรหัสนี้แก่ผู้ใด พนักงานของเราจะไม่ขอรหัสนี้จากคุณ",
        "รหัส {{friendly_name}} สำหรับชำระเงิน {{amount}} ให้แก่ {{payee}} คือ: {{code}}",
    ),
    "tl": Wording(
        "Ang iyong verification code para sa {{friendly_name}} ay: {{code}}",
        "Huwag ibahagi ang code na ito kaninuman; hindi ito kailanman hihingin ng aming mga empleyado.",
        "Ang iyong {{friendly_name}} code para magbayad ng {{amount}} kay {{payee}} ay: {{code}}",
    ),
    "tr": Wording(
        "{{friendly_name}} doğrulama kodunuz: {{code}}",
        "Bu kodu kimseyle paylaşmayın; çalışanlarımız bu kodu asla istemez.",
        "{{payee}} alıcısına {{amount}} ödemek için {{friendly_name}} kodunuz: {{code}}",
    ),
    "uk": Wording(
        "Ваш код підтвердження {{friendly_name}}: {{code}}",
        "Нікому не повідомляйте цей код; наші співробітники ніколи його не запитують.",
        "Ваш код {{friendly_name}} для сплати {{amount}} на користь {{payee}}: {{code}}",
    ),
    "vi": Wording(
        "Mã xác minh {{friendly_name}} của bạn là: {{code}}",
        "Đừng chia sẻ mã này với bất kỳ ai; nhân viên của chúng tôi sẽ không bao giờ hỏi mã này.",
        "Mã {{friendly_name}} để bạn thanh toán {{amount}} cho {{payee}} là: {{code}}",
    ),
    "zh": _SIMPLIFIED_CHINESE,
    "zh-CN": _SIMPLIFIED_CHINESE,
    "zh-HK": Wording(
        "你的 {{friendly_name}} 驗證碼是：{{code}}",
        "請勿將此驗證碼告訴任何人；我們的員工絕不會向你索取。",
        "你在 {{friendly_name}} 向 {{payee}} 支付 {{amount}} 的驗證碼是：{{code}}",
    ),
}
