#include "chatcore/llm/retry.h"

#include <algorithm>
#include <charconv>

namespace chatcore::llm {

base::Duration backoff(int retry, double chance) {
  constexpr base::Duration kFirst = std::chrono::milliseconds(250);
  constexpr base::Duration kMost = std::chrono::seconds(8);
  const base::Duration bound = std::min(kMost, kFirst * (1 << std::clamp(retry - 1, 0, 10)));
  return base::from_seconds(base::to_seconds(bound) * chance);
}

std::optional<std::chrono::seconds> parse_retry_after(std::string_view value) {
  constexpr int kMost = 3600;
  int seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (error != std::errc() || end != value.data() + value.size() || seconds < 0) return std::nullopt;
  return std::chrono::seconds(std::min(seconds, kMost));
}

}  // namespace chatcore::llm
