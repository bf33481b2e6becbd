"""Passkeys as bytes and rules: what browsers and authenticators send, read strictly. No signature is checked here."""
