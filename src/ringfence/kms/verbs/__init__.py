"""What the key service does when it is asked, a file for each of those who ask."""
