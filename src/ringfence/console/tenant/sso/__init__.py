"""Members come through their organisation's OpenID provider, where it says that no phishing page could have got in."""
