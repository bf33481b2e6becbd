"""SIP: calls to and from phones, trunks and other switches. Source: RFC 3261 and those each file names."""
