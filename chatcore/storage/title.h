#pragma once
// The title under which a conversation is listed: the beginning of its first question.

#include <string>
#include <string_view>

namespace chatcore::storage {

// At most 80 bytes, cut between characters (UTF-8), preferably between words; white space and control characters
// become single spaces. Empty when the question has nothing else.
std::string title_from(std::string_view question);

}  // namespace chatcore::storage
