#include "chatcore/retrieval/query_cache.h"

#include <utility>

namespace chatcore::retrieval {
namespace {

// A list node, a hash node and its bucket, the vector's two blocks, as an allocator rounds them.
constexpr std::size_t kEntryOverhead = 256;

std::size_t bytes_of(const std::string& question, const std::vector<float>& vector) {
  return kEntryOverhead + question.capacity() + vector.capacity() * sizeof(float);
}

}  // namespace

QueryCache::Vector QueryCache::find(std::string_view question, std::uint64_t generation) {
  const std::lock_guard lock(mutex_);
  if (generation != generation_) return nullptr;
  const auto found = places_.find(question);
  if (found == places_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->vector;
}

void QueryCache::keep(std::string question, std::uint64_t generation, Vector vector) {
  const std::size_t bytes = bytes_of(question, *vector);
  const std::lock_guard lock(mutex_);
  if (generation < generation_ || bytes > max_bytes_) return;
  if (generation > generation_) forget_all();
  generation_ = generation;
  if (places_.contains(question)) return;  // two asked it at once
  while (bytes_ + bytes > max_bytes_) drop_oldest();
  entries_.push_front({std::move(question), std::move(vector)});
  places_.emplace(entries_.front().question, entries_.begin());
  bytes_ += bytes;
}

std::size_t QueryCache::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

void QueryCache::drop_oldest() {
  const Entry& oldest = entries_.back();
  bytes_ -= bytes_of(oldest.question, *oldest.vector);
  places_.erase(oldest.question);
  entries_.pop_back();
}

void QueryCache::forget_all() {
  places_.clear();
  entries_.clear();
  bytes_ = 0;
}

}  // namespace chatcore::retrieval
