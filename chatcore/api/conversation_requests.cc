#include "chatcore/api/conversation_requests.h"

#include <charconv>

#include "chatcore/api/item_id.h"
#include "chatcore/api/message_reader.h"

namespace chatcore::api {
namespace {

// OpenAI's bounds.
constexpr std::size_t kMaxItems = 20;
constexpr std::size_t kMaxPage = 100;

}  // namespace

Parsed<ConversationRequest> parse_conversation_request(std::string_view body) {
  if (body.empty()) return ConversationRequest{};
  const auto object = parse_json_object(body);
  if (!object) return tl::unexpected(object.error());
  Fault fault;
  JsonReader reader(*object, "", fault);
  ConversationRequest request{.metadata = reader.metadata("metadata"), .items = {}};
  if (const Json* items = reader.list("items", kMaxItems)) request.items = read_messages(*items, "items", fault);
  refuse_blank_questions(request.items, "items", fault);
  if (fault) return tl::unexpected(*fault);
  return request;
}

Parsed<std::string> parse_metadata_request(std::string_view body) {
  const auto object = parse_json_object(body);
  if (!object) return tl::unexpected(object.error());
  Fault fault;
  JsonReader reader(*object, "", fault);
  if (!object->contains("metadata")) reader.refuse("metadata", "missing_field", "\"metadata\" is missing");
  std::string metadata = reader.metadata("metadata");
  if (fault) return tl::unexpected(*fault);
  return metadata;
}

Parsed<std::vector<conversation::Message>> parse_items_request(std::string_view body) {
  const auto object = parse_json_object(body);
  if (!object) return tl::unexpected(object.error());
  Fault fault;
  JsonReader reader(*object, "", fault);
  const Json* items = reader.list("items", kMaxItems);
  if (items == nullptr || items->empty()) {
    reader.refuse("items", items == nullptr ? "missing_field" : "invalid_value", "\"items\" must be a list of items");
    return tl::unexpected(*fault);
  }
  auto messages = read_messages(*items, "items", fault);
  refuse_blank_questions(messages, "items", fault);
  if (fault) return tl::unexpected(*fault);
  return messages;
}

Parsed<storage::PageRequest> parse_items_query(const base::HttpRequest& request, std::string_view conversation_id) {
  storage::PageRequest page{.newest_first = true};
  if (const std::string limit = request.query_value("limit"); !limit.empty()) {
    const auto [end, error] = std::from_chars(limit.data(), limit.data() + limit.size(), page.limit);
    if (error != std::errc() || end != limit.data() + limit.size() || page.limit < 1 || page.limit > kMaxPage) {
      return tl::unexpected(bad_request("invalid_value", "\"limit\" must be from 1 to 100", "limit"));
    }
  }
  if (const std::string order = request.query_value("order"); !order.empty()) {
    if (order != "asc" && order != "desc") {
      return tl::unexpected(bad_request("invalid_value", "\"order\" must be asc or desc", "order"));
    }
    page.newest_first = order == "desc";
  }
  if (const std::string after = request.query_value("after"); !after.empty()) {
    const auto sequence = sequence_of_item(conversation_id, after);
    if (!sequence) return tl::unexpected(bad_request("invalid_value", "\"after\" names no item", "after"));
    page.after = *sequence;
  }
  return page;
}

}  // namespace chatcore::api
