#pragma once
// The table of all keys a configuration may have, by the section they stand in. The readers refuse what is not in it,
// and the editors' schema is tested against it.

#include <span>
#include <string>
#include <string_view>

namespace guard::config {

// Keys of the section at `path`, whose indices do not matter: "workloads[3].caps" is the section "workloads[].caps",
// and
// "" is the document. Empty for a path that is no section with a fixed set of keys.
std::span<const std::string_view> keys_of(std::string_view path);

// The one of `keys` that was most probably meant by `written`, or "" when none is near: at most two letters, and not
// half of them, were added, left out, changed or swapped with their neighbour.
std::string_view nearest_key(std::string_view written, std::span<const std::string_view> keys);

// Without the indices: "workloads[3].caps" → "workloads[].caps".
std::string section_of(std::string_view path);

}  // namespace guard::config
