"""What can be asked of ringfence, one verb a file."""
