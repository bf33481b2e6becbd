"""What is true without any process, disk or network: numbers, segments, messages, prices, errors, TwiML, sealing."""
