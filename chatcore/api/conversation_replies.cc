#include "chatcore/api/conversation_replies.h"

#include "chatcore/api/item_id.h"
#include "chatcore/api/item_writer.h"

namespace chatcore::api {
namespace {

OrderedJson stored_item(std::string_view conversation_id, const conversation::Message& message) {
  return item_of(item_id(conversation_id, message.sequence), message, item_status(message));
}

}  // namespace

std::string conversation_json(std::string_view id, const storage::Description& description) {
  auto metadata = OrderedJson::parse(description.metadata, nullptr, false);
  if (metadata.is_discarded()) metadata = OrderedJson::object();
  return text_of({{"id", id},
                  {"object", "conversation"},
                  {"created_at", unix_seconds(description.created)},
                  {"metadata", std::move(metadata)}});
}

std::string conversation_deleted_json(std::string_view id) {
  return text_of({{"id", id}, {"object", "conversation.deleted"}, {"deleted", true}});
}

std::string item_json(std::string_view conversation_id, const conversation::Message& message) {
  return text_of(stored_item(conversation_id, message));
}

std::string items_json(std::string_view conversation_id, const storage::Page& page) {
  OrderedJson items = OrderedJson::array();
  for (const auto& message : page.messages) items.push_back(stored_item(conversation_id, message));
  const auto id_of = [&](const conversation::Message& message) { return item_id(conversation_id, message.sequence); };
  const bool empty = page.messages.empty();
  return text_of(list_of(std::move(items), empty ? "" : id_of(page.messages.front()),
                         empty ? "" : id_of(page.messages.back()), page.has_more));
}

}  // namespace chatcore::api
