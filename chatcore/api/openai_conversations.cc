// /v1/conversations and one of them. What is made here is a conversation like any other: /api/assistant and
// /v1/responses go on with it by its id.

#include <memory>
#include <utility>

#include "chatcore/api/conversation_replies.h"
#include "chatcore/api/conversation_requests.h"
#include "chatcore/api/handlers.h"
#include "chatcore/api/random_id.h"
#include "chatcore/api/requests.h"

namespace chatcore::api {
namespace {

using conversation::ConversationKey;

constexpr base::Bytes kReadBytes = base::kibibytes(16);

}  // namespace

std::optional<ConversationKey> conversation_of_path(const SharedCall& call) {
  ConversationKey key{.user = call->user(), .id = call->path_value("id")};
  // An id that nobody can have given to a conversation names none; storage is not asked about it.
  if (!check_conversation_id(key.id)) return key;
  call->refuse(conversation_not_found());
  return std::nullopt;
}

void describe_conversation(const ApiParts& parts, const SharedCall& call, const ConversationKey& key,
                           const SharedPlace& place) {
  parts.turn.store.describe(key, on_loop(parts, [call, id = key.id, place](auto described) {
                              if (!described) return call->refuse(call->problem_of(described.error()));
                              if (!*described) return call->refuse(conversation_not_found());
                              call->json(conversation_json(id, **described));
                            }));
}

void create_conversation(const ApiParts& parts, const SharedCall& call) {
  auto request = parse_conversation_request(call->request().body);
  if (!request) return call->refuse(request.error());
  const auto size = static_cast<std::int64_t>(call->request().body.size());
  auto permit = admit(parts, base::Bytes{size} + kReadBytes, false);
  if (!permit) return call->refuse(permit.error());
  const ConversationKey key{.user = call->user(), .id = random_id("conv_")};
  const SharedPlace place = std::move(*permit);
  parts.turn.store.create({.key = key, .metadata = std::move(request->metadata), .messages = std::move(request->items)},
                          on_loop(parts, [&parts, call, key, place](auto created) {
                            if (!created) return call->refuse(call->problem_of(created.error()));
                            describe_conversation(parts, call, key, place);
                          }));
}

void show_conversation(const ApiParts& parts, const SharedCall& call) {
  const auto key = conversation_of_path(call);
  if (!key) return;
  auto permit = admit(parts, kReadBytes, false);
  if (!permit) return call->refuse(permit.error());
  describe_conversation(parts, call, *key, std::move(*permit));
}

void update_conversation(const ApiParts& parts, const SharedCall& call) {
  const auto key = conversation_of_path(call);
  if (!key) return;
  auto metadata = parse_metadata_request(call->request().body);
  if (!metadata) return call->refuse(metadata.error());
  auto permit = admit(parts, kReadBytes, false);
  if (!permit) return call->refuse(permit.error());
  const SharedPlace place = std::move(*permit);
  parts.turn.store.set_metadata(*key, std::move(*metadata),
                                on_loop(parts, [&parts, call, key = *key, place](auto existed) {
                                  if (!existed) return call->refuse(call->problem_of(existed.error()));
                                  if (!*existed) return call->refuse(conversation_not_found());
                                  describe_conversation(parts, call, key, place);
                                }));
}

void remove_conversation(const ApiParts& parts, const SharedCall& call) {
  const auto key = conversation_of_path(call);
  if (!key) return;
  auto permit = admit(parts, kReadBytes, false);
  if (!permit) return call->refuse(permit.error());
  const SharedPlace place = std::move(*permit);
  parts.turn.store.remove(*key,
                          on_loop(parts, [&registry = parts.turn.registry, call, key = *key, place](auto existed) {
                            if (!existed) return call->refuse(call->problem_of(existed.error()));
                            // A turn of it that is under way cannot store its answer any more, and ends with a
                            // conflict.
                            registry.forget(key);
                            if (!*existed) return call->refuse(conversation_not_found());
                            call->json(conversation_deleted_json(key.id));
                          }));
}

}  // namespace chatcore::api
