#include "guard/source/log/matcher.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include <re2/re2.h>

namespace guard::source {
namespace {

constexpr std::int64_t kMaxProgramBytes = 1 << 20;

std::optional<double> number_in(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

base::Result<LogMatcher> LogMatcher::compile(std::string_view pattern) {
  if (pattern.size() > kMaxPatternBytes) {
    return base::fail(base::Code::too_large, "pattern of " + std::to_string(pattern.size()) + " bytes; " +
                                                 std::to_string(kMaxPatternBytes) + " are allowed");
  }
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxProgramBytes);
  auto compiled = std::make_shared<const RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (!compiled->ok()) {
    const bool too_large = compiled->error_code() == RE2::ErrorPatternTooLarge;
    return base::fail(too_large ? base::Code::too_large : base::Code::invalid_argument,
                      "pattern: " + compiled->error());
  }
  if (compiled->NumberOfCapturingGroups() > kMaxGroups) {
    return base::fail(base::Code::too_large, "pattern with " + std::to_string(compiled->NumberOfCapturingGroups()) +
                                                 " groups; " + std::to_string(kMaxGroups) + " are allowed");
  }
  return LogMatcher(std::move(compiled));
}

std::optional<std::vector<LogMatcher::Group>> LogMatcher::groups(std::string_view line) const {
  std::array<re2::StringPiece, kMaxGroups + 1> groups;
  const int wanted = pattern_->NamedCapturingGroups().empty() ? 0 : pattern_->NumberOfCapturingGroups() + 1;
  if (!pattern_->Match(re2::StringPiece(line.data(), line.size()), 0, line.size(), RE2::UNANCHORED, groups.data(),
                       wanted)) {
    return std::nullopt;
  }
  std::vector<Group> named;
  for (const auto& [index, name] : pattern_->CapturingGroupNames()) {
    const re2::StringPiece& group = groups[static_cast<std::size_t>(index)];
    if (group.data() == nullptr) continue;
    named.push_back({name, std::string(group.data(), group.size()), number_in({group.data(), group.size()})});
  }
  return named;
}

std::optional<LogMatcher::Match> LogMatcher::match(std::string_view line) const {
  const auto named = groups(line);
  if (!named) return std::nullopt;
  Match match;
  for (const Group& group : *named)
    if (group.number) match.captures.emplace(group.name, *group.number);
  return match;
}

}  // namespace guard::source
