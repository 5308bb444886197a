#include "guard/source/log/rotated_files.h"

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace guard::source {
namespace {

namespace fs = std::filesystem;

constexpr int kMostEntries = 10'000;
constexpr int kMostListings = 5;

// ".1", "-20260101", ".2026-01-01T12:00:00", ".old"
bool is_rotation_mark(std::string_view mark) {
  if (mark == ".old") return true;
  return mark.size() >= 2 && std::string_view(".-_").find(mark[0]) != std::string_view::npos && mark[1] >= '0' &&
         mark[1] <= '9' && mark.find_first_not_of("0123456789.-_:TZ+", 1) == std::string_view::npos;
}

}  // namespace

bool is_rotated_name(std::string_view log, std::string_view name) {
  if (name.starts_with(log) && is_rotation_mark(name.substr(log.size()))) return true;
  const std::size_t dot = log.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return false;
  const std::string_view stem = log.substr(0, dot);
  const std::string_view extension = log.substr(dot);
  return name.size() > log.size() && name.starts_with(stem) && name.ends_with(extension) &&
         is_rotation_mark(name.substr(stem.size(), name.size() - log.size()));
}

bool is_earlier(const timespec& a, const timespec& b) {
  return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

bool read_birth(int fd, timespec& born) {
  struct statx status {};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &status) != 0 || (status.stx_mask & STATX_BTIME) == 0) return false;
  born = {.tv_sec = status.stx_btime.tv_sec, .tv_nsec = static_cast<long>(status.stx_btime.tv_nsec)};
  return true;
}

timespec file_time_now() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return now;
}

namespace {

struct Search {
  fs::path folder;
  std::string log;
  const timespec& after;
  const timespec* before;
  std::vector<RotatedFile> found{};

  void look_at(const fs::directory_entry& entry) {
    if (!is_rotated_name(log, entry.path().filename().string())) return;
    std::error_code gone;
    if (entry.symlink_status(gone).type() != fs::file_type::regular) return;  // opening another kind may have effects
    // Opened before it is looked at closely: a name can have passed to another file by the next line.
    RotatedFile file;
    file.fd = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
    if (file.fd < 0) return;
    const bool is_wanted = ::fstat(file.fd, &file.status) == 0 && S_ISREG(file.status.st_mode) &&
                           read_birth(file.fd, file.born) && !is_earlier(file.born, after) &&
                           (before == nullptr || !is_earlier(*before, file.born));
    const bool is_found = std::ranges::any_of(found, [&](const RotatedFile& other) {
      return other.status.st_dev == file.status.st_dev && other.status.st_ino == file.status.st_ino;
    });
    if (is_wanted && !is_found)
      found.push_back(file);
    else
      ::close(file.fd);
  }

  void list() {
    std::error_code error;
    int looked_at = 0;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end && ++looked_at <= kMostEntries;
         entry.increment(error))
      look_at(*entry);
  }
};

}  // namespace

std::vector<RotatedFile> find_rotated_files(const std::string& path, const timespec& after, const timespec* before) {
  const fs::path log(path);
  Search search{log.has_parent_path() ? log.parent_path() : fs::path("."), log.filename().string(), after, before};
  // A file that is renamed while the folder is listed can be left out. The listing is whole when the folder did not
  // change since before it began.
  for (int pass = 0; pass < kMostListings; ++pass) {
    const timespec began = file_time_now();
    search.list();
    struct stat status {};
    if (::stat(search.folder.c_str(), &status) != 0 || is_earlier(status.st_mtim, began)) break;
  }
  std::ranges::sort(search.found,
                    [](const RotatedFile& a, const RotatedFile& b) { return is_earlier(a.born, b.born); });
  return std::move(search.found);
}

}  // namespace guard::source
