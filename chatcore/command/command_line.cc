#include "chatcore/command/command_line.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <sstream>
#include <string_view>

#include <boost/program_options.hpp>

#include "base/config/nearest_key.h"
#include "chatcore/settings.h"

namespace chatcore::command {
namespace {

namespace options = boost::program_options;

struct Command {
  std::string_view name;
  std::string_view arguments;
  std::string_view help;
};

constexpr std::array kCommands{
    Command{"serve", "[--config FILE] [SETTINGS]", "answer chats over HTTP until SIGTERM or SIGINT"},
    Command{"ingest", "DIR|FILE… [--store FILE] [--embeddings-by NAME] [--force]",
            "make the store of texts that questions are answered from; of a docs.json the embeddings are used when\n"
            "      NAME is the embedder in use; --force replaces a store that is broken"},
    Command{"migrate", "[SETTINGS]", "bring the database up to date; serve does so by itself"},
    Command{"export", "[FILE|-] [--user USER] [--force]",
            "write all conversations, or a user's, as lines of JSON; --force replaces a file that exists"},
    Command{"import", "[FILE|-]", "read such lines into a database: all of them or, after any error, none"},
    Command{"backup", "FILE", "copy a SQLite database while it is served; PostgreSQL has pg_dump"},
    Command{"check-config", "[FILE] [SETTINGS] [--schema]",
            "check a configuration and report all problems; --schema prints the JSON Schema of the file instead"},
};

options::options_description setting_options() {
  options::options_description description("Settings (each also as CHATCORE_… in the environment and in the file)",
                                           110);
  for (const Setting& setting : settings()) {
    const std::string help = std::string(setting.help) + " [" + std::string(setting.default_text) + "]";
    description.add_options()(flag_of(setting).c_str(), options::value<std::string>()->value_name("VALUE"),
                              help.c_str());
  }
  return description;
}

options::options_description all_options() {
  options::options_description description;
  description.add(setting_options());
  description.add_options()("config", options::value<std::string>())("store", options::value<std::string>())(
      "user", options::value<std::string>())("embeddings-by", options::value<std::string>())("force", "")("schema", "")(
      "help,h", "")("version", "")("arguments", options::value<std::vector<std::string>>());
  return description;
}

bool is_command(std::string_view name) { return std::ranges::find(kCommands, name, &Command::name) != kCommands.end(); }

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const Command& command : kCommands) names.emplace_back(command.name);
  return names;
}

std::string suggestion(std::string_view prefix, std::string_view nearest) {
  return nearest.empty() ? "" : "; did you mean " + std::string(prefix) + std::string(nearest) + "?";
}

// `given` as it was written, perhaps with its value: "--lisen=127.0.0.1:80".
base::Error no_such_option(const std::string& given) {
  const std::string written = given.substr(0, given.find('='));
  std::vector<std::string> names;
  const auto known = all_options();
  for (const auto& option : known.options()) {
    if (option->long_name() != "arguments") names.push_back(option->long_name());
  }
  const auto nearest =
      base::config::nearest_key(written.substr(std::min(written.find_first_not_of('-'), written.size())), names);
  return {base::Code::invalid_argument, "no such option: " + written + suggestion("--", nearest)};
}

std::string text_of(const options::variables_map& given, const char* name) {
  return given.count(name) != 0 ? given[name].as<std::string>() : std::string();
}

