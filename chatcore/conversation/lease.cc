// A turn's work on the conversation it holds, and the handing on of that hold.

#include <algorithm>
#include <deque>
#include <string>
#include <utility>

#include "base/log.h"
#include "chatcore/conversation/accounting.h"
#include "chatcore/conversation/registry_impl.h"
#include "chatcore/conversation/window.h"

namespace chatcore::conversation {
namespace {

struct HandOver {
  Registry::Granted granted;
  Lease lease;
};

// Calls the next in line. One that ends its turn at once hands on again from within: that is done after it has
// returned and not inside it, so that a long line does not become a deep stack.
void hand_over(HandOver next) {
  thread_local std::deque<HandOver>* under_way = nullptr;
  if (under_way != nullptr) {
    under_way->push_back(std::move(next));
    return;
  }
  std::deque<HandOver> line;
  line.push_back(std::move(next));
  under_way = &line;
  while (!line.empty()) {
    HandOver turn = std::move(line.front());
    line.pop_front();
    turn.granted(std::move(turn.lease));
  }
  under_way = nullptr;
}

// The cost of the texts of the messages in `range`.
base::Bytes cost_of(const std::vector<Message>& messages, Range range) {
  base::Bytes cost;
  for (std::size_t i = range.begin; i < range.end; ++i) cost += conversation::cost_of(messages[i]);
  return cost;
}

void erase(std::vector<Message>& messages, Range range) {
  // Closing the gap assigns each later message to an earlier place, and a short text assigned to a string that has a
  // buffer leaves that buffer where it is, uncounted. So the buffers go first.
  for (std::size_t i = range.begin; i < range.end; ++i) std::string().swap(messages[i].content);
  const auto begin = messages.begin();
  messages.erase(begin + static_cast<std::ptrdiff_t>(range.begin), begin + static_cast<std::ptrdiff_t>(range.end));
}

}  // namespace

void Registry::Impl::release(Registry& registry, EntryPointer entry) {
  Granted next;
  EntryPointer removed;
  std::vector<Message> freed;  // like `removed`, freed after the lock has been let go
  {
    const std::lock_guard lock(mutex);
    entry->last_used = clock.steady_now();
    if (std::exchange(entry->forgotten, false)) empty(*entry, freed);
    if (!entry->waiting.empty()) {
      next = std::move(entry->waiting.front());
      entry->waiting.erase(entry->waiting.begin());
      if (entry->waiting.empty()) std::vector<Granted>().swap(entry->waiting);
    } else {
      entry->leased = false;
      // Nothing worth keeping: it was never read from storage, or is not there.
      if (entry->last_sequence == 0) {
        removed = take_out(*entry);
      } else {
        enter_idle(*entry);
      }
    }
  }
  if (next) hand_over({std::move(next), Lease(&registry, std::move(entry))});
}

Lease::Lease(Registry* registry, std::shared_ptr<Entry> entry) : registry_(registry), entry_(std::move(entry)) {}

Lease::Lease(Lease&& other) noexcept : registry_(other.registry_), entry_(std::move(other.entry_)) {}

Lease& Lease::operator=(Lease&& other) noexcept {
  std::swap(registry_, other.registry_);
  std::swap(entry_, other.entry_);
  return *this;
}

Lease::~Lease() {
  if (entry_) registry_->impl_->release(*registry_, std::move(entry_));
}

const ConversationKey& Lease::key() const { return entry_->key; }
bool Lease::is_loaded() const { return entry_->loaded; }
const std::vector<Message>& Lease::window() const { return entry_->messages; }
std::int64_t Lease::last_sequence() const { return entry_->last_sequence; }
std::int64_t Lease::revision() const { return entry_->revision; }

const Summary& Lease::summary() const {
  static const Summary kNone;
  return entry_->summary ? *entry_->summary : kNone;
}

base::Status Lease::fill(std::vector<Message> window, std::int64_t last_sequence, std::int64_t revision,
                         Summary summary) {
  Registry::Impl& registry = *registry_->impl_;
  erase(window, outside_window(window, registry.limits.max_messages));
  std::vector<Message> kept;
  kept.reserve(slots_for(window.size()));
  for (Message& message : window) {
    message.content.shrink_to_fit();
    kept.push_back(std::move(message));
  }
  summary.content.shrink_to_fit();
  auto noted = summary.content.empty() ? nullptr : std::make_unique<const Summary>(std::move(summary));
  const base::Bytes needed = conversation::cost_of(entry_->key, kept) + conversation::cost_of(noted.get());
  if (needed > entry_->bytes) {
    if (auto room = registry.reserve(needed - entry_->bytes); !room) return room;
  }
  entry_->messages.swap(kept);
  entry_->summary.swap(noted);
  if (needed < entry_->bytes) registry.give_back(entry_->bytes - needed);
  entry_->bytes = needed;
  entry_->last_sequence = last_sequence;
  entry_->revision = revision;
  entry_->loaded = true;
  return {};
}

base::Status Lease::append(Message message) {
  Registry::Impl& registry = *registry_->impl_;
  std::vector<Message>& messages = entry_->messages;
  if (!entry_->loaded) {
    return base::fail(base::Code::invalid_argument, "append to a conversation whose window has not been filled");
  }
  if (message.sequence == 0) message.sequence = entry_->last_sequence + 1;
  if (message.sequence <= entry_->last_sequence) {
    return base::fail(base::Code::invalid_argument, "message " + std::to_string(message.sequence) +
                                                        " does not follow message " +
                                                        std::to_string(entry_->last_sequence));
  }
  message.content.shrink_to_fit();
  const std::size_t slots = std::max(messages.capacity(), slots_for(messages.size() + 1));
  const base::Bytes growth = conversation::cost_of(message) + cost_of_slots(slots) - cost_of_slots(messages.capacity());
  if (auto room = registry.reserve(growth); !room) return room;
  messages.reserve(slots);
  entry_->last_sequence = message.sequence;
  messages.push_back(std::move(message));
  entry_->bytes += growth;

  const Range outside = outside_window(messages, registry.limits.max_messages);
  if (outside.size() == 0) return {};
  const base::Bytes returned = cost_of(messages, outside);
  erase(messages, outside);
  entry_->bytes -= returned;
  registry.give_back(returned);
  registry.messages_trimmed += outside.size();
  base::log_debug("conversation trimmed",
                  {{"conversation", entry_->key.id}, {"messages", outside.size()}, {"last", entry_->last_sequence}});
  return {};
}

}  // namespace chatcore::conversation
