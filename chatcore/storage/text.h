#pragma once
// Texts as every database can keep them.

#include <string>
#include <string_view>

namespace chatcore::storage {

// The same text, with U+FFFD in place of NUL and of every byte that is part of no valid UTF-8 sequence: PostgreSQL
// keeps neither. `text` itself is returned when there is nothing to replace, which is nearly always; else `scratch`
// holds what is returned.
std::string_view storable_text(std::string_view text, std::string& scratch);

}  // namespace chatcore::storage
