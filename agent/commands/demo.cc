#include "agent/commands/demo.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace agent {
namespace {

namespace fs = std::filesystem;

constexpr const char* kUser = "nobody";
constexpr std::string_view kSettings = "CHATCORE_";

// May others pass through it and all that it lies in?
bool is_open_to_others(fs::path folder) {
  for (struct stat status{};; folder = folder.parent_path()) {
    if (::stat(folder.c_str(), &status) != 0 || (status.st_mode & S_IXOTH) == 0) return false;
    if (folder == folder.root_path()) return true;
  }
}

// The folder that lies in is the agent's own: chatcore cannot put another in its place.
base::Status make_folder_for(const passwd& user, const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return base::fail(base::error_from_errno(error.value(), "make " + folder.string()));
  if (::lchown(folder.c_str(), user.pw_uid, user.pw_gid) != 0 || ::chmod(folder.c_str(), 0700) != 0)
    return base::fail(base::error_from_errno(errno, "give " + folder.string() + " to " + kUser));
  return {};
}

// Where `program` is found in PATH; "" when it is not.
fs::path find_in_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    fs::path found = fs::absolute(fs::path(folder) / program);
    if (!folder.empty() && ::access(found.c_str(), X_OK) == 0) return found;
  }
  return {};
}

// A program below a folder that is closed to others, such as a checkout in /root, is run from a copy in `folder`.
base::Status make_reachable(const fs::path& folder, std::string& program) {
  const fs::path found = find_in_path(program);
  if (found.empty() || is_open_to_others(found.parent_path())) return {};
  const fs::path copy = folder / program;
  const fs::path unfinished = copy.string() + ".new";
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error) fs::copy_file(found, unfinished, fs::copy_options::overwrite_existing, error);
  if (!error) fs::rename(unfinished, copy, error);  // one that runs from an earlier copy is not disturbed
  if (error)
    return base::fail(base::error_from_errno(error.value(), "copy " + found.string() + " to " + copy.string()));
  program = copy.string();
  return {};
}

}  // namespace

base::Status complete_demo(guard::config::Config& config) {
  fs::path data = fs::absolute("data");
  guard::config::CommandConfig& command = config.workloads.front().command;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto end = text.find('=');
    if ((text.starts_with(kSettings) || text.starts_with("PATH=")) && end != std::string_view::npos)
      command.environment.emplace_back(text.substr(0, end), text.substr(end + 1));
  }
  if (::geteuid() == 0) {
    const passwd* user = ::getpwnam(kUser);
    if (user == nullptr)
      return base::fail(base::Code::not_found, "the user nobody, as which chatcore would run, does not exist");
    if (!is_open_to_others(fs::current_path())) data = "/var/lib/leakguard-demo";
    command.user = kUser;
    command.working_dir = data / "chatcore";
    if (auto made = make_folder_for(*user, command.working_dir); !made) return made;
    auto& program = config.workloads.front().target.command.front();
    if (auto copied = make_reachable(data / "bin", program); !copied) return copied;
  }
  config.agent.state_dir = data / "leakguard";
  return {};
}

}  // namespace agent
