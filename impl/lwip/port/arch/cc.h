/* The compiler and platform of source builds. */
#ifndef FINWAIT_LWIP_ARCH_CC_H
#define FINWAIT_LWIP_ARCH_CC_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>

#define LWIP_TIMEVAL_PRIVATE 0
#define LWIP_ERRNO_STDINCLUDE 1
#define LWIP_ERRNO_INCLUDE <errno.h> /* 2.0's name for the same wish */

#define LWIP_RAND() ((uint32_t)rand())

#define LWIP_PLATFORM_DIAG(message) \
  do {                              \
    printf message;                 \
  } while (0)

/* A failed assertion ends the process: that is a finding, and the harness outlives it. */
#define LWIP_PLATFORM_ASSERT(message)                                                          \
  do {                                                                                         \
    fprintf(stderr, "lwIP assertion \"%s\" failed at %s:%d\n", (message), __FILE__, __LINE__); \
    abort();                                                                                   \
  } while (0)

#ifdef __cplusplus
extern "C" {
#endif
uint32_t finwait_lwip_next_iss(void);
#ifdef __cplusplus
}
#endif

#endif
