#include "guard/source/host/kernel_log_parser.h"

#include <algorithm>

#include "guard/source/fs_text.h"

namespace guard::source {
namespace {

constexpr std::size_t kMaxProcessName = 64;  // 15 bytes, of which the kernel writes each as \xNN where it must

std::optional<std::int64_t> parse_pid(std::string_view text) {
  const auto pid = parse_number<std::int64_t>(text);
  return pid && *pid > 0 ? pid : std::nullopt;
}

// The value of ",key=" up to the next comma.
std::string_view value_of(std::string_view text, std::string_view key) {
  const auto at = text.rfind(key);
  if (at == std::string_view::npos) return {};
  std::string_view rest = text.substr(at + key.size());
  return take_until(rest, ',');
}

}  // namespace

std::optional<std::string_view> parse_kernel_record(std::string_view record) {
  constexpr unsigned kMostKernelPriority = 7;  // facility 0; others are programs' records
  const auto semicolon = record.find(';');
  if (semicolon == std::string_view::npos) return std::nullopt;
  std::string_view head = record.substr(0, semicolon);
  const auto priority = parse_number<unsigned>(take_until(head, ','));
  if (!priority || *priority > kMostKernelPriority) return std::nullopt;
  std::string_view text = record.substr(semicolon + 1);
  return take_until(text, '\n');
}

std::optional<OomChoice> parse_oom_choice(std::string_view text) {
  constexpr std::string_view kStart = "oom-kill:constraint=";
  constexpr std::string_view kCgroup = ",task_memcg=";
  constexpr std::string_view kTask = ",task=";
  if (!text.starts_with(kStart)) return std::nullopt;
  const auto pid = parse_pid(value_of(text, ",pid="));
  if (!pid) return std::nullopt;
  OomChoice choice;
  choice.pid = *pid;
  choice.host_wide = !text.substr(kStart.size()).starts_with("CONSTRAINT_MEMCG");
  const auto begin = text.find(kCgroup);
  if (begin == std::string_view::npos || text.rfind(kCgroup) != begin) return choice;
  const std::string_view rest = text.substr(begin + kCgroup.size());
  const auto end = rest.find(kTask);
  if (end != std::string_view::npos && rest.rfind(kTask) == end) choice.cgroup = rest.substr(0, end);
  return choice;
}

std::optional<OomKilled> parse_oom_killed(std::string_view text) {
  constexpr std::string_view kHost = "Out of memory";
  constexpr std::string_view kGroup = "Memory cgroup out of memory";
  constexpr std::string_view kKilled = "Killed process ";
  OomKilled killed;
  if (text.starts_with(kHost)) killed.host_wide = true;
  if (text.starts_with(kGroup)) killed.host_wide = false;
  if (killed.host_wide) {
    // "Out of memory (oom_kill_allocating_task): Killed process …"
    const auto colon = text.find(": ");
    if (colon == std::string_view::npos) return std::nullopt;
    text = text.substr(colon + 2);
  }
  if (!text.starts_with(kKilled)) return std::nullopt;
  text.remove_prefix(kKilled.size());
  const auto pid = parse_pid(text.substr(0, text.find_first_of(" ,")));
  if (!pid) return std::nullopt;
  killed.pid = *pid;
  const auto open = text.find('(');
  auto close = text.find(") total-vm:");
  if (close == std::string_view::npos) close = text.rfind(')');
  if (open != std::string_view::npos && close != std::string_view::npos && open < close)
    killed.process = text.substr(open + 1, std::min(close - open - 1, kMaxProcessName));
  return killed;
}

}  // namespace guard::source
