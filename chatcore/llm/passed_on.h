#pragma once
// Puts the parts that are passed on unchanged (PassedOn, answerer.h) into a request. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "chatcore/llm/answerer.h"

namespace chatcore::llm {

// The JSON list "messages" of a request: `messages` byte by byte. `system` is put in front of the text of a leading
// system message, or becomes the system message, since strict backends accept only one. `system` may be "".
std::string passed_messages(const std::vector<std::string>& messages, std::string_view system);

// Adds `fields`, a JSON object or "", to `request`. REQUIRES: `request` is a JSON object with at least one field.
std::string with_fields(std::string request, std::string_view fields);

}  // namespace chatcore::llm
