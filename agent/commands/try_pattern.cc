// `leakguard try-pattern`: which lines of a log a pattern matches, with what it captures. Lines go the agent's own way:
// through its line splitter, its removal of escape sequences and its matcher.

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "agent/commands/commands.h"
#include "agent/commands/terminal.h"
#include "base/terminal_text.h"
#include "guard/config/config.h"
#include "guard/config/pattern.h"
#include "guard/source/docker/client.h"
#include "guard/source/docker/log_frames.h"
#include "guard/source/log/lines.h"
#include "guard/source/log/matcher.h"
#include "guard/source/log/text.h"

namespace agent {
namespace {

using guard::source::LogMatcher;
using nlohmann::ordered_json;

constexpr std::size_t kMostJsonMatches = 10'000;  // that one document lists

class Trial {
 public:
  Trial(LogMatcher matcher, bool json) : matcher_(std::move(matcher)), json_(json) {}

  void take(std::string_view line) {
    ++lines_;
    const std::string_view text = guard::source::clean_log_line(line, buffer_);
    const auto groups = matcher_.groups(text);
    if (!groups) return;
    ++matches_;
    if (json_)
      list(text, *groups);
    else
      print(text, *groups);
  }

  // Prints the totals. Returns the exit code.
  int finish() {
    if (json_) {
      const ordered_json document = {
          {"lines", lines_}, {"matches", matches_}, {"listed", listed_.size()}, {"matched", std::move(listed_)}};
      print_json(document.dump(2, ' ', false, ordered_json::error_handler_t::replace));
    } else {
      std::printf("%llu line%s read, %llu matched\n", static_cast<unsigned long long>(lines_), lines_ == 1 ? "" : "s",
                  static_cast<unsigned long long>(matches_));
    }
    if (lines_ == 0) return kNothingJudged;
    return matches_ > 0 ? kFine : kFailed;
  }

 private:
  void print(std::string_view text, const std::vector<LogMatcher::Group>& groups) const {
    std::printf("%llu: %s\n", static_cast<unsigned long long>(lines_), base::terminal_text(text).c_str());
    for (const auto& group : groups) {
      std::printf("    %s = %s%s\n", base::terminal_text(group.name).c_str(), base::terminal_text(group.text).c_str(),
                  group.number ? "" : "  (not a number: not exported as a value)");
    }
  }

  void list(std::string_view text, const std::vector<LogMatcher::Group>& groups) {
    if (listed_.size() == kMostJsonMatches) return;
    ordered_json captures = ordered_json::object();
    for (const auto& group : groups)
      captures[group.name] = group.number ? ordered_json(*group.number) : ordered_json(group.text);
    listed_.push_back({{"line", lines_}, {"text", text}, {"captures", std::move(captures)}});
  }

  LogMatcher matcher_;
  bool json_;
  std::string buffer_;
  std::uint64_t lines_ = 0;
  std::uint64_t matches_ = 0;
  ordered_json listed_ = ordered_json::array();
};

int complain(const std::string& what, int code) {
  std::fprintf(stderr, "leakguard try-pattern: %s\n", base::terminal_text(what).c_str());
  return code;
}

// Returns an exit code when the log could not be read to its end.
std::optional<int> read_file(const std::string& path, Trial& trial) {
  std::ifstream file;
  if (path != "-") {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) return complain(path + ": is a folder", kFailed);
    file.open(path, std::ios::binary);
    if (!file) return complain(path + ": cannot be opened", kFailed);
  }
  std::istream& in = path == "-" ? std::cin : file;
  const guard::source::OnLine on_line = [&](std::string_view line) { trial.take(line); };
  guard::source::LineSplitter lines;
  std::array<char, 64u << 10> chunk;
  while (in.read(chunk.data(), chunk.size()), in.gcount() > 0)
    lines.feed({chunk.data(), static_cast<std::size_t>(in.gcount())}, on_line);
  lines.finish(on_line);
  if (in.bad()) return complain(path + ": reading failed", kFailed);
  return std::nullopt;
}

// The socket of the configuration; the usual one when none is named and none is there.
base::Result<std::string> engine_socket(const std::string& given) {
  const std::string path = given.empty() ? kDefaultConfigFile : given;
  if (given.empty() && !std::filesystem::exists(path)) return guard::source::EngineOptions().socket;
  const auto result = guard::config::load_config(path);
  if (!result.config) {
    std::string what = path + ": wrong configuration";
    for (const auto& problem : result.problems) what += "; " + to_string(problem);
    return base::fail(base::Code::invalid_argument, what);
  }
  return result.config->engine.socket;
}

std::optional<int> read_container(const TryPatternOptions& options, Trial& trial) {
  const auto socket = engine_socket(options.config);
  if (!socket) return complain(socket.error().message, kWrongConfiguration);
  const guard::source::EngineClient client({.socket = *socket});
  const auto container = client.inspect(options.container);
  if (!container) {
    const bool is_missing = container.error().code == base::Code::not_found;
    return complain(container.error().message, is_missing ? kFailed : kUnreachable);
  }
  guard::source::ContainerLogFrames frames(container->tty, guard::source::LineSplitter::kMaxLineBytes);
  base::Status sound;
  guard::source::LogQuestion question;
  question.container = container->id;
  const auto ended = client.read_log(question, [&](std::string_view bytes) {
    sound = frames.feed(bytes, [&](std::string_view line, base::WallTime) { trial.take(line); });
    return sound.has_value();
  });
  if (!sound) return complain(sound.error().message, kFailed);
  if (!ended) return complain(ended.error().message, kFailed);
  return std::nullopt;
}

}  // namespace

int try_pattern(const TryPatternOptions& options) {
  if (const auto problem = guard::config::find_pattern_problem(options.pattern); !problem.empty())
    return complain(problem, kUsage);
  auto matcher = LogMatcher::compile(options.pattern);
  if (!matcher) return complain(matcher.error().message, kUsage);
  Trial trial(std::move(*matcher), options.json);
  const auto failed = options.container.empty() ? read_file(options.file, trial) : read_container(options, trial);
  const int verdict = trial.finish();
  return failed.value_or(verdict);
}

}  // namespace agent
