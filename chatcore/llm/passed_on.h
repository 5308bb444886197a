#pragma once
// What a client wants a backend to get as it is (PassedOn, answerer.h), put into a request. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "chatcore/llm/answerer.h"

namespace chatcore::llm {

// The list "messages" of a request: those given, byte by byte. What the server has to say before them joins a system
// message that they begin with, or stands in front as one, since strict backends take one system message alone.
std::string passed_messages(const std::vector<std::string>& messages, std::string_view system);

// A request, which is a JSON object with a field at least, with more fields. `fields` is an object, or "".
std::string with_fields(std::string request, std::string_view fields);

}  // namespace chatcore::llm
