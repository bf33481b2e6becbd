"""Calls between ringfence's own processes: framed msgpack over Unix sockets, told apart by peer credentials."""
