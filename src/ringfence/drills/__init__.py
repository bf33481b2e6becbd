"""Attacks that must fail here, and must succeed on the control build."""
