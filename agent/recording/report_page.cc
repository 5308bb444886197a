#include "agent/recording/report_page.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include <nlohmann/json.hpp>

#include "agent/recording/report_page_html.h"

namespace agent::recording {
namespace {

using guard::signal::LeakState;
using nlohmann::json;

constexpr std::size_t kMostPictures = 50;
constexpr std::size_t kMostStretches = 12000;  // of all pictures: 40 bytes each
constexpr std::size_t kMostOfOne = 1200;       // more than a screen is wide
constexpr std::size_t kMostNameBytes = 400;
constexpr std::size_t kMostActs = 400;  // of one series

// Milliseconds will do for the eye, and whole bytes.
double rounded(double seconds) { return std::round(seconds * 1000) / 1000; }

template <class Value>
json or_null(const std::optional<Value>& value) {
  return value ? json(*value) : json(nullptr);
}

std::string state_text(LeakState state) { return std::string(guard::signal::name_of(state)); }

json fit_of(const Analysis& analysis) {
  const auto& growth = analysis.growth();
  if (!growth.significant || !growth.bytes_per_second) return nullptr;
  return {{"slope", *growth.bytes_per_second},
          {"low", growth.low},
          {"high", growth.high},
          {"span", growth.span_seconds},
          {"top", growth.top}};
}

void add_picture(const std::vector<Stretch>& stretches, json& series) {
  json from = json::array(), until = json::array(), low = json::array(), high = json::array(), state = json::array();
  for (const Stretch& stretch : stretches) {
    from.push_back(rounded(stretch.from));
    until.push_back(rounded(stretch.until));
    low.push_back(std::llround(stretch.low));
    high.push_back(std::llround(stretch.high));
    state.push_back(static_cast<int>(stretch.state));
  }
  series["begin"] = rounded(stretches.front().from);
  series["end"] = rounded(stretches.back().until);
  series["from"] = std::move(from);
  series["until"] = std::move(until);
  series["low"] = std::move(low);
  series["high"] = std::move(high);
  series["state"] = std::move(state);
}

void add_acts(const ReportSeries& one, json& series) {
  series["notes"] = one.notes;
  series["act_count"] = one.acts.size();
  series["acts"] = json::array();
  for (std::size_t i = 0; i < std::min(one.acts.size(), kMostActs); ++i) {
    const ReportAct& act = one.acts[i];
    series["acts"].push_back({rounded(act.at), act.what, act.words, static_cast<int>(act.kind)});
  }
}

json series_of(const ReportSeries& one, std::size_t most_stretches) {
  const Analysis& analysis = *one.analysis;
  const Verdict verdict = analysis.verdict();
  json series = {{"name", verdict.name.substr(0, kMostNameBytes)},
                 {"verdict", state_text(verdict.state)},
                 {"evidence", verdict.evidence},
                 {"limit", or_null(verdict.limit_bytes)},
                 {"first_leaking_at", or_null(verdict.first_leaking_at)},
                 {"time_to_limit", nullptr},
                 {"fit", fit_of(analysis)},
                 {"change_count", analysis.change_count()},
                 {"changes", json::array()},
                 {"states", json::array()}};
  if (const auto& left = verdict.time_to_limit)
    series["time_to_limit"] = {
        {"seconds", left->seconds}, {"earliest", left->earliest}, {"latest", or_null(left->latest)}};
  for (const auto& change : analysis.changes())
    series["changes"].push_back({rounded(change.at), state_text(change.state), change.why});
  for (const auto state :
       {LeakState::unknown, LeakState::warming_up, LeakState::stable, LeakState::growing, LeakState::leaking})
    series["states"].push_back(state_text(state));
  add_picture(analysis.picture().stretches(most_stretches), series);
  add_acts(one, series);
  return series;
}

}  // namespace

std::string report_page(const ReportTitle& title, const std::vector<ReportSeries>& all) {
  std::vector<ReportSeries> sorted = all;
  const auto rank = [](const ReportSeries& one) {
    return std::tuple(!one.acts.empty(), one.analysis->is_leak(), one.analysis->growth().state);
  };
  std::stable_sort(sorted.begin(), sorted.end(), [&](const auto& a, const auto& b) { return rank(a) > rank(b); });
  const std::size_t pictures = std::min(sorted.size(), kMostPictures);
  const std::size_t most = std::min(kMostOfOne, kMostStretches / std::max<std::size_t>(pictures, 1));
  json report = {{"file", title.file},         {"version", title.version}, {"command", title.command},
                 {"question", title.question}, {"count", sorted.size()},   {"series", json::array()},
                 {"others", json::array()}};
  for (const ReportSeries& one : sorted) {
    const bool has_picture = report["series"].size() < pictures && !one.analysis->picture().stretches(1).empty();
    if (has_picture) {
      report["series"].push_back(series_of(one, most));
    } else {
      const Verdict verdict = one.analysis->verdict();
      report["others"].push_back({verdict.name.substr(0, kMostNameBytes), state_text(verdict.state)});
    }
  }
  std::string data = report.dump(-1, ' ', false, json::error_handler_t::replace);
  // Within a script element nothing but "<" can end it; in JSON a less-than sign stands only in texts.
  for (std::size_t at = data.find('<'); at != std::string::npos; at = data.find('<', at))
    data.replace(at, 1, "\\u003c");
  constexpr std::string_view kPlace = "{{DATA}}";
  const auto place = kReportPageHtml.find(kPlace);
  return std::string(kReportPageHtml.substr(0, place)) + data +
         std::string(kReportPageHtml.substr(place + kPlace.size()));
}

}  // namespace agent::recording
