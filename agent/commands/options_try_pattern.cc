// The command line of `leakguard try-pattern`.

#include "agent/commands/options_parts.h"

namespace agent {
namespace {

constexpr const char* kNotes = R"(
Tries a log pattern (RE2, as in expect_log.pattern) on a log that is there already: - is standard input. Lines are
matched as the agent matches them: without terminal escape sequences, carriage returns and NUL bytes. Each line that
matches is printed with its number and its named groups; a group that holds a number becomes leakguard_log_value.
  leakguard try-pattern 'Cleaned up (?P<count>\d+) old' /var/log/app.log
  leakguard try-pattern 'Cleaned up (?P<count>\d+) old' --container web
Exit code 0 when a line matched, 1 when none did or the log cannot be read, 2 when the pattern cannot be used, 4 when the
engine cannot be reached, 5 when the log has no line.
)";

}  // namespace

base::Result<Invocation> parse_try_pattern(const Arguments& arguments) {
  const auto text = [] { return po::value<std::string>(); };
  po::options_description options("options");
  options.add_options()("container", text(), "the log of this container (id or name), through the engine")(
      "config,c", text(), "whose engine.socket it is (default /etc/leakguard/leakguard.yml, if there is one)")(
      "json", "one JSON document")("help,h", "this text");
  const auto parsed = parse("try-pattern", arguments, options, "words", 2);
  if (!parsed) return base::fail(parsed.error());
  if (parsed->help) return ShowText{help_text("try-pattern PATTERN FILE|-|--container NAME", options) + kNotes};
  const auto& values = parsed->values;
  const Arguments words = values.count("words") > 0 ? values["words"].as<Arguments>() : Arguments();
  TryPatternOptions given;
  given.container = text_of(values, "container");
  given.config = text_of(values, "config");
  given.json = values.count("json") > 0;
  if (words.empty()) return base::fail(usage("try-pattern", "no pattern"));
  given.pattern = words[0];
  if (words.size() > 1) given.file = words[1];
  if (given.file.empty() == given.container.empty())
    return base::fail(usage("try-pattern", "give one log: a file, - for standard input, or --container NAME"));
  return given;
}

}  // namespace agent
