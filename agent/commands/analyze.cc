// `leakguard analyze`: a recording goes through the agent's own leak detector, sample by sample.

#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "agent/commands/commands.h"
#include "agent/commands/terminal.h"
#include "agent/recording/analysis.h"
#include "agent/recording/report_page.h"
#include "agent/recording/verdict_json.h"
#include "agent/web/version.h"
#include "base/terminal_text.h"

namespace agent {
namespace {

using recording::Analysis;
using Analyses = std::map<std::string, Analysis>;

constexpr std::size_t kMostSeries = 1000;  // each keeps a detector's state: 30 KiB, and a picture

base::Result<Analyses> analyze_all(std::istream& in, const AnalyzeOptions& options) {
  Analyses analyses;
  Analysis* last = nullptr;  // rows of one series mostly follow each other
  std::string last_name;
  const auto take = [&](const recording::RecordedSample& sample) -> base::Status {
    if (last == nullptr || sample.series != last_name) {
      if (analyses.size() == kMostSeries && !analyses.contains(sample.series))
        return base::fail(base::Code::too_large, "more than 1000 series: narrow the recording");
      last = &analyses.try_emplace(sample.series, sample.series, options.limit).first->second;
      last_name = sample.series;
    }
    return last->take(sample);
  };
  const auto passed = recording::read_recording(in, options.columns, take);
  if (!passed) return base::fail(passed.error());
  if (analyses.empty()) return base::fail(base::Code::corrupt, "no samples in it");
  if (passed->lines > 0) {
    std::fprintf(
        stderr, "leakguard analyze: passed over %llu lines that are neither a time nor a row; the first is line %llu\n",
        static_cast<unsigned long long>(passed->lines), static_cast<unsigned long long>(passed->first_line));
  }
  return analyses;
}

void print_text(const recording::Verdict& verdict) {
  std::printf("%s: %s\n", base::terminal_text(verdict.name).c_str(),
              std::string(guard::signal::name_of(verdict.state)).c_str());
  for (const auto& line : verdict.evidence) std::printf("  %s\n", base::terminal_text(line).c_str());
}

int fail(const AnalyzeOptions& options, const std::string& what) {
  std::fprintf(stderr, "leakguard analyze: %s: %s\n", base::terminal_text(options.file).c_str(),
               base::terminal_text(what).c_str());
  return kFailed;
}

bool write_report(const AnalyzeOptions& options, const Analyses& analyses) {
  std::vector<recording::ReportSeries> all;
  for (const auto& entry : analyses) all.push_back({&entry.second});
  std::ofstream out(options.html, std::ios::binary);
  out << recording::report_page({options.file == "-" ? "standard input" : options.file, kVersion}, all) << std::flush;
  return out.good();
}

}  // namespace

int analyze(const AnalyzeOptions& options) {
  std::ifstream file;
  if (options.file != "-") {
    file.open(options.file, std::ios::binary);
    if (!file || file.peek() == std::ifstream::traits_type::eof()) return fail(options, "cannot be read, or is empty");
  } else {
    std::ios::sync_with_stdio(false);
  }
  const auto analyses = analyze_all(options.file == "-" ? std::cin : file, options);
  if (!analyses) return fail(options, analyses.error().message);
  std::vector<recording::Verdict> verdicts;
  bool has_leak = false;
  for (const auto& [name, analysis] : *analyses) {
    verdicts.push_back(analysis.verdict());
    has_leak = has_leak || analysis.is_leak();
  }
  if (!options.html.empty() && !write_report(options, *analyses))
    return fail(options, "the report '" + options.html + "' cannot be written");
  if (options.json)
    print_json(recording::verdicts_as_json(verdicts));
  else
    for (const auto& verdict : verdicts) print_text(verdict);
  if (std::fflush(stdout) != 0) return fail(options, "the verdict cannot be written");
  return has_leak ? kFindings : kFine;
}

}  // namespace agent
