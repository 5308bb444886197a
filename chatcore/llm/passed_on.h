#pragma once
// Puts the parts that are passed on unchanged (PassedOn, answerer.h) into a request. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "chatcore/llm/answerer.h"

namespace chatcore::llm {

// The JSON list "messages" of a request, in the form that every chat template accepts (prompt_messages.h): one system
// message with the texts of `configured`, of all system messages, and of `chunks`; neighbours of one role and name are
// joined, text with text and lists of parts with lists of parts. Messages with tool calls and their results keep their
// places. What need not change is passed on byte by byte.
std::string passed_messages(const std::vector<std::string>& messages, std::string_view configured,
                            std::string_view chunks);

// Adds `fields`, a JSON object or "", to `request`. REQUIRES: `request` is a JSON object with at least one field.
std::string with_fields(std::string request, std::string_view fields);

}  // namespace chatcore::llm
