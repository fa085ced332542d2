#!/usr/bin/env python3
"""An agent for finwait: a host on which no port is open (RFC 9293, section 3.10.7.1).

Run it with: finwait check-agent -- python3 closed_port.py
"""
import struct
import sys

FIN, SYN, RST, ACK = 1, 2, 4, 16
now = 0  # microseconds since the last reset


def checksum(octets):
    if len(octets) % 2:
        octets += b"\0"
    total = sum(struct.unpack("!%dH" % (len(octets) // 2), octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def reset_for(packet):
    """The RST that a segment draws, or None."""
    ip, tcp = packet[:20], packet[(packet[0] & 15) * 4:]
    source, destination, seq, ack, offset, flags = struct.unpack("!HHLLBB", tcp[:14])
    pseudo = ip[12:20] + struct.pack("!BBH", 0, 6, len(tcp))
    if checksum(pseudo + tcp) != 0 or flags & RST:  # MUST-3; a RST is never answered
        return None
    if flags & ACK:
        answer = (ack, 0, RST)
    else:
        length = len(tcp) - (offset >> 4) * 4 + bool(flags & SYN) + bool(flags & FIN)
        answer = (0, (seq + length) % 2**32, RST | ACK)
    tcp = struct.pack("!HHLLBBHHH", destination, source, answer[0], answer[1], 5 << 4, answer[2], 0, 0, 0)
    back = ip[16:20] + ip[12:16]
    sum_ = checksum(back + struct.pack("!BBH", 0, 6, 20) + tcp)
    tcp = tcp[:16] + struct.pack("!H", sum_) + tcp[18:]
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 40, 0, 0, 64, 6, 0) + back
    return ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + tcp


def answer(words):
    global now
    if words[0] == "hello":
        return ["claim name closed-port", "claim version 1", "claim reaction 0", "claim calls", "ok"]
    if words[0] == "reset":
        now = 0
    elif words[0] == "advance":
        now += int(words[1])
    elif words[0] == "deliver":
        packet = reset_for(bytes.fromhex(words[1]))
        return ["datagram %d %s" % (now, packet.hex()), "ok"] if packet else ["ok"]
    elif words[0] == "call":
        return ["unsupported"]
    return ["ok"]


for line in sys.stdin:
    sys.stdout.write("\n".join(answer(line.split())) + "\n")
    sys.stdout.flush()  # once, when the answer is complete
