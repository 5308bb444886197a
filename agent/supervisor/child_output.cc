#include "agent/supervisor/child_output.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace agent {
namespace {

constexpr std::size_t kPieceBytes = 64u << 10;  // what a pipe holds
// A slow standard output does not delay the guard for longer: it would miss the lines.
constexpr auto kPatience = std::chrono::milliseconds(100);
constexpr auto kLinePoll = std::chrono::milliseconds(50);
constexpr int kLineWaits = 20;  // a second: a prompt, or a line that somebody writes in parts
constexpr int kMostReads = 16;  // bounded: a child that writes without end must not keep the loop

}  // namespace

ChildOutput::ChildOutput(base::EventLoop& loop, OnLine on_line, OnBytes on_bytes)
    : loop_(loop), on_line_(std::move(on_line)), on_bytes_(std::move(on_bytes)) {}

ChildOutput::~ChildOutput() {
  ++*piece_number_;
  close();
}

void ChildOutput::open(int fd) {
  close();
  fd_ = fd;
  if (::pipe2(copy_, O_CLOEXEC | O_NONBLOCK) != 0) copy_[0] = copy_[1] = -1;
  waits_ = 0;
  watch();
}

void ChildOutput::watch() {
  timer_.cancel();
  readable_ = loop_.readable(fd_, [this] { look(); });
}

// Fills piece_ and leaves the pipe as it was; where that cannot be, the piece is taken out at once. As read(2).
long ChildOutput::peek() {
  piece_.resize(kPieceBytes);
  const ssize_t copied = copy_[1] < 0 ? -1 : ::tee(fd_, copy_[1], kPieceBytes, SPLICE_F_NONBLOCK);
  if (copied > 0) {
    std::size_t size = 0;
    while (size < static_cast<std::size_t>(copied)) {
      const ssize_t more = ::read(copy_[0], piece_.data() + size, static_cast<std::size_t>(copied) - size);
      if (more <= 0) break;
      size += static_cast<std::size_t>(more);
    }
    piece_.resize(size);
    return static_cast<long>(size);
  }
  if (copied == 0 || errno == EAGAIN || errno == EINTR) return copied;
  // Not allowed here, or not a pipe.
  const ssize_t size = ::read(fd_, piece_.data(), piece_.size());
  piece_.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  if (size > 0) {
    lines_.feed(piece_, on_line_);
    on_bytes_(piece_, [] {});
    piece_.clear();
    errno = EAGAIN;
    return -1;
  }
  return size;
}

void ChildOutput::look() {
  const long size = peek();
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
    if (waits_ > 0) watch();
    return;
  }
  if (size <= 0) {
    lines_.finish(on_line_);
    return close();
  }
  const auto end = piece_.rfind('\n');
  const bool is_full = piece_.size() == kPieceBytes;
  if (end == std::string::npos && !is_full && waits_ < kLineWaits) return wait_for_the_line();
  deliver(end == std::string::npos ? piece_.size() : end + 1);
}

void ChildOutput::wait_for_the_line() {
  ++waits_;
  readable_.cancel();
  timer_ = loop_.after(kLinePoll, [this] { look(); });
}

void ChildOutput::deliver(std::size_t size) {
  waits_ = 0;
  readable_.cancel();
  piece_.resize(size);
  delivered_ = size;
  lines_.feed(piece_, on_line_);
  const int number = ++*piece_number_;
  // `this` is alive when the number is still that of the piece.
  on_bytes_(piece_, [this, number, alive = std::weak_ptr<int>(piece_number_), &loop = loop_] {
    loop.post([this, number, alive] {
      const auto current = alive.lock();
      if (current && *current == number) take();
    });
  });
  if (delivered_ > 0) timer_ = loop_.after(kPatience, [this] { take(); });
}

// Out of the pipe with what was delivered.
void ChildOutput::take() {
  ++*piece_number_;
  std::array<char, 4096> gone;
  while (delivered_ > 0) {
    const ssize_t size = ::read(fd_, gone.data(), std::min(delivered_, gone.size()));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    delivered_ -= static_cast<std::size_t>(size);
  }
  delivered_ = 0;
  if (fd_ >= 0) watch();
}

void ChildOutput::read_rest() {
  piece_.resize(kPieceBytes);
  for (int reads = 0; reads < kMostReads; ++reads) {
    const ssize_t size = ::read(fd_, piece_.data(), piece_.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return;
    const std::string_view bytes(piece_.data(), static_cast<std::size_t>(size));
    lines_.feed(bytes, on_line_);
    on_bytes_(bytes, [] {});
  }
}

void ChildOutput::finish() {
  if (fd_ < 0) return;
  if (delivered_ > 0) take();
  read_rest();
  lines_.finish(on_line_);
  close();
}

void ChildOutput::abandon() { close(); }

void ChildOutput::close() {
  readable_.cancel();
  timer_.cancel();
  delivered_ = 0;
  ++*piece_number_;
  for (int* fd : {&fd_, &copy_[0], &copy_[1]}) {
    if (*fd >= 0) ::close(std::exchange(*fd, -1));
  }
}

}  // namespace agent
