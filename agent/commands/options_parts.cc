#include "agent/commands/options_parts.h"

#include <algorithm>
#include <sstream>
#include <string_view>

#include "base/config/nearest_key.h"

namespace agent {

base::Error usage(const std::string& command, const std::string& what) {
  return {base::Code::invalid_argument, what + "; see leakguard " + (command.empty() ? "" : command + " ") + "--help"};
}

std::string help_text(const std::string& synopsis, const po::options_description& options) {
  std::ostringstream out;
  out << "usage: leakguard " << synopsis << "\n\n" << options;
  return out.str();
}

std::string suggestion_for(std::string_view written, std::span<const std::string_view> known, std::string_view prefix) {
  const auto nearest = base::config::nearest_key(written, known);
  if (nearest.empty()) return "";
  return "; did you mean " + std::string(prefix) + std::string(nearest) + "?";
}

namespace {

std::string unknown_option(std::string written, const po::options_description& options) {
  std::vector<std::string_view> names;
  for (const auto& option : options.options()) names.emplace_back(option->long_name());
  written.erase(0, written.find_first_not_of('-'));
  return "unknown option '--" + written + "'" + suggestion_for(written, names, "--");
}

}  // namespace

base::Result<Parsed> parse(const std::string& command, const Arguments& arguments,
                           const po::options_description& visible, const char* positional, int positional_count) {
  po::options_description all;
  all.add(visible);
  po::positional_options_description places;
  if (positional != nullptr) {
    all.add_options()(positional, po::value<Arguments>());
    places.add(positional, positional_count);
  }
  Parsed parsed;
  try {
    po::store(po::command_line_parser(arguments).options(all).positional(places).run(), parsed.values);
    po::notify(parsed.values);
  } catch (const po::unknown_option& error) {
    return base::fail(usage(command, unknown_option(error.get_option_name(), visible)));
  } catch (const po::error& error) {
    return base::fail(usage(command, error.what()));
  }
  parsed.help = parsed.values.count("help") > 0;
  return parsed;
}

std::string text_of(const po::variables_map& values, const char* name) {
  return values.count(name) > 0 ? values[name].as<std::string>() : std::string();
}

std::string first_of(const po::variables_map& values, const char* name) {
  return values.count(name) > 0 ? values[name].as<Arguments>().front() : std::string();
}

void add_recording_flags(po::options_description& options) {
  const auto text = [] { return po::value<std::string>(); };
  options.add_options()("limit", text(), "memory limit, such as 700m (default: the recording's, if it has one)")(
      "column", text(), "of a CSV file (default memory_bytes): bytes, or what its name says in brackets: 'Memory(Mi)'")(
      "time-column", text(),
      "of a CSV file (default timestamp): Unix seconds or RFC 3339; a time without a zone is UTC")(
      "series-column", text(), "of a CSV file: names the workload of each row (default: all rows are one's)")(
      "run-column", text(), "of a CSV file: changes with each start of the workload, such as a container ID")(
      "limit-column", text(), "of a CSV file: the memory limit in bytes, where --limit is not given");
}

recording::Columns columns_from(const po::variables_map& values) {
  recording::Columns columns;
  if (values.count("column") > 0) columns.memory = text_of(values, "column");
  if (values.count("time-column") > 0) columns.time = text_of(values, "time-column");
  columns.series = text_of(values, "series-column");
  columns.run = text_of(values, "run-column");
  columns.limit_column = text_of(values, "limit-column");
  return columns;
}

}  // namespace agent
