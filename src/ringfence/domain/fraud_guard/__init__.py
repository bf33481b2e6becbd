"""Who is being pumped: judged from which blocks of numbers get codes, and which of them bring them back."""
