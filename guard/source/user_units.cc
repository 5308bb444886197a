#include "guard/source/user_units.h"

#include <filesystem>
#include <system_error>

#include "guard/source/cgroup_open.h"
#include "guard/source/cgroup_tree.h"

namespace guard::source {

namespace {

constexpr int kMostFolders = 4096;
constexpr int kMostDepth = 8;

}  // namespace

std::string user_slice_of(const std::string& root) {
  const auto slice = CgroupTree(root).of_path("/user.slice");
  if (!slice) return {};
  const std::string* folder = identifying_folder(*slice);
  return folder == nullptr ? std::string() : *folder;
}

SystemdUnit find_user_unit(const std::string& unit, const std::string& user_slice) {
  SystemdUnit found;
  found.state = sample::State::absent;
  if (user_slice.empty()) return found;
  std::error_code error;
  std::filesystem::recursive_directory_iterator folders(user_slice, error);
  for (int seen = 0; !error && folders != std::filesystem::recursive_directory_iterator(); folders.increment(error)) {
    if (!folders->is_directory(error) || error) continue;
    if (++seen > kMostFolders) break;
    if (folders.depth() >= kMostDepth) folders.disable_recursion_pending();
    const std::string path = folders->path().string().substr(user_slice.size());
    if (folders->path().filename() != unit || path.find(".service/") == std::string::npos) continue;
    if (found.state == sample::State::running) {
      found = {};
      found.why = "several users have a unit " + unit;
      return found;
    }
    found.state = sample::State::running;
    found.control_group = "/user.slice" + path;
    folders.disable_recursion_pending();
  }
  if (error && found.state == sample::State::absent) {  // a folder that went away in the middle
    found.state = sample::State::unknown;
    found.why = "users' units cannot be looked through: " + error.message();
  }
  return found;
}

}  // namespace guard::source
