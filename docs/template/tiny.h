/* A TCP that is too small to be of use: a host on which no port is open. */
#ifndef TINY_H
#define TINY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The network: takes one IPv4 datagram that the host sends. */
typedef void (*tiny_output)(void *network, const uint8_t *packet, size_t size);

struct tiny {
  tiny_output output;
  void *network;
};

/* One IPv4 datagram has come. */
void tiny_input(struct tiny *host, const uint8_t *packet, size_t size);

#ifdef __cplusplus
}
#endif

#endif
