// The items of a conversation, which are its messages.

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "chatcore/api/conversation_replies.h"
#include "chatcore/api/conversation_requests.h"
#include "chatcore/api/handlers.h"
#include "chatcore/api/item_append.h"
#include "chatcore/api/item_id.h"

namespace chatcore::api {
namespace {

using conversation::ConversationKey;

constexpr base::Bytes kReadBytes = base::kibibytes(64);

Problem item_not_found() {
  return {.status = 404, .message = "No such item in this conversation", .code = "item_not_found", .param = "item_id"};
}

struct NamedItem {
  ConversationKey key;
  std::int64_t sequence = 0;
};

// The item that the path names. None: the call was refused.
std::optional<NamedItem> item_of_path(const SharedCall& call) {
  auto key = conversation_of_path(call);
  if (!key) return std::nullopt;
  const auto sequence = sequence_of_item(key->id, call->path_value("item"));
  if (sequence) return NamedItem{std::move(*key), *sequence};
  call->refuse(item_not_found());
  return std::nullopt;
}

}  // namespace

void list_items(const ApiParts& parts, const SharedCall& call) {
  const auto key = conversation_of_path(call);
  if (!key) return;
  const auto query = parse_items_query(call->request(), key->id);
  if (!query) return call->refuse(query.error());
  auto permit = admit(parts, kReadBytes, false);
  if (!permit) return call->refuse(permit.error());
  const SharedPlace place = std::move(*permit);
  parts.turn.store.list_messages(*key, *query, on_loop(parts, [&parts, call, id = key->id, place](auto page) {
    if (!page) return call->refuse(call->problem_of(page.error()));
    if (!*page) return call->refuse(conversation_not_found());
    if (!hold(parts, call, *place, (*page)->messages)) return;
    call->json(items_json(id, **page));
  }));
}

void add_items(const ApiParts& parts, const SharedCall& call) {
  const auto key = conversation_of_path(call);
  if (!key) return;
  auto messages = parse_items_request(call->request().body);
  if (!messages) return call->refuse(messages.error());
  const auto size = static_cast<std::int64_t>(call->request().body.size());
  auto permit = admit(parts, base::Bytes{size} + kReadBytes, true);
  if (!permit) return call->refuse(permit.error());
  ItemAppend::begin(parts.turn, *key, std::move(*messages), std::move(*permit), [call, id = key->id](auto appended) {
    if (!appended && appended.error().code == base::Code::not_found) {
      return call->refuse(conversation_not_found());
    }
    if (!appended) return call->refuse(call->problem_of(appended.error()));
    call->json(items_json(id, {.messages = std::move(*appended)}));
  });
}

void show_item(const ApiParts& parts, const SharedCall& call) {
  const auto item = item_of_path(call);
  if (!item) return;
  auto permit = admit(parts, kReadBytes, false);
  if (!permit) return call->refuse(permit.error());
  parts.turn.store.list_messages(item->key, {.after = item->sequence - 1, .limit = 1},
                                 on_loop(parts, [&parts, call, id = item->key.id, sequence = item->sequence,
                                                 place = SharedPlace(std::move(*permit))](auto page) {
                                   if (!page) return call->refuse(call->problem_of(page.error()));
                                   if (!*page) return call->refuse(conversation_not_found());
                                   const auto& messages = (*page)->messages;
                                   if (messages.empty() || messages.front().sequence != sequence)
                                     return call->refuse(item_not_found());
                                   if (!hold(parts, call, *place, messages)) return;
                                   call->json(item_json(id, messages.front()));
                                 }));
}

void remove_item(const ApiParts& parts, const SharedCall& call) {
  const auto item = item_of_path(call);
  if (!item) return;
  auto permit = admit(parts, kReadBytes, false);
  if (!permit) return call->refuse(permit.error());
  parts.turn.store.remove_message(
      item->key, item->sequence,
      on_loop(parts, [&parts, call, key = item->key, place = SharedPlace(std::move(*permit))](auto existed) {
        if (!existed) return call->refuse(call->problem_of(existed.error()));
        if (!*existed) return call->refuse(item_not_found());
        // Its copy in memory still has the message.
        parts.turn.registry.forget(key);
        describe_conversation(parts, call, key, place);
      }));
}

}  // namespace chatcore::api
