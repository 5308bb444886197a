// GET and DELETE /v1/responses/{id} and what is below it: an answer that was stored, by the name it was given.

#include <algorithm>
#include <memory>
#include <utility>

#include "chatcore/api/conversation_replies.h"
#include "chatcore/api/conversation_requests.h"
#include "chatcore/api/handlers.h"
#include "chatcore/api/item_id.h"
#include "chatcore/api/response_chain.h"
#include "chatcore/api/response_replies.h"

namespace chatcore::api {
namespace {

using conversation::ConversationKey;
using storage::StoredResponse;

constexpr base::Bytes kReadBytes = base::kibibytes(64);
constexpr std::size_t kMaxIdBytes = 128;

using Found = std::function<void(const StoredResponse&, const SharedPlace&)>;

// Answers by itself unless the response is found.
void find(const ApiParts& parts, const SharedCall& call, Found go_on) {
  const std::string id = call->path_value("id");
  if (id.size() > kMaxIdBytes || !id.starts_with("resp_")) return call->refuse(response_not_found("response_id"));
  auto permit = admit(parts, kReadBytes, false);
  if (!permit) return call->refuse(permit.error());
  parts.turn.store.find_response(
      call->user(), id,
      on_loop(parts, [call, go_on = std::move(go_on), place = SharedPlace(std::move(*permit))](auto found) {
        if (!found) return call->refuse(call->problem_of(found.error()));
        if (!*found) return call->refuse(response_not_found("response_id"));
        go_on(**found, place);
      }));
}

// After what has been removed is also gone from memory.
std::function<void(base::Result<bool>)> telling_removed(const ApiParts& parts, const SharedCall& call,
                                                        const ConversationKey& key, const SharedPlace& place) {
  return on_loop(parts, [&registry = parts.turn.registry, call, key, place](base::Result<bool> existed) {
    if (!existed) return call->refuse(call->problem_of(existed.error()));
    registry.forget(key);
    if (!*existed) return call->refuse(response_not_found("response_id"));
    call->json(response_deleted_json(call->path_value("id")));
  });
}

// The question goes with its answer, and with the last answer that has a name the whole chain (Store::remove_message).
void remove_from_chain(const ApiParts& parts, const SharedCall& call, const ConversationKey& key,
                       const StoredResponse& response, const SharedPlace& place) {
  auto& store = parts.turn.store;
  const std::int64_t sequence = response.answer.sequence;
  store.remove_message(key, sequence - 1,
                       [&store, key, sequence, done = telling_removed(parts, call, key, place)](auto removed) {
                         if (!removed) return done(std::move(removed));
                         store.remove_message(key, sequence, done);
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

void cancel_response(const ApiParts& parts, const SharedCall& call) {
  find(parts, call, [call](const StoredResponse& /*response*/, const SharedPlace& /*place*/) {
    call->refuse(bad_request(
        "response_not_cancellable",
        "Only a response that runs in the background can be cancelled. Close the connection instead", "id"));
  });
}

void list_input_items(const ApiParts& parts, const SharedCall& call) {
  find(parts, call, [&parts, call](const StoredResponse& response, const SharedPlace& place) {
    const std::string& id = response.conversation_id;
    auto query = parse_items_query(call->request(), id);
    if (!query) return call->refuse(query.error());
    const std::int64_t end = response.answer.sequence;
    if (query->newest_first) query->after = query->after == 0 ? end : std::min(query->after, end);
    parts.turn.store.list_messages(
        {.user = call->user(), .id = id}, *query, on_loop(parts, [&parts, call, id, end, place](auto page) {
          if (!page) return call->refuse(call->problem_of(page.error()));
          if (!*page) return call->refuse(response_not_found("response_id"));
          // In ascending order a page may reach beyond the answer.
          auto& messages = (*page)->messages;
          const auto beyond = std::erase_if(messages, [end](const auto& message) { return message.sequence >= end; });
          if (beyond != 0) (*page)->has_more = false;
          if (!hold(parts, call, *place, messages)) return;
          call->json(items_json(id, **page));
        }));
  });
}

}  // namespace chatcore::api
