"""Carriers, one package each: the simulator, and SIP, which no role composes yet."""
