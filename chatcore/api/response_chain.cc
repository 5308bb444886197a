#include "chatcore/api/response_chain.h"

#include <utility>

#include "chatcore/api/random_id.h"

namespace chatcore::api {
namespace {

using conversation::ConversationKey;
using conversation::Message;

constexpr std::string_view kPrefix = "chain_";

storage::NewConversation new_chain(const std::string& user, std::vector<Message> messages) {
  return {.key = {.user = user, .id = random_id(kPrefix)}, .messages = std::move(messages), .listed = false};
}

std::function<void(base::Result<std::int64_t>)> telling_end(const ConversationKey& key, ChainMade done) {
  return [key, done = std::move(done)](base::Result<std::int64_t> last) {
    if (last)
      done(ChainEnd{.key = key, .last_sequence = *last});
    else
      done(base::fail(last.error()));
  };
}

}  // namespace

bool is_chain(std::string_view conversation_id) { return conversation_id.starts_with(kPrefix); }

void begin_chain(storage::Store& store, const std::string& user, std::vector<Message> input, ChainMade done) {
  auto chain = new_chain(user, std::move(input));
  auto tell = telling_end(chain.key, std::move(done));
  store.create(std::move(chain), std::move(tell));
}

void fork_chain(storage::Store& store, const std::string& user, const storage::StoredResponse& previous,
                std::vector<Message> input, ChainMade done) {
  auto chain = new_chain(user, std::move(input));
  auto tell = telling_end(chain.key, std::move(done));
  store.fork({.user = user, .id = previous.conversation_id}, previous.answer.sequence, std::move(chain),
             std::move(tell));
}

}  // namespace chatcore::api
