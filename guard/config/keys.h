#pragma once
// The configuration keys by section, out of the JSON schema (configs/leakguard.schema.json, compiled in): what an
// editor offers is what the readers accept.

#include <span>
#include <string>
#include <string_view>

namespace guard::config {

// Keys of the section at `path`, with or without indices: "workloads[3].caps" is the section "workloads[].caps", "" is
// the document. Empty when `path` is not a section with a fixed set of keys.
std::span<const std::string_view> keys_of(std::string_view path);

// The schema's text.
std::string_view schema();

// Without the indices: "workloads[3].caps" → "workloads[].caps".
std::string section_of(std::string_view path);

}  // namespace guard::config
