"""Migrations that a database lacks, and how a SQLite file gets them: for the store and for the key service."""
