"""Keeping what a declared duty names, and nothing where none is."""
