#include "agent/recording/docker_stats.h"

#include <string>
#include <vector>

#include "agent/recording/docker_json.h"
#include "agent/recording/fields.h"

namespace agent::recording {
namespace {

using base::Code;

// Blanks between words; escape sequences, by which docker stats clears a terminal, are blanks too.
std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  std::size_t begin = 0;
  bool in_escape = false;
  for (std::size_t at = 0; at <= line.size(); ++at) {
    const char letter = at < line.size() ? line[at] : ' ';
    const bool was_escape = in_escape;
    if (letter == '\x1b') in_escape = true;
    if (!in_escape && letter != ' ' && letter != '\t' && letter != '\r') continue;
    if (at > begin && !was_escape) words.push_back(line.substr(begin, at - begin));
    begin = at + 1;
    if (was_escape && ((letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z'))) in_escape = false;
  }
  return words;
}

bool is_container_id(std::string_view word) {
  return (word.size() == 12 || word.size() == 64) &&
         word.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// A time at the line's beginning is one word, or two: date and time of day.
struct Stamp {
  std::optional<double> seconds;
  std::size_t words = 0;
};
Stamp stamp_of(const std::vector<std::string_view>& words) {
  // One id in three hundred has no letter in it.
  if (words.empty() || (words.size() > 1 && is_container_id(words[0]))) return {};
  if (const auto seconds = parse_time(words[0])) return {seconds, 1};
  if (words.size() < 2) return {};
  const auto seconds = parse_time(std::string(words[0]) + " " + std::string(words[1]));
  return {seconds, seconds ? 2U : 0U};
}

bool is_header(const std::vector<std::string_view>& words) { return words[0] == "CONTAINER" || words[0] == "NAME"; }

// "12.5MiB / 700MiB" into the sample. A container that does not run has "-- / --" or "0B / 0B".
base::Status read_usage(std::string_view used, std::string_view limit, RecordedSample& sample) {
  if (is_missing(used)) return {};
  sample.bytes = docker_size(used);
  sample.limit_bytes = docker_size(limit);
  if (!sample.bytes) return base::fail(Code::corrupt, "'" + std::string(used) + "' is not a size such as 12.5MiB");
  if (!sample.limit_bytes)
    return base::fail(Code::corrupt, "'" + std::string(limit) + "' is not a size such as 700MiB");
  if (*sample.limit_bytes == 0) sample.bytes.reset(), sample.limit_bytes.reset();
  return {};
}

}  // namespace

bool DockerStatsParser::looks_like(std::string_view line) {
  const auto words = words_of(line);
  if (words.empty()) return false;
  const Stamp stamp = stamp_of(words);
  if (stamp.words > 0 && (words.size() == stamp.words || line.find(',') == std::string_view::npos)) return true;
  return is_header(words) || line.find(" / ") != std::string_view::npos;
}

base::Result<DockerStatsParser::Line> DockerStatsParser::parse(std::string_view line) {
  auto words = words_of(line);
  const Stamp stamp = stamp_of(words);
  if (stamp.seconds) now_ = stamp.seconds, is_new_ = true;
  words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(stamp.words));
  if (words.empty()) return Line{};
  if (is_header(words)) {
    if (!is_new_)
      return base::fail(Code::corrupt, "a table without a time before it: put `date -u +%FT%TZ` into the loop");
    is_new_ = false;
    return Line{};
  }
  const auto row = line.substr(static_cast<std::size_t>(words[0].data() - line.data()));
  auto parsed = row_of(row);
  if (parsed && parsed->sample && !now_)
    return base::fail(Code::corrupt, "no time before the first row: put `date -u +%FT%TZ` into the loop");
  return parsed;
}

base::Result<DockerStatsParser::Line> DockerStatsParser::row_of(std::string_view row) const {
  Line line;
  RecordedSample sample;
  sample.seconds = now_.value_or(0);
  std::vector<std::string_view> words;
  std::optional<DockerJsonRow> document;
  if (row.starts_with('{')) {
    document = parse_docker_json(row);
    if (!document) return base::fail(Code::corrupt, "no row of docker stats --format '{{json .}}'");
    sample.series = document->name;
    sample.run = document->id;
    words = words_of(document->usage);
  } else {
    words = words_of(row);
  }
  std::size_t slash = 0;
  while (slash < words.size() && words[slash] != "/") ++slash;
  if (slash == 0 || slash + 1 >= words.size() || (!document && slash < 2)) {
    line.is_foreign = true;
    return line;
  }
  if (!document && is_container_id(words[0])) {
    sample.run = words[0];
    sample.series = slash >= 3 ? words[1] : words[0];
  } else if (!document) {
    sample.series = words[0];
  }
  if (const auto read = read_usage(words[slash - 1], words[slash + 1], sample); !read) return base::fail(read.error());
  line.sample = std::move(sample);
  return line;
}

}  // namespace agent::recording
