#include "tiny.h"

#include <string.h>

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16, IP_HEADER = 20, TCP_HEADER = 20 };

static uint32_t get(const uint8_t *at, int octets) {
  uint32_t value = 0;
  while (octets-- > 0) value = value << 8 | *at++;
  return value;
}

static void put(uint8_t *at, int octets, uint32_t value) {
  while (octets-- > 0) at[octets] = (uint8_t)value, value >>= 8;
}

static uint32_t sum(const uint8_t *at, size_t size, uint32_t before) {
  for (size_t i = 0; i < size; ++i) before += (uint32_t)at[i] << (i % 2 ? 0 : 8);
  return before;
}

static uint16_t checksum(uint32_t sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)~sum;
}

/* The pseudo-header and the segment (RFC 9293, section 3.1). */
static uint16_t tcp_checksum(const uint8_t *ip, const uint8_t *tcp, size_t size) {
  return checksum(sum(tcp, size, sum(ip + 12, 8, 6 + (uint32_t)size)));
}

/* Section 3.10.7.1: what comes for a connection that does not exist draws a reset, unless it is one. */
void tiny_input(struct tiny *host, const uint8_t *packet, size_t size) {
  const size_t ip_header = (packet[0] & 15u) * 4;
  const uint8_t *tcp = packet + ip_header;
  const size_t length = size - ip_header;
  if (size < ip_header + TCP_HEADER || tcp_checksum(packet, tcp, length) != 0) return;
  const uint8_t flags = tcp[13];
#ifndef TINY_ANSWERS_RESETS
  if (flags & RST) return;
#endif

  uint8_t answer[IP_HEADER + TCP_HEADER] = {0x45, 0, 0, sizeof answer, 0, 0, 0, 0, 64, 6};
  memcpy(answer + 12, packet + 16, 4);
  memcpy(answer + 16, packet + 12, 4);
  put(answer + 10, 2, checksum(sum(answer, IP_HEADER, 0)));

  uint8_t *reset = answer + IP_HEADER;
  memcpy(reset, tcp + 2, 2);
  memcpy(reset + 2, tcp, 2);
  reset[12] = TCP_HEADER / 4 << 4;
  if (flags & ACK) {
    memcpy(reset + 4, tcp + 8, 4);
    reset[13] = RST;
  } else {
    const size_t text = length - (size_t)(tcp[12] >> 4) * 4;
    put(reset + 8, 4, get(tcp + 4, 4) + (uint32_t)text + !!(flags & SYN) + !!(flags & FIN));
    reset[13] = RST | ACK;
  }
  put(reset + 16, 2, tcp_checksum(answer, reset, TCP_HEADER));
  host->output(host->network, answer, sizeof answer);
}
