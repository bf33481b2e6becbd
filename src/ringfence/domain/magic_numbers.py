"""Twilio's magic numbers: each makes a request end in a known way, so that a program can test its error paths.

Source: Twilio, "Test credentials", sections "Test SMS messages", "Test incoming phone numbers" and "Test making calls".
"""

# A sender that works although nobody owns it, and a number that can always be bought.
VALID_FROM = "+15005550006"

# To → the error of a message sent there. Any other valid number is accepted.
TO: dict[str, int] = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}

# From → the error of a message sent from there.
FROM: dict[str, int] = {
    "+15005550001": 21212,
    "+15005550007": 21606,
    "+15005550008": 21611,
}
# With test credentials any other sender is not the account's.
OTHER_FROM = 21606

# PhoneNumber, or AreaCode, of a purchase → its error.
PHONE_NUMBER: dict[str, int] = {
    "+15005550000": 21422,
    "+15005550001": 21421,
}
AREA_CODE: dict[str, int] = {"533": 21452}

# To → the error of a call made there, and From → the error of a call made from there.
CALL_TO: dict[str, int] = {
    "+15005550001": 21217,
    "+15005550002": 21214,
    "+15005550003": 21215,
    "+15005550004": 21216,
}
CALL_FROM: dict[str, int] = {"+15005550001": 21212}
