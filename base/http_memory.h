#pragma once
// Who keeps the account of the memory that an HTTP server's clients make it hold. The server tells before it takes
// and when it has let go; whoever owns the budget says whether there is room. A refusal becomes 503 with Retry-After
// before anything is buffered.

#include <cstddef>
#include <utility>

namespace base {

// Thread-safe and quick: called several times a request, on loop threads, sometimes under a connection's lock.
class HttpMemory {
 public:
  enum class Kind {
    connections,  // what an open connection costs by itself
    requests,     // headers and bodies: while they come, and as long as their exchange lives
    answers,      // bytes written that the socket has yet to take
  };
  virtual ~HttpMemory() = default;
  // Room for so many more? Counts them if so.
  virtual bool take(Kind kind, std::size_t bytes) = 0;
  // Counts bytes that are there already.
  virtual void add(Kind kind, std::size_t bytes) = 0;
  virtual void give_back(Kind kind, std::size_t bytes) = 0;
};

// So many bytes of one kind, given back on destruction. Counts nothing when there is no one to keep the account.
class HttpReservation {
 public:
  HttpReservation(HttpMemory* memory, HttpMemory::Kind kind) : memory_(memory), kind_(kind) {}
  HttpReservation(HttpReservation&& other) noexcept
      : memory_(other.memory_), kind_(other.kind_), bytes_(std::exchange(other.bytes_, 0)) {}
  HttpReservation& operator=(HttpReservation&&) = delete;
  ~HttpReservation() { shrink_to(0); }

  // Comes to hold `bytes` in all. False when there is no room for the difference: then it holds what it held.
  [[nodiscard]] bool hold(std::size_t bytes) {
    if (bytes <= bytes_) {
      shrink_to(bytes);
      return true;
    }
    if (memory_ != nullptr && !memory_->take(kind_, bytes - bytes_)) return false;
    bytes_ = bytes;
    return true;
  }
  // The same for bytes that are there already.
  void hold_regardless(std::size_t bytes) {
    if (bytes <= bytes_) return shrink_to(bytes);
    if (memory_ != nullptr) memory_->add(kind_, bytes - bytes_);
    bytes_ = bytes;
  }

 private:
  void shrink_to(std::size_t bytes) {
    if (memory_ != nullptr && bytes < bytes_) memory_->give_back(kind_, bytes_ - bytes);
    bytes_ = bytes;
  }

  HttpMemory* const memory_;
  const HttpMemory::Kind kind_;
  std::size_t bytes_ = 0;
};

}  // namespace base
