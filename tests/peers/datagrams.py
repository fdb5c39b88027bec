#!/usr/bin/env python3
"""Two that speak to where the lab says the other is: datagrams.py a|b [ipv6]

The addresses in the environment must be those that the names have, and the other must be heard there; with
"ipv6" by its name, too, for the environment has IPv4 addresses alone."""
import os
import socket
import sys

PORT, ROUNDS = 7000, 100
PEERS = {"a": "bob", "b": "alice"}


def named(name, family):
    return socket.getaddrinfo(name, PORT, family, socket.SOCK_DGRAM)[0][4][0]


def expect(what, got, wanted):
    if got != wanted:
        sys.exit(f"{what}: expected {wanted}, got {got}")


def talk(family, peer):
    """Until the other has been heard, and has said that it hears, too."""
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.bind(("", PORT))
    sock.settimeout(0.05)
    said = b"hello"
    for _ in range(ROUNDS):
        sock.sendto(said, (peer, PORT))
        try:
            data, source = sock.recvfrom(64)
        except (TimeoutError, ConnectionError):
            continue
        expect("who speaks", source[0], peer)
        if said == data == b"heard":
            return
        said = b"heard"
        if data == said:
            sock.sendto(said, (peer, PORT))
            return
    sys.exit(f"nobody was heard at {peer}")


me = sys.argv[1]
env = os.environ
expect("KNOTHOLE_PEER", env["KNOTHOLE_PEER"], named(PEERS[me], socket.AF_INET))
expect("KNOTHOLE_A and _B", env["KNOTHOLE_B" if me == "a" else "KNOTHOLE_A"], env["KNOTHOLE_PEER"])
talk(socket.AF_INET, env["KNOTHOLE_PEER"])
if "ipv6" in sys.argv[2:]:
    talk(socket.AF_INET6, named(PEERS[me], socket.AF_INET6))
