"""The operator's console: for staff, and of metadata alone."""
