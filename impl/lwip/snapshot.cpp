#include "impl/lwip/snapshot.h"

#include <link.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "impl/lwip/sanitizer.h"

namespace finwait::lwip {
namespace {

using Address = std::uintptr_t;
using Span = std::pair<Address, Address>;

struct Search {
  Address variable;
  Address function;
  std::vector<Span> writable;
};

Span span_of(const dl_phdr_info& object, const ElfW(Phdr) & part) {
  const Address begin = object.dlpi_addr + part.p_vaddr;
  return {begin, begin + part.p_memsz};
}

bool holds(const dl_phdr_info& object, Address address) {
  for (int i = 0; i < object.dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = object.dlpi_phdr[i];
    const auto [begin, end] = span_of(object, part);
    if (part.p_type == PT_LOAD && begin <= address && address < end) return true;
  }
  return false;
}

// The loader makes this part read-only once it has relocated it, to the last whole page.
Address end_of_read_only(const dl_phdr_info& object) {
  const auto page = static_cast<Address>(sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object.dlpi_phnum; ++i) {
    if (object.dlpi_phdr[i].p_type == PT_GNU_RELRO)
      return span_of(object, object.dlpi_phdr[i]).second / page * page;
  }
  return 0;
}

int collect(dl_phdr_info* object, std::size_t, void* search_pointer) {
  auto& search = *static_cast<Search*>(search_pointer);
  if (!holds(*object, search.function) || !holds(*object, search.variable)) return 0;
  const Address read_only = end_of_read_only(*object);
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = object->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_W) == 0) continue;
    const auto [begin, end] = span_of(*object, part);
    if (std::max(begin, read_only) < end) search.writable.emplace_back(std::max(begin, read_only), end);
  }
  return 1;
}

// AddressSanitizer's red zones between the variables are copied like everything else.
FINWAIT_LWIP_UNCHECKED void copy(unsigned char* to, const unsigned char* from, std::size_t octets) {
  if constexpr (address_sanitizer) {
    auto* out = static_cast<volatile unsigned char*>(to);  // volatile: else it becomes a call of memcpy
    for (std::size_t i = 0; i < octets; ++i) out[i] = from[i];
  } else {
    std::memcpy(to, from, octets);
  }
}

}  // namespace

Snapshot::Snapshot(const void* variable, const void* function) {
  Search search{reinterpret_cast<Address>(variable), reinterpret_cast<Address>(function), {}};
  dl_iterate_phdr(collect, &search);
  if (search.writable.empty()) {
    throw std::runtime_error(
        "lwip: its variables are not in its library; was the adapter built without -fPIC?");
  }
  for (const auto& [begin, end] : search.writable) {
    Range& range = ranges_.emplace_back(Range{reinterpret_cast<unsigned char*>(begin), {}});
    range.saved.resize(end - begin);
  }
  save();
}

void Snapshot::save() {
  for (Range& range : ranges_) copy(range.saved.data(), range.begin, range.saved.size());
}

void Snapshot::restore() const {
  for (const Range& range : ranges_) copy(range.begin, range.saved.data(), range.saved.size());
}

std::size_t Snapshot::octets() const {
  std::size_t sum = 0;
  for (const Range& range : ranges_) sum += range.saved.size();
  return sum;
}

}  // namespace finwait::lwip
