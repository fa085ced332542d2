#!/usr/bin/env python3
"""A TCP that gets through finwait check-agent and not much further: one connection, nothing is ever lost."""
import struct
import sys

SYN, RST, PSH, ACK = 2, 4, 8, 16


def checksum(octets):
    octets += b"\0" * (len(octets) % 2)
    total = sum(struct.unpack("!%dH" % (len(octets) // 2), octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Stack:
    def __init__(self):
        self.iss = 100

    def reset(self, seed):
        self.iss = 100 + seed
        self.now, self.listens, self.accepted, self.held = 0, False, False, b""

    def segment(self, flags, text=b""):
        tcp = struct.pack("!HHLLBBHHH", *self.ports, self.snd_nxt, self.rcv_nxt, 5 << 4, flags, 4096, 0, 0) + text
        sum_ = checksum(self.addresses + struct.pack("!BBH", 0, 6, len(tcp)) + tcp)
        tcp = tcp[:16] + struct.pack("!H", sum_) + tcp[18:]
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + self.addresses
        ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
        self.snd_nxt += len(text) + bool(flags & SYN)
        return "datagram %d %s" % (self.now, (ip + tcp).hex())

    def deliver(self, packet):
        self.addresses = packet[16:20] + packet[12:16]
        source, destination, seq, ack, offset, flags = struct.unpack("!HHLLBB", packet[20:34])
        text = packet[20 + (offset >> 4) * 4:]
        self.ports = destination, source
        if not self.listens:
            self.snd_nxt, self.rcv_nxt = 0, seq + 1
            return [self.segment(RST | ACK)]
        if flags & SYN:
            self.snd_nxt, self.rcv_nxt = self.iss, seq + 1
            return [self.segment(SYN | ACK)]
        if not self.accepted:
            return ["acceptable %d 1" % self.now]
        self.rcv_nxt, self.held = self.rcv_nxt + len(text), self.held + text
        return [self.segment(ACK)]

    def call(self, call, socket, *rest):
        if call in ("send", "receive") and not self.accepted:
            return ["no-connection"]
        if call == "open-passive":
            self.listens = True
        elif call == "accept":
            self.accepted = True
        elif call == "send":
            return [self.segment(PSH | ACK, bytes.fromhex(rest[0])), "ok %d" % (len(rest[0]) // 2)]
        elif call == "receive":
            return ["ok %s" % self.held.hex()]
        return ["ok"]


def hello():
    return ["claim name listening", "claim version 1", "claim calls open-passive accept send receive", "ok"]


stack = Stack()


def answer(words):
    if words[0] == "hello":
        return hello()
    if words[0] == "reset":
        stack.reset(int(words[1]))
    elif words[0] == "advance":
        stack.now += int(words[1])
    elif words[0] == "deliver":
        return stack.deliver(bytes.fromhex(words[1])) + ["ok"]
    elif words[0] == "call":
        return stack.call(*words[1:])
    return ["ok"]


for line in sys.stdin:
    sys.stdout.write("\n".join(answer(line.split())) + "\n")
    sys.stdout.flush()
