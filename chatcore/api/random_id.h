#pragma once
// Names nobody can guess: ids of conversations and completions, nonces of a page's security policy.

#include <string>
#include <string_view>

namespace chatcore::api {

// `prefix` and 128 random bits from the kernel in hexadecimal.
std::string random_id(std::string_view prefix);

}  // namespace chatcore::api
