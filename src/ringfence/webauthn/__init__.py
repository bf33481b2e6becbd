"""Passkeys: WebAuthn's ceremonies, checked strictly, over a library for signatures and attestation."""
