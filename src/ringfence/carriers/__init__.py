"""Carriers, one package each: so far the simulator."""
