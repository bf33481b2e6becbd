"""Credentials of TURN as coturn checks them, and servers as browsers take them."""

from ringfence.domain.turn_credentials import IceServers, TurnCredentials, credentials_for, described

SERVERS = IceServers(urls=("stun:a:1", "stuns:b:2", "turn:c:3", "turns:d:4"), secret="north")


def test_a_known_answer() -> None:
    found = credentials_for(SERVERS, "AC1", 1_700_000_000)
    assert found.username == "1700000000:AC1"
    # echo -n 1700000000:AC1 | openssl dgst -binary -sha1 -hmac north | base64
    assert found.password == "xFJtU7mXMPHWVEBg1kuCYxbr+0g="
    assert "1700000000" not in repr(found)
    assert "north" not in repr(SERVERS)


def test_only_turn_servers_are_told_the_credentials() -> None:
    shown = described(SERVERS, TurnCredentials(username="u", password="p"))
    assert [("username" in server, server["urls"]) for server in shown] == [
        (False, "stun:a:1"),
        (False, "stuns:b:2"),
        (True, "turn:c:3"),
        (True, "turns:d:4"),
    ]


def test_without_a_secret_there_are_none() -> None:
    open_servers = IceServers(urls=("turn:c:3",))
    none = credentials_for(open_servers, "AC1", 1)
    assert none == TurnCredentials()
    assert described(open_servers, none) == [{"url": "turn:c:3", "urls": "turn:c:3"}]
