"""How an installation tells of itself, and is told."""
