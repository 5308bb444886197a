#pragma once
// What clients send to /v1/conversations and to the items of one. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "base/http_server.h"
#include "chatcore/api/problem.h"
#include "chatcore/conversation/message.h"
#include "chatcore/storage/store.h"

namespace chatcore::api {

struct ConversationRequest {
  std::string metadata = "{}";  // a JSON object as text
  std::vector<conversation::Message> items;
};

// POST /v1/conversations; nothing at all is a conversation without items.
Parsed<ConversationRequest> parse_conversation_request(std::string_view body);
// POST /v1/conversations/{id}: what is to replace its metadata.
Parsed<std::string> parse_metadata_request(std::string_view body);
// POST /v1/conversations/{id}/items: from 1 to 20 messages.
Parsed<std::vector<conversation::Message>> parse_items_request(std::string_view body);
// GET /v1/conversations/{id}/items?limit=&order=&after=: the newest first unless asked for otherwise.
Parsed<storage::PageRequest> parse_items_query(const base::HttpRequest& request, std::string_view conversation_id);

}  // namespace chatcore::api
