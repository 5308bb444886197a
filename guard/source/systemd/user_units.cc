#include "guard/source/systemd/user_units.h"

#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "guard/source/cgroup/open.h"
#include "guard/source/cgroup/tree.h"

namespace guard::source {

namespace {

namespace fs = std::filesystem;

constexpr int kMostUsers = 1024;
constexpr int kMostFoldersOfUser = 1024;
constexpr int kMostDepth = 16;

// "1000" of "user-1000.slice"; "" when it is none.
std::string user_of(const std::string& slice) {
  constexpr std::string_view kPrefix = "user-";
  constexpr std::string_view kSuffix = ".slice";
  if (slice.size() <= kPrefix.size() + kSuffix.size() || !slice.starts_with(kPrefix) || !slice.ends_with(kSuffix))
    return {};
  std::string user = slice.substr(kPrefix.size(), slice.size() - kPrefix.size() - kSuffix.size());
  return user.find_first_not_of("0123456789") == std::string::npos ? user : std::string();
}

class Search {
 public:
  explicit Search(std::string unit) : unit_(std::move(unit)) {}

  // `group`: the manager's control group, of which `folder` is the folder.
  void look_through(const fs::path& folder, const std::string& group) {
    std::error_code error;
    if (fs::is_directory(folder, error)) has_manager_ = true;
    left_ = kMostFoldersOfUser;
    look_into(folder, group, 0);
  }
  void miss(std::string why) {
    if (missed_.empty()) missed_ = std::move(why);
  }
  [[nodiscard]] SystemdUnit result(bool ran_before) const {
    SystemdUnit found;
    if (groups_.size() > 1) {
      found.why = "several users have a unit " + unit_ + "; to choose one, set cgroup: " + groups_.front() +
                  " in place of the unit";
    } else if (groups_.size() == 1) {
      found.state = sample::State::running;
      found.control_group = groups_.front();
    } else if (!missed_.empty()) {
      found.why = "users' units cannot be looked through: " + missed_;
    } else if (ran_before) {
      found.state = sample::State::stopped;
    } else if (has_manager_) {
      found.why = "neither systemd nor a user runs " + unit_ +
                  ": it does not exist, or is a user's unit that is stopped; check its name, or start it";
    } else {
      found.state = sample::State::absent;
    }
    return found;
  }

 private:
  void look_into(const fs::path& folder, const std::string& group, int depth) {
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
      std::error_code gone;
      if (!entry->is_directory(gone)) continue;
      if (--left_ < 0) return miss("too many cgroups in " + group);
      const std::string name = entry->path().filename().string();
      if (name == unit_)
        groups_.push_back(group + "/" + name);
      else if (name.ends_with(".slice") && depth < kMostDepth)
        look_into(entry->path(), group + "/" + name, depth + 1);
    }
    // A folder may go away in the middle: it held nothing that runs.
    if (error && error != std::errc::no_such_file_or_directory) miss(error.message());
  }

  const std::string unit_;
  int left_ = 0;
  bool has_manager_ = false;
  std::vector<std::string> groups_;
  std::string missed_;  // why not all was seen
};

}  // namespace

std::string user_slice_of(const std::string& root) {
  const auto slice = CgroupTree(root).of_path("/user.slice");
  if (!slice) return {};
  const std::string* folder = identifying_folder(*slice);
  return folder == nullptr ? std::string() : *folder;
}

SystemdUnit find_user_unit(const std::string& unit, const std::string& user_slice, bool ran_before) {
  Search search(unit);
  if (user_slice.empty()) return search.result(ran_before);
  std::error_code error;
  int users = 0;
  for (fs::directory_iterator entry(user_slice, error), end; !error && entry != end; entry.increment(error)) {
    const std::string slice = entry->path().filename().string();
    const std::string user = user_of(slice);
    if (user.empty()) continue;
    if (++users > kMostUsers) {
      search.miss("more than " + std::to_string(kMostUsers) + " users");
      break;
    }
    const std::string manager = "user@" + user + ".service";
    search.look_through(entry->path() / manager, "/user.slice/" + slice + "/" + manager);
  }
  if (error) search.miss(error.message());
  return search.result(ran_before);
}

}  // namespace guard::source
