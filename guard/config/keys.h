#pragma once
// The table of all configuration keys by section. Readers refuse other keys; the JSON schema is tested against it.

#include <span>
#include <string>
#include <string_view>

namespace guard::config {

// Keys of the section at `path`, with or without indices: "workloads[3].caps" is the section "workloads[].caps", "" is
// the document. Empty when `path` is not a section with a fixed set of keys.
std::span<const std::string_view> keys_of(std::string_view path);

// Without the indices: "workloads[3].caps" → "workloads[].caps".
std::string section_of(std::string_view path);

}  // namespace guard::config
