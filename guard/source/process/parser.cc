#include "guard/source/process/parser.h"

#include <algorithm>
#include <array>

#include "guard/source/fs_text.h"

namespace guard::source {

std::optional<ProcessStat> parse_process_stat(std::string_view text) {
  const auto name_end = text.rfind(')');
  const auto name_begin = text.find('(');
  if (name_begin == std::string_view::npos || name_end == std::string_view::npos || name_end < name_begin) {
    return std::nullopt;
  }
  const auto pid = parse_number<std::int64_t>(text.substr(0, name_begin));
  std::string_view rest = without_blanks(text.substr(name_end + 1));
  // Field numbers as proc(5) has them: the state is (3), the one after the name.
  constexpr std::size_t kFirst = 3;
  constexpr std::size_t kStartTime = 22;
  std::array<std::string_view, kStartTime - kFirst + 1> fields;
  for (std::string_view& field : fields) field = take_until(rest, ' ');
  const auto number = [&](std::size_t index) { return parse_number<std::int64_t>(fields[index - kFirst]); };
  const auto parent = number(4);
  const auto user = number(14);
  const auto system = number(15);
  const auto waited_user = number(16);
  const auto waited_system = number(17);
  const auto start = parse_number<std::uint64_t>(fields[kStartTime - kFirst]);
  if (!pid || fields[0].size() != 1 || !parent || !user || !system || !waited_user || !waited_system || !start) {
    return std::nullopt;
  }
  return ProcessStat{*pid, fields[0][0], *parent, *user, *system, *waited_user, *waited_system, *start};
}

std::optional<ProcessMemory> parse_process_status(std::string_view text) {
  std::optional<base::Bytes> anon;
  std::optional<base::Bytes> file;
  std::optional<base::Bytes> shmem;
  for_each_field(text, [&](std::string_view key, std::string_view value) {
    const auto kibibytes = [&]() -> std::optional<base::Bytes> {
      const auto number = parse_number<std::int64_t>(take_until(value, ' '));
      if (!number || *number < 0 || *number > base::Bytes::unlimited().count >> 10) return std::nullopt;
      return base::kibibytes(*number);
    };
    if (key == "RssAnon") anon = kibibytes();
    if (key == "RssFile") file = kibibytes();
    if (key == "RssShmem") shmem = kibibytes();
  });
  if (!anon || !file || !shmem) return std::nullopt;
  return ProcessMemory{*anon, *file, *shmem};
}

std::optional<std::uint32_t> parse_process_owner(std::string_view text) {
  std::optional<std::uint32_t> owner;
  for_each_field(text, [&](std::string_view key, std::string_view value) {
    if (key == "Uid") owner = parse_number<std::uint32_t>(take_until(value, '\t'));
  });
  return owner;
}

std::optional<std::int64_t> parse_process_leader(std::string_view text) {
  std::optional<std::int64_t> leader;
  for_each_field(text, [&](std::string_view key, std::string_view value) {
    if (key == "Tgid") leader = parse_number<std::int64_t>(take_until(value, '\t'));
  });
  return leader;
}

std::vector<std::int64_t> parse_pids(std::string_view text) {
  std::vector<std::int64_t> pids;
  while (!text.empty()) {
    const auto pid = parse_number<std::int64_t>(take_until(text, '\n'));
    if (pid && *pid > 0) pids.push_back(*pid);
  }
  std::sort(pids.begin(), pids.end());
  pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
  return pids;
}

}  // namespace guard::source
