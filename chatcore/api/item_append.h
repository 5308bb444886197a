#pragma once
// Adds messages to a conversation that exists, outside of a turn but in line with its turns: no turn comes between
// them, and a turn that follows sees them.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "chatcore/conversation/registry.h"
#include "chatcore/turn.h"

namespace chatcore::api {

class ItemAppend : public std::enable_shared_from_this<ItemAppend> {
 public:
  // Called on a loop thread with the messages as they are stored. Errors: not_found, conflict (another instance wrote
  // meanwhile, or too many wait for this conversation), and the store's. Those before the one that failed are stored.
  using Done = std::function<void(base::Result<std::vector<conversation::Message>>)>;

  // At least one message. The permit rests while another turn holds the conversation, so that a slow language model
  // refuses nobody else.
  static void begin(const TurnParts& parts, const conversation::ConversationKey& key,
                    std::vector<conversation::Message> messages, std::shared_ptr<Admission::Permit> place, Done done);

  ItemAppend(const TurnParts& parts, const conversation::ConversationKey& key,
             std::vector<conversation::Message> messages, std::shared_ptr<Admission::Permit> place, Done done);

 private:
  void wait_for_conversation();
  void find_its_end();
  void append_next(std::int64_t after);
  void end(base::Status status);

  const TurnParts parts_;
  const conversation::ConversationKey key_;
  std::vector<conversation::Message> messages_;
  const std::shared_ptr<Admission::Permit> place_;
  Done done_;
  std::optional<conversation::Lease> lease_;
  std::int64_t revision_ = 0;  // of the conversation that was found: nothing is added to another of its name
  std::size_t stored_ = 0;
};

}  // namespace chatcore::api
