#pragma once
// `leakguard analyze --html` and `leakguard replay --html`: one page that needs no network. Each series with its
// memory, its floor, the fitted growth and its band, the limit and when it is predicted to be met, and the verdict as
// it changed. Below a megabyte, however long the recording was.

#include <string>
#include <vector>

#include "agent/recording/analysis.h"

namespace agent::recording {

struct ReportTitle {
  std::string file;
  std::string version;
  std::string command = "analyze";
  std::string question = "Is it a leak?";
};

// What would have been done, along a series' time axis.
struct ReportAct {
  double at = 0;      // seconds
  std::string what;   // "restart"
  std::string words;  // a sentence: which rule, and why
  // An act takes hold of the workload, a word tells people, and an event is none of the guard's doing.
  enum class Kind { act, word, event } kind = Kind::act;
};

struct ReportSeries {
  const Analysis* analysis = nullptr;
  std::vector<ReportAct> acts = {};
  std::vector<std::string> notes = {};
};

// Those that were acted on, then leaks, come first; beyond 50 series the rest is listed with its verdict only. Of each
// series' acts kMostActs at most.
std::string report_page(const ReportTitle& title, const std::vector<ReportSeries>& all);

}  // namespace agent::recording
