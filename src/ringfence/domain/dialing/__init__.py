"""Where calls may go: destinations by region and number range, and what accounts permit."""
