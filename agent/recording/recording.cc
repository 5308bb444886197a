#include "agent/recording/recording.h"

#include <string_view>
#include <vector>

#include "agent/recording/csv.h"
#include "agent/recording/docker_stats.h"
#include "agent/recording/fields.h"
#include "agent/recording/query_range.h"

namespace agent::recording {
namespace {

using base::Code;
using base::Status;

// Lines one by one, each within a bound: a file without line ends is not read into memory whole.
class Lines {
 public:
  explicit Lines(std::istream& in) : in_(in), buffer_(kMostBytes + 1) {}

  // False at the end of the input, and at a line that is too long.
  bool next() {
    in_.getline(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
    const auto read = static_cast<std::size_t>(in_.gcount());
    if (in_.bad() || (read == 0 && in_.fail())) return false;
    ++number_;
    too_long_ = in_.fail();
    line_ = {buffer_.data(), in_.eof() || too_long_ ? read : read - 1};
    if (line_.ends_with('\r')) line_.remove_suffix(1);
    if (number_ == 1 && line_.starts_with("\xEF\xBB\xBF")) line_.remove_prefix(3);
    return !too_long_;
  }

  // Why next() was false, or what `error` says about this line.
  [[nodiscard]] Status failed(const std::string& what) const {
    return base::fail(Code::corrupt, "line " + std::to_string(number_) + ": " + what);
  }
  [[nodiscard]] Status end() const {
    if (in_.bad()) return base::fail(Code::unavailable, "cannot be read on after line " + std::to_string(number_));
    if (too_long_) return failed("longer than any row of a series");
    return {};
  }

  [[nodiscard]] std::string_view line() const { return line_; }
  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] bool is_blank() const { return trimmed(line_).empty(); }

 private:
  static constexpr std::size_t kMostBytes = 1 << 16;
  std::istream& in_;
  std::vector<char> buffer_;
  std::string_view line_;
  std::uint64_t number_ = 0;
  bool too_long_ = false;
};

Status read_csv(Lines& lines, const Columns& columns, const Sink& sink) {
  auto parser = CsvParser::from_header(lines.line(), columns);
  if (!parser) return lines.failed(parser.error().message);
  while (lines.next()) {
    if (lines.is_blank()) continue;
    const auto sample = parser->parse(lines.line());
    if (!sample) return lines.failed(sample.error().message);
    if (const auto taken = sink(**sample); !taken) return lines.failed(taken.error().message);
  }
  return lines.end();
}

base::Result<Passed> read_docker_stats(Lines& lines, const Sink& sink) {
  DockerStatsParser parser;
  Passed passed;
  do {
    const auto parsed = parser.parse(lines.line());
    if (!parsed) return base::fail(lines.failed(parsed.error().message).error());
    if (parsed->is_foreign && ++passed.lines == 1) passed.first_line = lines.number();
    if (!parsed->sample) continue;
    if (const auto taken = sink(*parsed->sample); !taken)
      return base::fail(lines.failed(taken.error().message).error());
  } while (lines.next());
  if (const auto end = lines.end(); !end) return base::fail(end.error());
  return passed;
}

}  // namespace

base::Result<Passed> read_recording(std::istream& in, const Columns& columns, const Sink& sink) {
  // A document in JSON may be one long line, so it is told by its first letter.
  while (in.peek() == ' ' || in.peek() == '\n' || in.peek() == '\r' || in.peek() == '\t') in.get();
  if (in.peek() == '{') {
    if (const auto read = read_query_range(in, sink); !read) return base::fail(read.error());
    return Passed{};
  }
  Lines lines(in);
  if (!lines.next()) {
    const auto end = lines.end();
    return base::fail(end ? base::Error{Code::corrupt, "line 1: there is nothing in it"} : end.error());
  }
  if (lines.line().find(',') != std::string_view::npos && !DockerStatsParser::looks_like(lines.line())) {
    if (const auto read = read_csv(lines, columns, sink); !read) return base::fail(read.error());
    return Passed{};
  }
  if (DockerStatsParser::looks_like(lines.line())) return read_docker_stats(lines, sink);
  return base::fail(Code::corrupt,
                    "line 1: neither the header of a CSV file, nor an answer of query_range, nor the time or a row of "
                    "a docker stats log");
}

}  // namespace agent::recording
