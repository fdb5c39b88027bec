#!/usr/bin/python3
"""
Python's hashlib and hmac, and tshark, judge the SHA-256 credentials of RFC 8489 that client and server have exchanged,
since no implementation in Debian 12 has them: coturn 4.6, libnice, aioice, pion's and Erlang's know SHA-1 alone.

usage: sha256.py KNOTHOLE SCENARIO RESULTS
"""
import glob
import hashlib
import hmac
import struct
import subprocess
import sys

USER, REALM, PASSWORD = b"alice", b"lab.example", b"correct horse"
USERNAME, INTEGRITY, REALM_TYPE, INTEGRITY_SHA256, USERHASH = 0x0006, 0x0008, 0x0014, 0x001C, 0x001E


def check(so, what):
    if not so:
        sys.exit("sha256.py: " + what)


def tshark(path, *options):
    return subprocess.run(["tshark", "-n", "-r", path, *options], check=True, capture_output=True, text=True).stdout


def attributes(message):
    """Each one's type, value and offset (RFC 8489, 14)."""
    at, end = 20, 20 + struct.unpack_from(">H", message, 2)[0]
    while at < end:
        kind, length = struct.unpack_from(">HH", message, at)
        yield kind, message[at + 4:at + 4 + length], at
        at += 4 + (length + 3) // 4 * 4


def is_signed(message, at, key):
    """RFC 8489, 14.6: up to the attribute, with a length as if that were the last."""
    covered = message[:2] + struct.pack(">H", at + 36 - 20) + message[4:at]
    return hmac.compare_digest(hmac.new(key, covered, hashlib.sha256).digest(), message[at + 4:at + 36])


def judge(message):
    """Is it a request of the client's that is signed, or an answer to one?  Neither: None."""
    found = {kind: (value, at) for kind, value, at in attributes(message)}
    if INTEGRITY_SHA256 not in found:
        return None
    check(INTEGRITY not in found and USERNAME not in found, "SHA-1 or a name in the clear beside SHA-256")
    at = found[INTEGRITY_SHA256][1]
    key = hashlib.sha256(b":".join((USER, REALM, PASSWORD))).digest()
    check(is_signed(message, at, key), "MESSAGE-INTEGRITY-SHA256 is wrong in " + message.hex())
    check(not is_signed(message, at, hashlib.md5(b":".join((USER, REALM, PASSWORD))).digest()), "signed by MD5's key")
    if struct.unpack_from(">H", message)[0] & 0x0110:
        return "answer"
    check(found[REALM_TYPE][0] == REALM, "REALM is %r" % found[REALM_TYPE][0])
    check(found[USERHASH][0] == hashlib.sha256(USER + b":" + REALM).digest(), "USERHASH is wrong")
    return "request"


def main(knothole, scenario, results):
    subprocess.run([knothole, "run", "--world", "virtual", "-o", results, scenario], check=True)
    captures = glob.glob(results + "/*.pcapng")
    check(len(captures) == 1, "%d captures" % len(captures))
    seen = "frame.interface_name == alice && stun.type && udp"
    lines = tshark(captures[0], "-Y", seen, "-T", "fields", "-e", "udp.payload").split()
    verdicts = [judge(bytes.fromhex(line)) for line in lines]
    for kind in "request", "answer":
        check(verdicts.count(kind) == 3, "%d signed %ss, not 3" % (verdicts.count(kind), kind))
    shown = tshark(captures[0], "-Y", seen + " && stun.att.type == 0x001e", "-V")
    check(shown.count("Attribute Type: USERHASH") == 3, "tshark sees no USERHASH")
    check("Attribute Type: PASSWORD-ALGORITHM" in shown and "SHA-256" in shown, "tshark sees no algorithm")
    check(not tshark(captures[0], "-Y", "_ws.malformed || _ws.expert.severity >= error"), "tshark finds fault")


main(*sys.argv[1:])
