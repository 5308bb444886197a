// The command line of `leakguard history`.

#include "agent/commands/options_parts.h"

namespace agent {
namespace {

using base::Result;

po::options_description history_flags() {
  const auto text = [] { return po::value<std::string>(); };
  po::options_description options("options");
  options.add_options()("since", text(), "from this time on: RFC 3339, Unix seconds, or so long ago, such as 2h")(
      "until", text(), "up to this time, likewise (default now)")(
      "format", text(), "csv (default): memory and CPU, for leakguard analyze; or jsonl: everything, a line a sample")(
      "actions", "what was decided and done instead, with its evidence, as JSON lines")(
      "config,c", text(), "whose agent.state_dir it is in (default /etc/leakguard/leakguard.yml)")(
      "state-dir", text(), "the folder itself, instead of a configuration")("help,h", "this text");
  return options;
}

constexpr const char* kHistoryNotes = R"(
In order of time: every sample where these are still kept, before that one a minute, before that one a quarter of an
hour; `resolution` says which. The agent may run meanwhile. Is there a leak in it?
  leakguard history export --since 2d |
    leakguard analyze - --series-column workload --run-column run --limit-column limit_bytes
)";

}  // namespace

Result<Invocation> parse_history(const Arguments& arguments) {
  const bool is_export = !arguments.empty() && arguments.front() == "export";
  const po::options_description options = history_flags();
  const auto parsed = parse("history", Arguments(arguments.begin() + (is_export ? 1 : 0), arguments.end()), options,
                            is_export ? "workload" : nullptr, 1);
  if (!parsed) return base::fail(parsed.error());
  if (parsed->help) return ShowText{help_text("history export [OPTIONS] [WORKLOAD]", options) + kHistoryNotes};
  if (!is_export) return base::fail(usage("history", "what with it? There is: history export"));
  const auto& values = parsed->values;
  HistoryExportOptions history;
  history.config = text_of(values, "config");
  history.state_dir = text_of(values, "state-dir");
  history.workload = first_of(values, "workload");
  history.actions = values.count("actions") > 0;
  const std::string format = values.count("format") > 0 ? text_of(values, "format") : history.actions ? "jsonl" : "csv";
  if (format != "csv" && format != "jsonl")
    return base::fail(usage("history", "--format: '" + format + "' is neither csv nor jsonl"));
  history.jsonl = format == "jsonl";
  if (history.actions && !history.jsonl) return base::fail(usage("history", "--actions come as --format jsonl only"));
  if (!history.config.empty() && !history.state_dir.empty())
    return base::fail(usage("history", "--config and --state-dir both say where: give one"));
  Converter converter(values, "history");
  converter.convert("since", history.since, recording::parse_time_argument);
  converter.convert("until", history.until, recording::parse_time_argument);
  if (converter.error()) return base::fail(*converter.error());
  return history;
}

}  // namespace agent
