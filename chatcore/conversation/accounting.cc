#include "chatcore/conversation/accounting.h"

#include <bit>

namespace chatcore::conversation {
namespace {

constexpr std::size_t kSmallStep = 16;
constexpr std::size_t kSmallEnd = 128;  // up to here the classes are multiples of kSmallStep
constexpr std::size_t kStepsADoubling = 4;
constexpr std::size_t kFewestSlots = 4;  // a question, its answer, and the same again

base::Bytes bytes(std::size_t count) { return {static_cast<std::int64_t>(count)}; }

std::size_t round_up(std::size_t value, std::size_t step) { return (value + step - 1) / step * step; }

}  // namespace

std::size_t allocation_size(std::size_t requested) {
  if (requested == 0) return 0;
  if (requested <= 8) return 8;
  if (requested <= kSmallEnd) return round_up(requested, kSmallStep);
  const std::size_t doubling = std::bit_ceil(requested) / 2;  // the power of two just below
  return round_up(requested, doubling / kStepsADoubling);
}

std::size_t slots_for(std::size_t messages) {
  if (messages == 0) return 0;
  return messages <= kFewestSlots ? kFewestSlots : std::bit_ceil(messages);
}

base::Bytes heap_cost(const std::string& text) {
  static const std::size_t inside = std::string().capacity();
  return text.capacity() <= inside ? base::Bytes{} : bytes(allocation_size(text.capacity() + 1));
}

base::Bytes cost_of(const Message& message) { return heap_cost(message.content); }

base::Bytes cost_of(const Summary* summary) {
  return summary == nullptr ? base::Bytes{} : bytes(allocation_size(sizeof(Summary))) + heap_cost(summary->content);
}

base::Bytes cost_of_slots(std::size_t count) { return bytes(allocation_size(count * sizeof(Message))); }

base::Bytes cost_of(const ConversationKey& key, const std::vector<Message>& messages) {
  base::Bytes cost = kEntryCost + heap_cost(key.user) + heap_cost(key.id) + cost_of_slots(messages.capacity());
  for (const Message& message : messages) cost += cost_of(message);
  return cost;
}

}  // namespace chatcore::conversation
