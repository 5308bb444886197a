#include "chatcore/storage/write.h"

#include <chrono>
#include <limits>

namespace chatcore::storage {
namespace {

std::size_t bytes(const NewConversation& what) {
  std::size_t sum = what.metadata.size();
  for (const Message& message : what.messages) sum += message.content.size();
  return sum;
}

}  // namespace

std::size_t bytes_of(const WriteOperation& what) {
  if (const auto* append = std::get_if<Append>(&what)) return append->message.content.size();
  if (const auto* create = std::get_if<NewConversation>(&what)) return bytes(*create);
  if (const auto* fork = std::get_if<ForkWrite>(&what)) return bytes(fork->to);
  if (const auto* metadata = std::get_if<MetadataWrite>(&what)) return metadata->metadata.size();
  if (const auto* kept = std::get_if<KeptSummary>(&what)) return kept->summary.content.size();
  return 0;
}

std::size_t messages_of(const WriteOperation& what) {
  if (std::holds_alternative<Append>(what)) return 1;
  if (const auto* create = std::get_if<NewConversation>(&what)) return create->messages.size();
  if (const auto* fork = std::get_if<ForkWrite>(&what)) return fork->to.messages.size();
  return 0;
}

std::int64_t last_use_bound(const RemoveWrite& what) {
  if (!what.unused_since) return std::numeric_limits<std::int64_t>::max();
  return std::chrono::duration_cast<std::chrono::milliseconds>(what.unused_since->time_since_epoch()).count();
}

base::Error not_the_last(std::int64_t last_sequence, std::int64_t after) {
  return {base::Code::conflict,
          "the conversation's last message is " + std::to_string(last_sequence) + ", not " + std::to_string(after)};
}

base::Error not_the_same() { return {base::Code::conflict, "the conversation was changed meanwhile"}; }

base::Error exists_already() { return {base::Code::conflict, "the conversation exists already"}; }

base::Error nothing_to_fork(std::int64_t last) {
  return {base::Code::not_found, "the conversation to continue from has no message " + std::to_string(last)};
}

}  // namespace chatcore::storage
