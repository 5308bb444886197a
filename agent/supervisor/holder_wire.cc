#include "agent/supervisor/holder_wire.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace agent {
namespace {

constexpr off_t kMostRequestBytes = 16 << 20;  // above what the kernel takes as arguments and environment

// Texts one after another, each with its end: no argument, variable or path has a NUL in it.
class Packer {
 public:
  void add(const std::string& value) { text_.append(value).push_back('\0'); }
  void add(std::size_t value) { add(std::to_string(value)); }
  void add(const std::vector<std::string>& values) {
    add(values.size());
    for (const auto& value : values) add(value);
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

class Unpacker {
 public:
  explicit Unpacker(std::string_view text) : left_(text) {}
  std::string text() {
    const auto end = left_.find('\0');
    if (end == std::string_view::npos) {
      is_whole_ = false;
      return {};
    }
    std::string value(left_.substr(0, end));
    left_.remove_prefix(end + 1);
    return value;
  }
  std::optional<std::uint64_t> number_or_none() {
    if (left_.starts_with('\0')) {
      left_.remove_prefix(1);
      return std::nullopt;
    }
    return number();
  }
  std::uint64_t number() {
    const std::string digits = text();
    std::uint64_t value = 0;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || stop != digits.data() + digits.size()) is_whole_ = false;
    return value;
  }
  std::vector<std::string> texts() {
    std::vector<std::string> values;
    for (std::uint64_t count = number(); count > 0 && is_whole_; --count) values.push_back(text());
    return values;
  }
  [[nodiscard]] bool is_whole() const { return is_whole_ && left_.empty(); }

 private:
  std::string_view left_;
  bool is_whole_ = true;
};

}  // namespace

void HolderMessage::set_note(const std::string& text) {
  note_size = static_cast<std::uint32_t>(std::min(text.size(), kMostNote));
  std::memcpy(note_text, text.data(), note_size);
}

std::string HolderMessage::get_note() const { return {note_text, std::min<std::size_t>(note_size, kMostNote)}; }

bool send_message(int socket, const HolderMessage& message, int fd) {
  iovec bytes = {const_cast<HolderMessage*>(&message), sizeof(message)};
  msghdr header = {};
  header.msg_iov = &bytes;
  header.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  if (fd >= 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof(control);
    cmsghdr* attached = CMSG_FIRSTHDR(&header);
    attached->cmsg_level = SOL_SOCKET;
    attached->cmsg_type = SCM_RIGHTS;
    attached->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(attached), &fd, sizeof(int));
  }
  ssize_t sent = 0;
  do sent = ::sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(sizeof(message));
}

Received receive_message(int socket) {
  Received received;
  iovec bytes = {&received.message, sizeof(received.message)};
  msghdr header = {};
  header.msg_iov = &bytes;
  header.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  header.msg_control = control;
  header.msg_controllen = sizeof(control);
  ssize_t size = 0;
  do size = ::recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  while (size < 0 && errno == EINTR);
  if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
    received.kind = Received::Kind::nothing_yet;
    return received;
  }
  for (cmsghdr* attached = CMSG_FIRSTHDR(&header); size > 0 && attached != nullptr;
       attached = CMSG_NXTHDR(&header, attached)) {
    if (attached->cmsg_level == SOL_SOCKET && attached->cmsg_type == SCM_RIGHTS)
      std::memcpy(&received.fd, CMSG_DATA(attached), sizeof(int));
  }
  if (size <= 0) return received;
  received.kind = Received::Kind::message;
  return received;
}

base::Result<int> write_request(const SpawnRequest& request) {
  Packer packer;
  packer.add(request.argv);
  packer.add(request.environment);
  packer.add(request.working_dir);
  packer.add(request.user);
  packer.add(request.cgroup_files);
  packer.add(request.data_limit ? std::to_string(request.data_limit->count) : "");
  packer.add(request.open_files ? std::to_string(*request.open_files) : "");
  const int fd = ::memfd_create("leakguard-command", MFD_CLOEXEC);
  if (fd < 0) return base::fail(base::error_from_errno(errno, "make a memory file"));
  std::string_view left = packer.text();
  while (!left.empty()) {
    const ssize_t written = ::write(fd, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      const auto error = base::error_from_errno(errno, "write a memory file");
      ::close(fd);
      return base::fail(error);
    }
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  return fd;
}

std::optional<SpawnRequest> read_request(int fd) {
  struct stat file = {};
  if (::fstat(fd, &file) != 0 || file.st_size > kMostRequestBytes) return std::nullopt;
  std::string text(static_cast<std::size_t>(file.st_size), '\0');
  if (::pread(fd, text.data(), text.size(), 0) != file.st_size) return std::nullopt;
  Unpacker unpacker(text);
  SpawnRequest request;
  request.argv = unpacker.texts();
  request.environment = unpacker.texts();
  request.working_dir = unpacker.text();
  request.user = unpacker.text();
  request.cgroup_files = unpacker.texts();
  if (const auto limit = unpacker.number_or_none()) request.data_limit = base::Bytes{static_cast<std::int64_t>(*limit)};
  request.open_files = unpacker.number_or_none();
  if (!unpacker.is_whole() || request.argv.empty()) return std::nullopt;
  return request;
}

}  // namespace agent
