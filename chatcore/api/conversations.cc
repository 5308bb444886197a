#include <algorithm>
#include <charconv>
#include <utility>

#include "chatcore/api/handlers.h"
#include "chatcore/api/replies.h"
#include "chatcore/api/requests.h"

namespace chatcore::api {
namespace {

using conversation::ConversationKey;

constexpr std::size_t kListed = 200;
constexpr std::size_t kDefaultMessages = 100;
constexpr std::size_t kMostMessages = 500;
// Bytes that reading a list or an ordinary conversation needs.
constexpr base::Bytes kReadBytes = base::kibibytes(64);

Parsed<std::size_t> limit_of(const base::HttpRequest& request) {
  const std::string text = request.query_value("limit");
  if (text.empty()) return kDefaultMessages;
  std::size_t limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (error == std::errc() && end == text.data() + text.size() && limit >= 1 && limit <= kMostMessages) return limit;
  return tl::unexpected(bad_request("invalid_value", "\"limit\" must be from 1 to 500", "limit"));
}

// Whether the query names a conversation at all, be it by an empty id.
bool names_conversation(const base::HttpRequest& request) {
  return ("&" + request.query).find("&conversationId") != std::string::npos;
}

void list_conversations(const ApiParts& parts, const SharedCall& call) {
  auto permit = admit(parts, kReadBytes, false);
  if (!permit) return call->refuse(permit.error());
  parts.turn.store.list(call->user(), kListed,
                        on_loop(parts, [call, place = std::shared_ptr(std::move(*permit))](auto conversations) {
                          if (conversations)
                            call->json(conversations_json(*conversations));
                          else
                            call->refuse(call->problem_of(conversations.error()));
                        }));
}

}  // namespace

void get_conversations(const ApiParts& parts, const SharedCall& call) {
  if (!names_conversation(call->request())) return list_conversations(parts, call);
  const std::string id = call->request().query_value("conversationId");
  if (const auto problem = check_conversation_id(id)) return call->refuse(*problem);
  const auto limit = limit_of(call->request());
  if (!limit) return call->refuse(limit.error());
  auto permit = admit(parts, kReadBytes, false);
  if (!permit) return call->refuse(permit.error());
  parts.turn.store.load_window(
      ConversationKey{.user = call->user(), .id = id}, *limit,
      on_loop(parts, [&parts, call, id, place = std::shared_ptr(std::move(*permit))](auto window) {
        if (!window) return call->refuse(call->problem_of(window.error()));
        if (!window->exists) return call->refuse(conversation_not_found());
        if (!hold(parts, call, *place, window->messages)) return;
        call->json(messages_json(id, *window));
      }));
}

void delete_conversation(const ApiParts& parts, const SharedCall& call) {
  const std::string id = call->request().query_value("conversationId");
  if (const auto problem = check_conversation_id(id)) return call->refuse(*problem);
  const ConversationKey key{.user = call->user(), .id = id};
  auto permit = admit(parts, kReadBytes, false);
  if (!permit) return call->refuse(permit.error());
  parts.turn.store.remove(key, on_loop(parts, [call, key, &registry = parts.turn.registry,
                                               place = std::shared_ptr(std::move(*permit))](auto existed) {
                            if (!existed) return call->refuse(call->problem_of(existed.error()));
                            // A turn of it that is under way cannot store its answer any more, and ends with a
                            // conflict.
                            registry.forget(key);
                            if (*existed)
                              call->json(deleted_json(key.id));
                            else
                              call->refuse(conversation_not_found());
                          }));
}

}  // namespace chatcore::api
