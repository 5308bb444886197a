#pragma once
// `leakguard analyze --html`: one page that needs no network. Each series with its memory, its floor, the fitted growth
// and its band, the limit and when it is predicted to be met, and the verdict as it changed. Below a megabyte, however
// long the recording was.

#include <string>
#include <vector>

#include "agent/recording/analysis.h"

namespace agent::recording {

struct ReportTitle {
  std::string file;
  std::string version;
};

// Leaks come first; beyond 50 series the rest is listed with its verdict only.
std::string report_page(const ReportTitle& title, const std::vector<const Analysis*>& analyses);

}  // namespace agent::recording
