#pragma once
// Checks of values that were read. Each records a problem and returns false when the value is refused.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/config/reader.h"

namespace guard::config {

using base::config::Reader;

// Records a problem when `value` is not within [lowest, highest]. Returns whether it is.
bool check_range(const Reader& reader, std::string_view key, base::Duration value, base::Duration lowest,
                 base::Duration highest);
bool check_range(const Reader& reader, std::string_view key, std::int64_t value, std::int64_t lowest,
                 std::int64_t highest);

// "web", "cleanup-line", "a.b_c": a name for metric labels and URLs. Records a problem otherwise.
bool check_name(const Reader& reader, std::string_view key, const std::string& name);
// "/absolute/path" without "..".
bool check_path(const Reader& reader, std::string_view key, const std::string& path);
// "127.0.0.1:5432", "[::1]:5432", "localhost:5432": a literal address; names are not resolved.
bool check_address(const Reader& reader, std::string_view key, const std::string& address);
// "http://…" or "https://…" with a host.
bool check_url(const Reader& reader, std::string_view key, const std::string& url);

}  // namespace guard::config
