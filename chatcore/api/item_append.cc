#include "chatcore/api/item_append.h"

#include <utility>

namespace chatcore::api {

using conversation::ConversationKey;
using conversation::Lease;
using conversation::Message;

void ItemAppend::begin(const TurnParts& parts, const ConversationKey& key, std::vector<Message> messages,
                       std::shared_ptr<Admission::Permit> place, Done done) {
  std::make_shared<ItemAppend>(parts, key, std::move(messages), std::move(place), std::move(done))
      ->wait_for_conversation();
}

ItemAppend::ItemAppend(const TurnParts& parts, const ConversationKey& key, std::vector<Message> messages,
                       std::shared_ptr<Admission::Permit> place, Done done)
    : parts_(parts), key_(key), messages_(std::move(messages)), place_(std::move(place)), done_(std::move(done)) {}

void ItemAppend::wait_for_conversation() {
  // Before it is in line: its turn may come, on another thread, before acquire() has returned.
  place_->rest();
  parts_.registry.acquire(key_, [self = shared_from_this()](base::Result<Lease> granted) {
    // A std::function must be copyable and a lease is not, so it crosses to the loop in a shared box.
    auto box = std::make_shared<base::Result<Lease>>(std::move(granted));
    self->parts_.loop.post([self, box] {
      self->place_->work();
      if (!*box) return self->end(base::fail(box->error()));
      self->lease_.emplace(std::move(**box));
      self->find_its_end();
    });
  });
}

void ItemAppend::find_its_end() {
  parts_.store.describe(key_, [self = shared_from_this()](auto described) {
    self->parts_.loop.post([self, described = std::move(described)] {
      if (!described) return self->end(base::fail(described.error()));
      if (!*described) return self->end(base::fail(base::Code::not_found, "No such conversation"));
      self->revision_ = (*described)->revision;
      self->append_next((*described)->last_sequence);
    });
  });
}

void ItemAppend::append_next(std::int64_t after) {
  if (stored_ == messages_.size()) return end({});
  parts_.store.append(
      {.key = key_, .message = messages_[stored_], .after = after, .revision = revision_, .must_exist = true},
      [self = shared_from_this()](base::Result<std::int64_t> sequence) {
        self->parts_.loop.post([self, sequence = std::move(sequence)] {
          if (!sequence) return self->end(base::fail(sequence.error()));
          self->messages_[self->stored_++].sequence = *sequence;
          self->append_next(*sequence);
        });
      });
}

void ItemAppend::end(base::Status status) {
  // What is in memory is older than what is stored now: the next turn reads it back.
  if (lease_) parts_.registry.forget(key_);
  lease_.reset();
  if (status)
    done_(std::move(messages_));
  else
    done_(base::fail(status.error()));
  done_ = {};
}

}  // namespace chatcore::api
