#pragma once
// The vectors of the questions asked last, so that a question asked again costs no call to an embedding backend.
// Bounded in bytes: the one not used for longest leaves first.

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace chatcore::retrieval {

// Thread-safe.
class QueryCache {
 public:
  using Vector = std::shared_ptr<const std::vector<float>>;

  explicit QueryCache(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // Null when it is not there. `generation` is the store's whose weights went into the vector.
  [[nodiscard]] Vector find(std::string_view question, std::uint64_t generation);
  // Also forgets every other generation. One that is larger than the whole cache is not kept.
  void keep(std::string question, std::uint64_t generation, Vector vector);

  // What it holds, estimated with the containers' own parts; never more than the bound.
  [[nodiscard]] std::size_t bytes() const;
  [[nodiscard]] std::size_t max_bytes() const { return max_bytes_; }

 private:
  struct Entry {
    std::string question;
    Vector vector;
  };
  void drop_oldest();
  void forget_all();

  const std::size_t max_bytes_;
  mutable std::mutex mutex_;
  std::uint64_t generation_ = 0;
  std::size_t bytes_ = 0;
  std::list<Entry> entries_;                                                 // last used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> places_;  // keys point into entries_
};

}  // namespace chatcore::retrieval
