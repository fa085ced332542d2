/* lwIP's options for source builds: what in-process, virtual-time use demands, and nothing else. All others
 * have lwIP's defaults, or what the header FINWAIT_LWIP_OPTIONS (a CMake variable) says. */
#ifndef FINWAIT_LWIP_LWIPOPTS_H
#define FINWAIT_LWIP_LWIPOPTS_H

#ifdef FINWAIT_LWIP_OPTIONS
#include FINWAIT_LWIP_OPTIONS
#endif

/* Raw API only, one thread, and the adapter calls the timers itself. */
#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_TIMERS 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0

/* Everything comes from the adapter's arena: no pool limits a case, and a reset need not copy pools. */
#define MEM_LIBC_MALLOC 1
#define MEMP_MEM_MALLOC 1
#ifndef MEM_ALIGNMENT
#define MEM_ALIGNMENT 8
#endif

/* Active opens may share a listener's port (SOF_REUSEADDR). */
#define SO_REUSE 1

/* The ISS follows from the case's seed. lwIP 2.0.0 lacks the hook: there interpose.cpp alone sees to it. */
#define LWIP_HOOK_TCP_ISN(local_ip, local_port, remote_ip, remote_port) finwait_lwip_next_iss()

#endif
