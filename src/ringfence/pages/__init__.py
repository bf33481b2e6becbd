"""Pages of static files, served under one policy."""
