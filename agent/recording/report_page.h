#pragma once
// The HTML page of `leakguard analyze --html` and `leakguard replay --html`, which needs no network: memory, rolling
// minimum, growth with its confidence band, the limit and when it is reached, and the verdict over time. Below a
// megabyte for recordings of any length.

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

// A simulated action on the time axis of a series.
struct ReportAct {
  double at = 0;      // seconds
  std::string what;   // "restart"
  std::string words;  // a sentence with the rule and the reason
  // act: an enforcing action; word: a notification; event: not caused by the guard.
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
