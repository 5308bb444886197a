#include "agent/holds.h"

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
constexpr std::size_t kMostHolds = 1000;  // as many as there may be workloads

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

// "memory 1767225600" and then words for people.
Hold parse(const fs::path& path) {
  Hold hold{path.filename().string(), "of an earlier agent", {}};
  std::istringstream file(base::read_regular_file(path.string(), kMostMarkerBytes).value_or(""));
  std::string rule;
  std::int64_t seconds = 0;
  if (file >> rule >> seconds) {
    hold.rule = rule;
    if (seconds >= 0 && seconds < kLatestSeconds) hold.since = base::WallTime(std::chrono::seconds(seconds));
  }
  return hold;
}

}  // namespace

std::vector<Hold> Holds::read() {
  std::vector<Hold> held;
  if (folder_.empty()) return held;
  std::error_code error;
  for (fs::directory_iterator entry(folder_, error), end; !error && entry != end && held.size() < kMostHolds;
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

std::vector<std::string> Holds::keep(const std::vector<Hold>& held) {
  std::vector<std::string> released;
  if (folder_.empty()) return released;
  const auto is_held = [&](const std::string& workload) {
    return std::ranges::find(held, workload, &Hold::workload) != held.end();
  };
  std::error_code error;
  std::erase_if(released_, [&](const std::string& workload) { return !is_held(workload); });
  std::erase_if(written_, [&](const std::string& workload) {
    if (is_held(workload)) return false;
    fs::remove(fs::path(folder_) / workload, error);
    return true;
  });
  for (const Hold& hold : held) {
    const fs::path path = fs::path(folder_) / hold.workload;
    if (released_.contains(hold.workload)) continue;
    if (says_start(path)) {
      fs::remove(path, error);
      written_.erase(hold.workload);
      released_.insert(hold.workload);
      released.push_back(hold.workload);
    } else if (!written_.contains(hold.workload)) {
      if (write(hold)) written_.insert(hold.workload);
    } else if (!fs::exists(path, error) && !error) {
      base::log_warning("its stop marker was removed; it stays stopped. To start it write the word start into the file",
                        {{"workload", hold.workload}, {"file", path.string()}});
      if (!write(hold)) written_.erase(hold.workload);
    }
  }
  return released;
}

// Under another name first: a disk that is full would leave an empty file, which holds.
bool Holds::write(const Hold& hold) {
  std::error_code error;
  fs::create_directories(folder_, error);
  const fs::path path = fs::path(folder_) / hold.workload;
  const fs::path unfinished = fs::path(folder_) / ("." + hold.workload + ".new");
  std::ofstream file(unfinished, std::ios::trunc);
  file << hold.rule << ' ' << std::chrono::duration_cast<std::chrono::seconds>(hold.since.time_since_epoch()).count()
       << "\nRule " << hold.rule << " has stopped " << hold.workload
       << ". A command of the agent's is started again when this file holds the word start and nothing else\n(echo "
          "start > "
       << path.string() << "); anything else by whoever runs it.\n";
  file.close();
  bool failed = file.fail();
  if (!failed) {
    fs::rename(unfinished, path, error);
    failed = static_cast<bool>(error);
  }
  std::error_code ignored;
  if (failed) fs::remove(unfinished, ignored);
  if (failed && !is_failing_)
    base::log_error("what a rule has stopped cannot be written down; the next agent would start it",
                    {{"file", path.string()}});
  is_failing_ = failed;
  return !failed;
}

}  // namespace agent
