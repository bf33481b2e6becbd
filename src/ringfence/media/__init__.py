"""The sound of calls: packets, codecs and clocks. It holds no business logic."""
