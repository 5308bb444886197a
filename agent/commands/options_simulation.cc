// The command lines of what works on recordings and on incidents that were made up: analyze, replay, drill.

#include "agent/commands/options_parts.h"
#include "agent/recording/fields.h"
#include "base/plausible.h"

namespace agent {
namespace {

using base::Result;

po::options_description analyze_flags() {
  const auto text = [] { return po::value<std::string>(); };
  po::options_description options("options");
  add_recording_flags(options);
  options.add_options()("format", text(), "text (default) or json")("json", "the same as --format json")(
      "html", text(), "writes a report with pictures to this file: one page that needs no network")("help,h",
                                                                                                    "this text");
  return options;
}

constexpr const char* kAnalyzeForms = R"(
FILE (- for standard input) is one of
  CSV with a header, in order of time;
  the answer of Prometheus's /api/v1/query_range, in JSON;
  the log of: while sleep 10; do date -u +%FT%TZ; docker stats --no-stream; done
Readings that are empty or NaN are counted as missing; other errors are reported with their line.
Exit code 3 when a leak was found at any time, 0 when none was, 1 when the recording cannot be read.
)";

constexpr const char* kReplayHelp = R"(
Plays HISTORY to the guard with this configuration and prints as a timeline what it would have done; nothing is touched.
HISTORY is one of
  the state_dir of an agent, or the history database in it: with everything the agent kept of each workload;
  a recording as `leakguard analyze` takes it (CSV, query_range JSON, docker stats log): memory only. A series is a
  workload's when it is named as that or its target; the only series is the only workload's.
The record goes on as it was: what comes after a would-be restart is marked so.
Exit code 0, also when nothing would have been done; 1 when HISTORY cannot be read; 78 when the configuration is wrong.
)";

constexpr const char* kDrillHelp = R"(
Simulates an incident: runs the guard with this configuration on a simulated workload, and prints what it would do and a
verdict. Without NAME, or with `list`: lists the incidents. Nothing is touched and nobody is notified, unless --real is
given: then every receiver under `notify` gets a notification marked as a drill, and each kind of action is carried out
once on the running workload, which may be restarted or stopped, without asking. Only its own agent can act on a
`command`.
Exit code 0 when the configuration reacts to the incident; 1 (FAIL) when it does not, or when a real action fails; 78 when
the configuration is wrong.
)";

// A limit for a recording; a number without a unit is implausible.
Result<base::Bytes> parse_limit(const std::string& text) {
  if (const auto correction = base::size_correction(text); !correction.empty())
    return base::fail(base::Code::invalid_argument, correction);
  return base::parse_bytes(text);
}

}  // namespace

Result<Invocation> parse_analyze(const Arguments& arguments) {
  const po::options_description options = analyze_flags();
  const auto parsed = parse("analyze", arguments, options, "file", 1);
  if (!parsed) return base::fail(parsed.error());
  if (parsed->help) return ShowText{help_text("analyze FILE|- [OPTIONS]", options) + kAnalyzeForms};
  const auto& values = parsed->values;
  AnalyzeOptions analyze;
  analyze.file = first_of(values, "file");
  if (analyze.file.empty()) return base::fail(usage("analyze", "no file; - reads standard input"));
  analyze.columns = columns_from(values);
  analyze.html = text_of(values, "html");
  const std::string format = values.count("format") > 0 ? text_of(values, "format") : "text";
  if (format != "text" && format != "json")
    return base::fail(usage("analyze", "--format: '" + format + "' is neither text nor json"));
  analyze.json = format == "json" || values.count("json") > 0;
  Converter converter(values, "analyze");
  converter.convert("limit", analyze.limit, parse_limit);
  analyze.columns.limit = analyze.limit;
  if (converter.error()) return base::fail(*converter.error());
  return analyze;
}

Result<Invocation> parse_replay(const Arguments& arguments) {
  po::options_description options("options");
  const auto text = [] { return po::value<std::string>(); };
  options.add_options()("config,c", text(), "configuration (default /etc/leakguard/leakguard.yml)")(
      "workload", text(), "only this one of the configuration's");
  add_recording_flags(options);
  options.add_options()("json", "one JSON document")(
      "html", text(), "writes a report with pictures to this file: one page that needs no network")("help,h",
                                                                                                    "this text");
  const auto parsed = parse("replay", arguments, options, "history", 1);
  if (!parsed) return base::fail(parsed.error());
  if (parsed->help) return ShowText{help_text("replay --config FILE HISTORY [OPTIONS]", options) + kReplayHelp};
  const auto& values = parsed->values;
  ReplayOptions replay;
  replay.history = first_of(values, "history");
  if (replay.history.empty())
    return base::fail(usage("replay", "no history: a recording, or an agent's state_dir; - reads standard input"));
  replay.config = text_of(values, "config");
  replay.workload = text_of(values, "workload");
  replay.columns = columns_from(values);
  replay.html = text_of(values, "html");
  replay.json = values.count("json") > 0;
  Converter converter(values, "replay");
  converter.convert("limit", replay.limit, parse_limit);
  replay.columns.limit = replay.limit;
  if (converter.error()) return base::fail(*converter.error());
  return replay;
}

Result<Invocation> parse_drill(const Arguments& arguments) {
  po::options_description options("options");
  const auto text = [] { return po::value<std::string>(); };
  options.add_options()("config,c", text(), "configuration (default /etc/leakguard/leakguard.yml)")(
      "workload", text(), "that has the incident (default: the configuration's only one)")(
      "at", text(), "simulated time (default: now), for maintenance windows")("json", "one JSON document")(
      "real", "also notify and act on the real workload: see above")("help,h", "this text");
  const auto parsed = parse("drill", arguments, options, "name", 1);
  if (!parsed) return base::fail(parsed.error());
  if (parsed->help)
    return ShowText{help_text("drill [NAME] [--workload W] [--config FILE] [--real] [--json]", options) + kDrillHelp};
  const auto& values = parsed->values;
  DrillOptions drill;
  drill.name = first_of(values, "name");
  drill.config = text_of(values, "config");
  drill.workload = text_of(values, "workload");
  drill.real = values.count("real") > 0;
  drill.json = values.count("json") > 0;
  if (values.count("at") > 0) {
    drill.at = recording::parse_time(text_of(values, "at"));
    if (!drill.at) return base::fail(usage("drill", "--at: no time; write for example 2026-01-05T12:00:00Z"));
  }
  return drill;
}

}  // namespace agent
