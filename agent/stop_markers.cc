#include "agent/stop_markers.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "base/log.h"
#include "base/regular_file.h"

namespace agent {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostMarkerBytes = 4096;
constexpr std::size_t kMostStopMarkers = 1000;  // as many as there may be workloads

constexpr std::int64_t kLatestSeconds = 9'000'000'000;  // in the year 2255: later, nanoseconds do not fit any more

// No workload's name begins with a dot.
bool is_unfinished(const fs::path& path) { return path.filename().string().starts_with('.'); }

constexpr std::string_view kStart = "start";  // no rule's name: it stands alone

// What an operator writes into a marker.
bool says_start(const fs::path& path) {
  std::istringstream file(base::read_regular_file(path.string(), kMostMarkerBytes).value_or(""));
  std::string word;
  std::string more;
  return file >> word && word == kStart && !(file >> more);
}

// "memory 1767225600", then text for operators.
StopMarker parse(const fs::path& path) {
  StopMarker marker{path.filename().string(), "of an earlier agent", {}};
  std::istringstream file(base::read_regular_file(path.string(), kMostMarkerBytes).value_or(""));
  std::string rule;
  std::int64_t seconds = 0;
  if (file >> rule >> seconds) {
    marker.rule = rule;
    if (seconds >= 0 && seconds < kLatestSeconds) marker.since = base::WallTime(std::chrono::seconds(seconds));
  }
  return marker;
}

}  // namespace

std::vector<StopMarker> StopMarkers::read() {
  std::vector<StopMarker> held;
  if (folder_.empty()) return held;
  std::error_code error;
  for (fs::directory_iterator entry(folder_, error), end; !error && entry != end && held.size() < kMostStopMarkers;
       entry.increment(error)) {
    std::error_code unread;  // of this one, as of a link to nothing: the others count
    if (!entry->is_regular_file(unread) || is_unfinished(entry->path())) continue;
    if (says_start(entry->path())) {
      std::error_code ignored;
      fs::remove(entry->path(), ignored);
      continue;
    }
    held.push_back(parse(entry->path()));
    written_.insert(held.back().workload);
  }
  return held;
}

std::vector<std::string> StopMarkers::keep(const std::vector<StopMarker>& stopped) {
  std::vector<std::string> released;
  if (folder_.empty()) return released;
  const auto is_held = [&](const std::string& workload) {
    return std::ranges::find(stopped, workload, &StopMarker::workload) != stopped.end();
  };
  std::error_code error;
  std::erase_if(released_, [&](const std::string& workload) { return !is_held(workload); });
  std::erase_if(written_, [&](const std::string& workload) {
    if (is_held(workload)) return false;
    fs::remove(fs::path(folder_) / workload, error);
    return true;
  });
  for (const StopMarker& marker : stopped) {
    const fs::path path = fs::path(folder_) / marker.workload;
    if (released_.contains(marker.workload)) continue;
    if (says_start(path)) {
      fs::remove(path, error);
      written_.erase(marker.workload);
      released_.insert(marker.workload);
      released.push_back(marker.workload);
    } else if (!written_.contains(marker.workload)) {
      if (write(marker)) written_.insert(marker.workload);
    } else if (!fs::exists(path, error) && !error) {
      base::log_warning(
          "the stop marker was removed; the workload stays stopped. To start it, write the word start into the file",
          {{"workload", marker.workload}, {"file", path.string()}});
      if (!write(marker)) written_.erase(marker.workload);
    }
  }
  return released;
}

// Under another name first: a full disk would leave an empty file, which counts as a marker.
bool StopMarkers::write(const StopMarker& marker) {
  std::error_code error;
  fs::create_directories(folder_, error);
  const fs::path path = fs::path(folder_) / marker.workload;
  const fs::path unfinished = fs::path(folder_) / ("." + marker.workload + ".new");
  std::ofstream file(unfinished, std::ios::trunc);
  file << marker.rule << ' '
       << std::chrono::duration_cast<std::chrono::seconds>(marker.since.time_since_epoch()).count() << "\nRule "
       << marker.rule << " has stopped " << marker.workload
       << ". A command of the agent is started again when this file contains only the word start\n(echo "
          "start > "
       << path.string() << "); start any other workload in its usual way.\n";
  file.close();
  bool failed = file.fail();
  if (!failed) {
    fs::rename(unfinished, path, error);
    failed = static_cast<bool>(error);
  }
  std::error_code ignored;
  if (failed) fs::remove(unfinished, ignored);
  if (failed && !is_failing_)
    base::log_error("the stop marker cannot be written; the next agent would start this workload",
                    {{"file", path.string()}});
  is_failing_ = failed;
  return !failed;
}

}  // namespace agent
