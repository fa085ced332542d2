// How far an exploration has got, as a file, so that it can go on after whatever has ended its process.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "explore/explorer.h"

namespace finwait {

/// What a checkpoint belongs to. Each part has to be the same for the exploration to go on.
struct CheckpointOwner {
  std::string program;  ///< finwait's version
  std::string stack;
  std::string version;       ///< of the stack
  std::string profile;       ///< what it claims
  std::string expectations;  ///< a digest of those that hold
  std::uint64_t seed = 0;
  std::string searches;  ///< alphabets and depths
};

/// The searches in a line, with a digest of each alphabet: "core 4 (24 letters, 0x...), ...".
std::string searches_text(const std::vector<Search>& searches);

struct Checkpoint {
  ExploreState state;
  HuntState hunt;
  std::vector<std::string> traces;  ///< names of the traces that there were when it began
};

/// The checkpoint as the octets of a file.
std::string to_octets(const CheckpointOwner& owner, const std::vector<std::string>& traces,
                      const ExploreState& state, const HuntState& hunt);

/// Reads what to_octets() has written for the same owner; otherwise says what is wrong, without the file's
/// name.
std::variant<Checkpoint, std::string> checkpoint_from(std::string_view octets, const CheckpointOwner& owner);

}  // namespace finwait
