#pragma once
// What may name a user. Names come from the keys file and out of signed tokens, and become part of database keys,
// log lines and the table of limits, so all of them pass here.

#include <cstddef>
#include <string_view>

namespace chatcore::access {

inline constexpr std::size_t kMaxUserBytes = 128;

// 1 to kMaxUserBytes bytes of UTF-8 without control characters. Never empty: the empty name is nobody's, it stands for
// all who ask where authentication is off.
bool is_user_name(std::string_view name);

}  // namespace chatcore::access
