#include "impl/lwip/stack.h"

#include <lwip/init.h>
#include <lwip/ip.h>
#include <lwip/ip4_frag.h>
#include <lwip/netif.h>
#include <lwip/pbuf.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/tcp.h>

#include <cstdlib>
#include <new>
#include <stdexcept>

#include "impl/lwip/interpose.h"
#include "impl/lwip/sanitizer.h"

namespace finwait::lwip {
namespace {

// The finalizer of splitmix64: every bit of the seed reaches every bit of the result.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// One seed in four starts within 4000 octets of the wrap, so that ordinary cases cross 2^32 (§3.4). lwIP
// sends the SYN of an active open with one less than the number it is given.
void draw_iss(std::uint64_t seed, Environment& environment) {
  constexpr std::uint32_t wrap_margin = 3999;
  const std::uint64_t kind = mix(seed);
  const std::uint64_t number = mix(kind);
  environment.next_iss = kind % 4 == 0 ? ~std::uint32_t{0} - static_cast<std::uint32_t>(number % wrap_margin)
                                       : static_cast<std::uint32_t>(number);
  // 64,000 octets and up: beyond whatever the connection before can have sent in a few round trips.
  environment.iss_stride = 64'000 + static_cast<std::uint32_t>(mix(number) % 1'000'000);
}

// Remembers the last datagram of `check_interposition`.
struct Probe final : Link {
  void transmit(Octets packet) override { last.assign(packet.begin(), packet.end()); }
  std::vector<std::uint8_t> last;
};

}  // namespace

Stack& Stack::instance() {
  static Stack stack;
  return stack;
}

Stack::Stack() {
  std::srand(1);
  lwip_init();
  add_interface();
  environment().arena.keep();
  pages_ = std::make_unique<Snapshot>(&tcp_active_pcbs, reinterpret_cast<const void*>(&tcp_input));
  check_interposition();
}

void Stack::add_interface() {
  // In the arena, so that it is put back with everything else.
  void* memory = environment().arena.allocate(sizeof(netif));
  interface_ = new (memory) netif{};
  ip4_addr_t address;
  ip4_addr_t mask;
  ip4_addr_t gateway;
  IP4_ADDR(&address, 10, 0, 0, 1);
  IP4_ADDR(&mask, 255, 255, 255, 0);
  IP4_ADDR(&gateway, 0, 0, 0, 0);
  const auto init = [](netif* self) -> err_t {
    self->name[0] = 'f';
    self->name[1] = 'w';
    self->mtu = 1500;
    self->flags |= NETIF_FLAG_LINK_UP | NETIF_FLAG_BROADCAST;
    self->output = [](netif* from, pbuf* packet, const ip4_addr_t*) -> err_t {
      static_cast<Stack*>(from->state)->transmit(packet);
      return ERR_OK;
    };
#if LWIP_IPV6
    self->output_ip6 = [](netif*, pbuf*, const ip6_addr_t*) -> err_t { return ERR_OK; };
#endif
    return ERR_OK;
  };
  if (netif_add(interface_, &address, &mask, &gateway, this, init, ip_input) == nullptr) {
    throw std::runtime_error("lwip: netif_add failed");
  }
  netif_set_default(interface_);
  netif_set_up(interface_);
}

// A library linked with -Bsymbolic keeps its own heap and ISS. Opening a connection shows whether ours are
// used.
void Stack::check_interposition() {
  Probe probe;
  link_ = &probe;
  environment().next_iss = 0x1234'5678;
  const std::size_t blocks = environment().arena.live_blocks();
  tcp_pcb* pcb = tcp_new_ip_type(IPADDR_TYPE_V4);
  if (pcb == nullptr || environment().arena.live_blocks() == blocks) {
    throw std::runtime_error(
        "lwip: this library allocates behind the adapter's back (linked with -Bsymbolic?); "
        "build with FINWAIT_LWIP_SOURCE_DIR");
  }
  ip_addr_t peer;
  IP_ADDR4(&peer, 10, 0, 0, 2);
  tcp_connect(pcb, &peer, 9, [](void*, tcp_pcb*, err_t) -> err_t { return ERR_OK; });
  const std::vector<std::uint8_t>& syn = probe.last;
  constexpr std::size_t sequence_at = 20 + 4;
  if (syn.size() < 40 || syn[sequence_at] != 0x12 || syn[sequence_at + 1] != 0x34 ||
      syn[sequence_at + 2] != 0x56) {
    throw std::runtime_error("lwip: this library draws its own ISS; build with FINWAIT_LWIP_SOURCE_DIR");
  }
  link_ = nullptr;
  put_back();
}

void Stack::put_back() {
  pages_->restore();
  environment().arena.rewind();
  environment().now_ms = 0;
  environment().work.clear();
}

void Stack::reset(std::uint64_t seed, Link* user) {
  put_back();
  link_ = user;
  std::srand(static_cast<unsigned>(mix(seed)));
  draw_iss(seed, environment());
  tcp_init();  // draws the first ephemeral port anew, from the seed
}

// Chance is left alone: lwIP draws nothing by it where the tester gives the port.
bool Stack::keep() {
  if (address_sanitizer) return false;
  if (!kept_) kept_ = std::make_unique<Kept>(Kept{Snapshot(*pages_), {}, 0, 0});
  kept_->pages.save();
  environment().arena.save(kept_->heap);
  kept_->next_iss = environment().next_iss;
  kept_->now_ms = environment().now_ms;
  return true;
}

void Stack::return_to_kept() {
  kept_->pages.restore();
  environment().arena.restore(kept_->heap);
  environment().next_iss = kept_->next_iss;
  environment().now_ms = kept_->now_ms;
  environment().work.clear();
}

void Stack::release(const Link* user) {
  if (link_ == user) link_ = nullptr;
}

void Stack::input(Octets packet) {
  if (packet.empty() || packet.size() > 0xffff) return;  // no link delivers such a thing
  pbuf* buffer = pbuf_alloc(PBUF_RAW, static_cast<u16_t>(packet.size()), PBUF_RAM);
  if (buffer == nullptr) return;
  pbuf_take(buffer, packet.data(), static_cast<u16_t>(packet.size()));
  if (interface_->input(buffer, interface_) != ERR_OK) pbuf_free(buffer);
  settle();
}

void Stack::run_timers(std::uint64_t number) {
  environment().now_ms = static_cast<std::uint32_t>(number * (tick / 1ms));
  // As tcp_tmr does, whose parity the adapter keeps itself: absolute multiples of 250 and 500 ms.
  tcp_fasttmr();
  if (number % 2 == 0) tcp_slowtmr();
#if IP_REASSEMBLY
  if (number % (IP_TMR_INTERVAL / 250) == 0) ip_reass_tmr();
#endif
  settle();
}

void Stack::settle() {
  std::vector<Environment::Work>& work = environment().work;
  for (std::size_t i = 0; i < work.size(); ++i) work[i].function(work[i].argument);
  work.clear();
}

void Stack::transmit(pbuf* packet) {
  if (link_ == nullptr) return;
  if (packet->len == packet->tot_len) {
    link_->transmit({static_cast<const std::uint8_t*>(packet->payload), packet->len});
    return;
  }
  gathered_.resize(packet->tot_len);
  pbuf_copy_partial(packet, gathered_.data(), packet->tot_len, 0);
  link_->transmit(gathered_);
}

}  // namespace finwait::lwip
