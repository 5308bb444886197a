// GET and DELETE /v1/responses/{id}: an answer that was stored, by the name it was given.

#include <algorithm>
#include <memory>
#include <utility>

#include "chatcore/api/handlers.h"
#include "chatcore/api/item_id.h"
#include "chatcore/api/response_chain.h"
#include "chatcore/api/response_replies.h"

namespace chatcore::api {
namespace {

using conversation::ConversationKey;
using conversation::Role;
using storage::StoredResponse;

constexpr base::Bytes kReadBytes = base::kibibytes(64);
constexpr std::size_t kMaxIdBytes = 128;

using Found = std::function<void(const StoredResponse&, const SharedPlace&)>;

// Answers by itself unless the response is found.
void find(const ApiParts& parts, const SharedCall& call, Found go_on) {
  const std::string id = call->path_value("id");
  if (id.size() > kMaxIdBytes || !id.starts_with("resp_")) return call->refuse(response_not_found("response_id"));
  auto ticket = admit(parts, kReadBytes, false);
  if (!ticket) return call->refuse(ticket.error());
  parts.turn.store.find_response(call->user(), id,
                                 [call, go_on = std::move(go_on), place = SharedPlace(std::move(*ticket))](auto found) {
                                   if (!found) return call->refuse(call->problem_of(found.error()));
                                   if (!*found) return call->refuse(response_not_found("response_id"));
                                   go_on(**found, place);
                                 });
}

// After what has been removed is also gone from memory.
std::function<void(base::Result<bool>)> telling_removed(const ApiParts& parts, const SharedCall& call,
                                                        const ConversationKey& key, const SharedPlace& place) {
  return [&registry = parts.turn.registry, call, key, place](base::Result<bool> existed) {
    if (!existed) return call->refuse(call->problem_of(existed.error()));
    registry.forget(key);
    if (!*existed) return call->refuse(response_not_found("response_id"));
    call->json(response_deleted_json(call->path_value("id")));
  };
}

// The question goes with its answer, and the chain with its last answer.
void remove_from_chain(const ApiParts& parts, const SharedCall& call, const ConversationKey& key,
                       const StoredResponse& response, const SharedPlace& place) {
  auto& store = parts.turn.store;
  store.list_messages(
      key, {.limit = 1, .newest_first = true},
      [&parts, &store, call, key, sequence = response.answer.sequence, place](auto newest) {
        if (!newest) return call->refuse(call->problem_of(newest.error()));
        const bool is_last = *newest && !(*newest)->messages.empty() && (*newest)->messages[0].sequence == sequence;
        store.list_messages(key, {.limit = 3}, [&parts, &store, call, key, sequence, is_last, place](auto first) {
          if (!first) return call->refuse(call->problem_of(first.error()));
          const auto is_answer = [](const auto& message) { return message.role == Role::assistant; };
          const bool is_only =
              is_last && *first && !(*first)->has_more && std::ranges::count_if((*first)->messages, is_answer) == 1;
          const auto done = telling_removed(parts, call, key, place);
          if (is_only) return store.remove(key, done);
          store.remove_message(key, sequence - 1, [&store, key, sequence, done](auto removed) {
            if (!removed) return done(std::move(removed));
            store.remove_message(key, sequence, done);
          });
        });
      });
}

}  // namespace

void show_response(const ApiParts& parts, const SharedCall& call) {
  // A client that waits for events would take the whole answer for a stream without any.
  if (call->request().query_value("stream") == "true") {
    return call->refuse(
        bad_request("unsupported_parameter", "A stored response is given whole, not as a stream", "stream"));
  }
  find(parts, call, [&parts, call](const StoredResponse& response, const SharedPlace& /*place*/) {
    const std::string& id = response.conversation_id;
    const ResponseHead head{.id = call->path_value("id"),
                            .model = std::string(parts.turn.answerer.model()),
                            .created = response.created,
                            .conversation_id = is_chain(id) ? "" : id};
    call->json(stored_response_json(head, item_id(id, response.answer.sequence), response.answer));
  });
}

void remove_response(const ApiParts& parts, const SharedCall& call) {
  find(parts, call, [&parts, call](const StoredResponse& response, const SharedPlace& place) {
    const ConversationKey key{.user = call->user(), .id = response.conversation_id};
    if (is_chain(key.id)) return remove_from_chain(parts, call, key, response, place);
    parts.turn.store.remove_message(key, response.answer.sequence, telling_removed(parts, call, key, place));
  });
}

}  // namespace chatcore::api
