"""Voices: adapters that speak, each in a process or at a service of its own."""
