"""The wordings of verification texts: one per language, and which is chosen for whom."""
