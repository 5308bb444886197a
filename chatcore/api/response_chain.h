#pragma once
// Where a response stands. A stored one without a conversation lives in a chain: an unlisted conversation made for it,
// which previous_response_id goes on with. A chain has one end; whoever goes on from an older answer, or from an answer
// in a conversation that has its own life, gets a chain of his own with a copy of what came before (a fork).

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chatcore/conversation/message.h"
#include "chatcore/storage/store.h"

namespace chatcore::api {

// By the name of its conversation, which is made here and never shown.
bool is_chain(std::string_view conversation_id);

// Where the new messages of a chain have been stored.
struct ChainEnd {
  conversation::ConversationKey key;
  std::int64_t last_sequence = 0;
};
using ChainMade = std::function<void(base::Result<ChainEnd>)>;

// A new chain that begins with `input`. `done` is called as the store calls.
void begin_chain(storage::Store& store, const std::string& user, std::vector<conversation::Message> input,
                 ChainMade done);
// A new chain with what `previous` stands at the end of, and then `input`.
void fork_chain(storage::Store& store, const std::string& user, const storage::StoredResponse& previous,
                std::vector<conversation::Message> input, ChainMade done);

}  // namespace chatcore::api
