#include "impl/lwip/pcb_state.h"

#include <lwip/priv/tcp_priv.h>
#include <lwip/tcp.h>

#include <algorithm>

namespace finwait::lwip {
namespace {

void add_sent_segments(const tcp_seg* segment, std::uint32_t own, StateHash& hash) {
  for (; segment != nullptr; segment = segment->next) {
    hash.add(lwip_ntohl(segment->tcphdr->seqno) - own);
    hash.add(segment->len);
    hash.add(TCPH_FLAGS(segment->tcphdr) & (TCP_SYN | TCP_FIN));
  }
  hash.add(-1);
}

// The header of a segment that has come is in host order already.
void add_early_segments(const tcp_seg* segment, std::uint32_t peer, StateHash& hash) {
  for (; segment != nullptr; segment = segment->next) {
    hash.add(segment->tcphdr->seqno - peer);
    hash.add(segment->len);
    hash.add(TCPH_FLAGS(segment->tcphdr) & (TCP_SYN | TCP_FIN));
  }
  hash.add(-1);
}

void add_receiving(const tcp_pcb& pcb, std::uint32_t peer, StateHash& hash) {
  hash.add(pcb.rcv_nxt - peer);
  hash.add(pcb.rcv_wnd);
  hash.add(pcb.rcv_ann_wnd);
  hash.add(pcb.rcv_ann_right_edge - peer);
  hash.add(pcb.snd_wl1 - peer);
#if TCP_QUEUE_OOSEQ
  add_early_segments(pcb.ooseq, peer, hash);
#endif
  hash.add(pcb.refused_data != nullptr);
}

void add_sending(const tcp_pcb& pcb, std::uint32_t own, StateHash& hash) {
  hash.add(pcb.lastack - own);
  hash.add(pcb.snd_nxt - own);
  hash.add(pcb.snd_lbb - own);
  hash.add(pcb.snd_wl2 - own);
  hash.add(pcb.snd_wnd);
  hash.add(pcb.snd_wnd_max);
  hash.add(pcb.mss);
  // The congestion window counts as far as it holds anything back.
  const std::uint32_t wanted = pcb.snd_lbb - pcb.lastack + pcb.mss;
  hash.add(std::min<std::uint32_t>(pcb.cwnd, wanted));
  hash.add(pcb.dupacks);
  hash.add(pcb.nrtx);
  hash.add(pcb.rtime >= 0);
  hash.add(pcb.rttest != 0);
  hash.add(pcb.persist_backoff);
#if TCP_OVERSIZE
  hash.add(pcb.unsent_oversize);
#endif
  add_sent_segments(pcb.unsent, own, hash);
  add_sent_segments(pcb.unacked, own, hash);
}

}  // namespace

void add_connection(const tcp_pcb& pcb, const Viewpoint& from, StateHash& hash) {
  hash.add(pcb.state);
  hash.add(pcb.flags);
  add_receiving(pcb, from.peer, hash);
  add_sending(pcb, from.own, hash);
}

}  // namespace finwait::lwip
