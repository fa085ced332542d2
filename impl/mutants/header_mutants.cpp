// Faults in what every segment has to obey (§3.1 to §3.4), and in processing where the window is zero.
#include <cstdlib>

#include "impl/mutants/plant.h"

namespace finwait::planting {

namespace {

// The first octet is not the one that the user has given.
void falsify_text(Segment& o) {
  static std::vector<std::uint8_t> octets;
  octets.assign(o.text.begin(), o.text.end());
  octets.front() ^= 0x20;
  o.text = octets;
}

const Mutant table[] = {
    {{"checksum-is-sent", Rule::checksum_is_sent, "sends wrong checksums"},
     {.leaves =
          [](Reference&, Wire&, EncodeOptions& options) {
            options.bad_tcp_checksum = true;
            return true;
          }}},
    {{"bad-checksum-changes-nothing", Rule::bad_checksum_changes_nothing, "does not look at checksums"},
     {.checks_checksums = false}},
    {{"header-is-well-formed", Rule::header_is_well_formed, "sets a reserved bit"},
     {.leaves =
          [](Reference&, Wire&, EncodeOptions& options) {
            options.reserved = 1;
            return true;
          }}},
    {{"legal-flags", Rule::legal_flags, "leaves the ACK bit out of segments after the SYN"},
     {.leaves =
          [](Reference&, Wire& wire, EncodeOptions&) {
            if (none_of(wire.segment, SYN | RST)) wire.segment.flags &= static_cast<std::uint8_t>(~ACK);
            return true;
          }}},
    {{"mss-only-on-syn", Rule::mss_only_on_syn, "sends the MSS option with every segment"},
     {.leaves =
          [](Reference&, Wire& wire, EncodeOptions&) {
            wire.segment.mss = 1460;
            return true;
          }}},
    {{"options-only-if-offered", Rule::options_only_if_offered, "uses an option that the peer never offered"},
     {.leaves =
          [](Reference&, Wire& wire, EncodeOptions&) {
            wire.segment.other_options = true;
            return true;
          }}},
    {{"zero-window-takes-acks", Rule::zero_window_takes_acks, "drops ACKs while its own window is zero"},
     {.arrives =
          [](Reference& r, Segment& s) {
            const Hypothesis& h = r.tcb();
            return !(h.synchronized() && h.rcv_wnd() == 0 && is_pure_ack(s) && none_of(s, SYN));
          }}},
    {{"rst-at-zero-window", Rule::rst_at_zero_window, "drops resets while its own window is zero"},
     {.arrives =
          [](Reference& r, Segment& s) {
            const Hypothesis& h = r.tcb();
            return !(h.synchronized() && h.rcv_wnd() == 0 && s.has(RST));
          }}},
    {{"one-octet-per-number", Rule::one_octet_per_number, "sends an octet that the user did not give"},
     {.leaves =
          [](Reference&, Wire& wire, EncodeOptions&) {
            if (!wire.segment.text.empty()) falsify_text(wire.segment);
            return true;
          }}},
    {{"local-address-stays", Rule::local_address_stays, "answers from another port after the SYN"},
     {.leaves =
          [](Reference&, Wire& wire, EncodeOptions&) {
            if (none_of(wire.segment, SYN | RST)) ++wire.source_port;
            return true;
          }}},
    {{"iut-survives", Rule::iut_survives, "fails an assertion when a SYN comes in ESTABLISHED"},
     {.arrives =
          [](Reference& r, Segment& s) {
            if (r.tcb().state == State::established && s.has(SYN)) std::abort();
            return true;
          }}},
};

}  // namespace

std::span<const Mutant> header_mutants() {
  return table;
}

}  // namespace finwait::planting
