#include "guard/config/checks.h"

#include <algorithm>

#include "base/socket_address.h"

namespace guard::config {

namespace {

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

}  // namespace

bool check_range(const Reader& reader, std::string_view key, base::Duration value, base::Duration lowest,
                 base::Duration highest) {
  if (value >= lowest && value <= highest) return true;
  reader.problem(key, base::format_duration(value) + " is out of bounds: from " + base::format_duration(lowest) +
                          " to " + base::format_duration(highest));
  return false;
}

bool check_range(const Reader& reader, std::string_view key, std::int64_t value, std::int64_t lowest,
                 std::int64_t highest) {
  if (value >= lowest && value <= highest) return true;
  reader.problem(key, std::to_string(value) + " is out of bounds: from " + std::to_string(lowest) + " to " +
                          std::to_string(highest));
  return false;
}

bool check_name(const Reader& reader, std::string_view key, const std::string& name) {
  constexpr std::size_t kLongest = 63;
  const bool right = !name.empty() && name.size() <= kLongest && is_letter_or_digit(name.front()) &&
                     std::all_of(name.begin(), name.end(),
                                 [](char c) { return is_letter_or_digit(c) || c == '_' || c == '-' || c == '.'; });
  if (!right)
    reader.problem(key, "a name has 1 to 63 letters, digits, '-', '_' or '.' and begins with a letter or digit");
  return right;
}

bool check_path(const Reader& reader, std::string_view key, const std::string& path) {
  if (path.empty() || path.front() != '/') {
    reader.problem(key, "expected an absolute path, such as /var/lib/leakguard");
    return false;
  }
  const auto padded = path + "/";
  if (padded.find("/../") == std::string::npos) return true;
  reader.problem(key, "a path with \"..\" is not taken");
  return false;
}

bool check_address(const Reader& reader, std::string_view key, const std::string& address) {
  const auto parsed = base::parse_socket_address(address);
  if (!parsed) reader.problem(key, parsed.error().message);
  return parsed.has_value();
}

bool check_url(const Reader& reader, std::string_view key, const std::string& url) {
  std::size_t host = 0;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (url.compare(0, scheme.size(), scheme) == 0) host = scheme.size();
  }
  const bool has_space = url.find_first_of(" \t\r\n") != std::string::npos;
  if (host > 0 && host < url.size() && url[host] != '/' && url[host] != ':' && !has_space) return true;
  reader.problem(key, "expected an address such as http://127.0.0.1:8080/path");
  return false;
}

}  // namespace guard::config
