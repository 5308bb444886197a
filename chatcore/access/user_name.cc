#include "chatcore/access/user_name.h"

#include "base/utf8.h"

namespace chatcore::access {

bool is_user_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxUserBytes || !base::is_valid_utf8(name)) return false;
  for (std::size_t at = 0; at < name.size();) {
    const auto point = base::decode_utf8(name, at);
    const bool is_control = point.value < 0x20 || (point.value >= 0x7F && point.value < 0xA0);
    if (is_control) return false;
    at += point.length;
  }
  return true;
}

}  // namespace chatcore::access