base::Result<CommandLine> interpret(const options::variables_map& given) {
  CommandLine line;
  auto words =
      given.count("arguments") != 0 ? given["arguments"].as<std::vector<std::string>>() : std::vector<std::string>();
  if (!words.empty()) {
    line.command = words.front();
    line.paths.assign(words.begin() + 1, words.end());
  }
  if (!line.command.empty() && !is_command(line.command)) {
    const std::vector<std::string> names = command_names();
    return base::fail(base::Code::invalid_argument, "no such command: " + line.command +
                                                        suggestion("", base::config::nearest_key(line.command, names)));
  }
  if (given.count("version") != 0) return CommandLine{.command = "version"};
  if (given.count("help") != 0 || line.command.empty()) return CommandLine{.command = "help", .help_of = line.command};

  for (const Setting& setting : settings()) {
    const std::string flag = flag_of(setting);
    if (given.count(flag) != 0)
      line.texts.push_back({std::string(setting.name), text_of(given, flag.c_str()), "--" + flag});
  }
  if (given.count("store") != 0) line.texts.push_back({"retrieval.store", text_of(given, "store"), "--store"});
  line.embeddings_by = text_of(given, "embeddings-by");
  line.force = given.count("force") != 0;
  if (line.command != "ingest" && !line.embeddings_by.empty()) {
    return base::fail(base::Code::invalid_argument, "--embeddings-by belongs to ingest");
  }
  if (line.force && line.command != "ingest" && line.command != "export") {
    return base::fail(base::Code::invalid_argument, "--force belongs to ingest and export");
  }
  line.prints_schema = given.count("schema") != 0;
  if (line.prints_schema && line.command != "check-config") {
    return base::fail(base::Code::invalid_argument, "--schema is an option of check-config only");
  }
  const char* from_environment = std::getenv("CHATCORE_CONFIG");  // NOLINT(concurrency-mt-unsafe): before any thread
  line.config_file = given.count("config") != 0 ? text_of(given, "config") : from_environment ? from_environment : "";
  if (line.command == "check-config" && !line.paths.empty()) line.config_file = line.paths.front();
  const bool names_nothing = given.count("config") != 0 && line.config_file.empty();
  if (names_nothing || (line.command == "check-config" && !line.paths.empty() && line.paths.front().empty())) {
    return base::fail(base::Code::invalid_argument, "the configuration file's name is empty");
  }
  if (line.command == "serve" && !line.paths.empty()) {
    return base::fail(base::Code::invalid_argument, "serve takes no argument: " + line.paths.front());
  }
  if (line.command == "check-config" && line.paths.size() > 1) {
    return base::fail(base::Code::invalid_argument, "check-config takes one file");
  }
  if (given.count("user") != 0) {
    if (line.command != "export") return base::fail(base::Code::invalid_argument, "--user belongs to export");
    line.user = text_of(given, "user");
  }
  if (line.command == "migrate" && !line.paths.empty()) {
    return base::fail(base::Code::invalid_argument, "migrate takes no argument: " + line.paths.front());
  }
  if ((line.command == "export" || line.command == "import") && line.paths.size() > 1) {
    return base::fail(base::Code::invalid_argument, line.command + " takes one file");
  }
  if (line.command == "backup" && line.paths.size() != 1) {
    return base::fail(base::Code::invalid_argument, "backup needs the one file to write");
  }
  if (line.command == "ingest" && line.paths.empty()) {
    return base::fail(base::Code::invalid_argument, "ingest needs a folder or files to read");
  }
  return line;
}

}  // namespace

base::Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments) {
  options::positional_options_description positional;
  positional.add("arguments", -1);
  try {
    using Style = options::command_line_style::style_t;
    // An abbreviated flag would change its meaning with the next setting that begins the same.
    constexpr int kStyle = Style::unix_style & ~Style::allow_guessing;
    options::variables_map given;
    options::store(
        options::command_line_parser(arguments).options(all_options()).positional(positional).style(kStyle).run(),
        given);
    return interpret(given);
  } catch (const options::unknown_option& error) {
    return base::fail(no_such_option(error.get_option_name()));
  } catch (const options::error& error) {
    return base::fail(base::Code::invalid_argument, error.what());
  }
}

std::string help_text(const std::string& command) {
  std::ostringstream text;
  text << "chatcore: a chat server whose memory is bounded by construction.\n\n";
  for (const auto& known : kCommands) {
    if (!command.empty() && known.name != command) continue;
    text << "  chatcore " << known.name << " " << known.arguments << "\n      " << known.help << "\n";
  }
  if (command.empty()) text << "  chatcore --help | --version\n";
  text << "\nEvery command takes --config FILE, else the file that CHATCORE_CONFIG names, and settings as flags.\n";
  if (command != "ingest") text << "\n" << setting_options();
  text << "\nExit codes: 0 fine, 1 failed, 2 usage, 78 wrong configuration.\n";
  return text.str();
}

}  // namespace chatcore::command
