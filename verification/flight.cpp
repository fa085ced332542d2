#include "verification/flight.h"

#include <fmt/format.h>

#include <stdexcept>

#include "model/stream.h"

namespace finwait::verification {

using model::Segment;
using model::Seq;

namespace {

// Each incarnation's numbers lie further from every other's than any window reaches, later ones higher.
constexpr Seq spacing = 1u << 20;
constexpr Seq base(Side side) {
  return side == Side::a ? 0x20000000u : 0x60000000u;
}

}  // namespace

Seq number(Side whose, Mark m) {
  return m == 0 ? 0 : base(whose) + incarnation(m) * spacing + offset(m);
}

Mark mark_of(Side whose, Seq seq) {
  if (seq == 0) return 0;
  const Seq distance = seq - base(whose);
  const Seq steps = distance % spacing, which = distance / spacing;
  if (steps > most_offset || which >= most_incarnations)
    throw std::logic_error(fmt::format("the sequence number {:#x} belongs to no connection explored", seq));
  return mark(static_cast<std::uint8_t>(which), static_cast<std::uint8_t>(steps));
}

Segment segment_of(const Flight& flight, Side sender) {
  static const std::uint8_t text[] = {model::iut_octet(0)};
  Segment segment;
  segment.flags = flight.flags;
  segment.seq = number(sender, flight.seq);
  segment.ack = number(other(sender), flight.ack);
  segment.wnd = flight.has(model::RST) ? 0 : window;
  if (flight.octet != no_octet) segment.text = text;
  return segment;
}

std::string notation(const Flight& flight) {
  const auto relative = [](Mark m) {
    if (m == 0) return std::string("-ISS");
    return incarnation(m) == 0 || incarnation(m) == fresh_incarnation
               ? fmt::format("{}", offset(m))
               : fmt::format("{}{}", offset(m), std::string(incarnation(m), '\''));
  };
  std::string flags;
  if (flight.has(model::SYN)) flags += 'S';
  if (flight.has(model::FIN)) flags += 'F';
  if (flight.has(model::RST)) flags += 'R';
  if (flight.has(model::ACK)) flags += '.';
  const int octets = flight.octet == no_octet ? 0 : 1;
  std::string text =
      flight.seq == 0
          ? fmt::format("{} 0({})", flags, octets)
          : fmt::format("{} {}:{}({})", flags, relative(flight.seq),
                        offset(flight.seq) + octets + (flight.has(model::SYN) && octets ? 1 : 0), octets);
  if (flight.has(model::ACK)) text += " ack " + relative(flight.ack);
  if (flight.octet == garbage) text += " (octet altered)";
  return text;
}

Flight renamed(const Flight& flight, Side sender, const Renaming& names) {
  return {flight.flags, names.of(sender, flight.seq), names.of(other(sender), flight.ack),
          names.octet(sender, flight.octet)};
}

}  // namespace finwait::verification
