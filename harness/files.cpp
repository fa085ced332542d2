#include "harness/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

namespace finwait {
namespace {

std::string failure(std::string_view what, const std::filesystem::path& path, int error) {
  return fmt::format("cannot {} {}: {}", what, path.string(), std::generic_category().message(error));
}

/// An open file that closes itself.
class File {
 public:
  File(const std::filesystem::path& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool is_open() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  /// Some file systems tell of a failed write only now.
  bool close() { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// A name beside `path` that no other writer uses, in this process or another.
std::filesystem::path part_name(const std::filesystem::path& path) {
  static std::atomic<unsigned> counter{0};
  std::filesystem::path part = path;
  part += fmt::format(".{}-{}.part", ::getpid(), counter++);
  return part;
}

/// The new name is lasting only once its folder is written too. Returns 0 or the error.
int sync_folder_of(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const File opened(folder, O_RDONLY | O_DIRECTORY);
  // Some file systems cannot sync a folder (EINVAL): then there is nothing more to do.
  const bool synced = opened.is_open() && (::fsync(opened.fd()) == 0 || errno == EINVAL);
  return synced ? 0 : errno;
}

/// 0, or the error that kept `part` from being written whole.
int write_part(const std::filesystem::path& part, std::string_view text) {
  File file(part, O_WRONLY | O_CREAT | O_EXCL);
  const bool written =
      file.is_open() && write_all(file.fd(), text) && ::fsync(file.fd()) == 0 && file.close();
  return written ? 0 : errno;
}

/// 0, or the error with which `path` cannot be replaced: a folder, a device or a pipe is not a file of text.
int what_is_in_the_way(const std::filesystem::path& path) {
  std::error_code none;
  const std::filesystem::file_status there = std::filesystem::status(path, none);
  if (std::filesystem::is_directory(there)) return EISDIR;
  return std::filesystem::is_other(there) ? ENOTSUP : 0;
}

/// Writes the text beside `path` under a name of its own, which `part` then is. Returns 0 or the error.
int write_beside(const std::filesystem::path& path, std::string_view text, std::filesystem::path& part) {
  part = part_name(path);
  int error = write_part(part, text);
  // The name may be the leaving of a killed process that had our number: it is not ours to overwrite.
  while (error == EEXIST) {
    part = part_name(path);
    error = write_part(part, text);
  }
  return error;
}

}  // namespace

std::variant<std::string, FileError> read_file(const std::filesystem::path& path) {
  const File file(path, O_RDONLY);
  if (!file.is_open()) return FileError{failure("read", path, errno)};
  std::string text;
  std::array<char, 65536> buffer;
  while (true) {
    const ssize_t count = ::read(file.fd(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError{failure("read", path, errno)};
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

std::optional<std::string> write_file_atomically(const std::filesystem::path& path, std::string_view text) {
  if (const int error = what_is_in_the_way(path)) return failure("write", path, error);
  std::filesystem::path part;
  int error = write_beside(path, text, part);
  if (error == 0 && ::rename(part.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) {
    ::unlink(part.c_str());
  } else {
    error = sync_folder_of(path);
  }
  if (error != 0) return failure("write", path, error);
  return {};
}

std::optional<std::string> why_not_writable(const std::filesystem::path& path) {
  std::filesystem::path part;
  int error = what_is_in_the_way(path);
  if (error == 0) error = write_beside(path, "", part);
  if (!part.empty()) ::unlink(part.c_str());
  if (error != 0) return failure("write", path, error);
  return {};
}

}  // namespace finwait
