#include "base/config/files.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include <unistd.h>

#include "base/config/trust.h"
#include "base/regular_file.h"

namespace base::config {
namespace {

constexpr std::size_t kMostFragments = 1000;

std::optional<std::string> read_file(const std::string& path, std::vector<ConfigProblem>& problems) {
  // Never advise to change the mode of a device.
  if (const auto regular = check_regular_file(path); regular && ::geteuid() == 0) {
    if (auto distrust = find_distrust(path); !distrust.empty()) {
      problems.push_back({path, 0, 0, "", std::move(distrust)});
      return std::nullopt;
    }
  }
  auto text = read_regular_file(path, kMostFileBytes + 1);
  if (text) return std::move(*text);
  std::string reason = text.error().message;  // "open PATH: not a regular file"; the path is shown anyway
  if (const std::string opening = "open " + path + ": "; reason.starts_with(opening)) reason.erase(0, opening.size());
  problems.push_back({path, 0, 0, "", "cannot be read: " + reason});
  return std::nullopt;
}

std::vector<std::string> list_fragments(const std::string& path, std::vector<ConfigProblem>& problems) {
  namespace fs = std::filesystem;
  const auto folder = fs::path(path).parent_path() / "conf.d";
  std::vector<std::string> fragments;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const auto name = entry->path().filename().string();
    if (entry->path().extension() == ".yml" && name.front() != '.') fragments.push_back(entry->path().string());
    if (fragments.size() > kMostFragments) {
      problems.push_back({folder.string(), 0, 0, "", "more than 1000 files"});
      return {};
    }
  }
  if (error && error != std::errc::no_such_file_or_directory)
    problems.push_back({folder.string(), 0, 0, "", "cannot be read: " + error.message()});
  std::ranges::sort(fragments);
  return fragments;
}

}  // namespace

std::vector<ConfigText> read_config_files(const std::string& path, std::vector<ConfigProblem>& problems) {
  std::vector<ConfigText> texts;
  auto main = read_file(path, problems);
  if (!main) return texts;
  texts.push_back({path, std::move(*main), false});
  for (const auto& fragment : list_fragments(path, problems)) {
    if (auto text = read_file(fragment, problems)) texts.push_back({fragment, std::move(*text), true});
  }
  return texts;
}

}  // namespace base::config
