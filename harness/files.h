// Reading and writing whole files; what is written is never seen half-written.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace finwait {

/// Why a file could not be read: path and reason.
struct FileError {
  std::string text;
};

/// The octets of a file.
std::variant<std::string, FileError> read_file(const std::filesystem::path& path);

/// Replaces the file at `path`, or creates it, in one step: whoever reads it, and whatever is left
/// of it after a crash, is the whole old text or the whole new one. Nothing is left beside it.
/// The folder must exist. Returns nothing, or why it failed: path and reason.
std::optional<std::string> write_file_atomically(const std::filesystem::path& path, std::string_view text);

/// Why write_file_atomically() could not write to `path`, or nothing. Permissions do not tell everything (a
/// full or read-only disk), so a file is written beside it and goes again; what lies at `path` is not
/// touched.
std::optional<std::string> why_not_writable(const std::filesystem::path& path);

}  // namespace finwait
