#pragma once
// What /v1/conversations and its items answer with, in OpenAI's shapes. Pure.

#include <string>
#include <string_view>

#include "chatcore/storage/store.h"

namespace chatcore::api {

std::string conversation_json(std::string_view id, const storage::Description& description);
std::string conversation_deleted_json(std::string_view id);
std::string item_json(std::string_view conversation_id, const conversation::Message& message);
std::string items_json(std::string_view conversation_id, const storage::Page& page);

}  // namespace chatcore::api
