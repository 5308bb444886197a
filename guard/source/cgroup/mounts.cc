#include "guard/source/cgroup/mounts.h"

#include <algorithm>

#include "guard/source/fs_text.h"

namespace guard::source {
namespace {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    if (const auto part = take_until(text, separator); !part.empty()) parts.emplace_back(part);
  }
  return parts;
}

// mountinfo writes blanks and backslashes in paths as \040 and the like.
std::string unescape_octal(std::string_view text) {
  const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && is_octal(text[i + 1]) && is_octal(text[i + 2]) &&
        is_octal(text[i + 3])) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// v1's super block options name its controllers between flags of other meanings ("rw", "xattr", "clone_children").
std::vector<std::string> controllers_among(std::string_view options) {
  std::vector<std::string> controllers = split(options, ',');
  std::erase_if(controllers, [](const std::string& option) {
    return option == "rw" || option == "ro" || option == "xattr" || option == "noprefix" ||
           option == "clone_children" || option == "cpuset_v2_mode" || option == "favordynmods" ||
           option.rfind("release_agent=", 0) == 0;
  });
  return controllers;
}

// "36 31 0:33 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory"
std::optional<CgroupMount> parse_mount(std::string_view line) {
  const auto dash = line.find(" - ");
  if (dash == std::string_view::npos) return std::nullopt;
  const std::vector<std::string> before = split(line.substr(0, dash), ' ');
  const std::vector<std::string> after = split(line.substr(dash + 3), ' ');
  if (before.size() < 6 || after.size() < 3) return std::nullopt;
  if (after[0] != "cgroup" && after[0] != "cgroup2") return std::nullopt;
  CgroupMount mount;
  mount.version = after[0] == "cgroup" ? 1 : 2;
  if (mount.version == 1) mount.controllers = controllers_among(after[2]);
  mount.shows = unescape_octal(before[3]);
  mount.folder = unescape_octal(before[4]);
  return mount;
}

std::size_t steps_up(const std::vector<std::string>& parts) {
  return static_cast<std::size_t>(
      std::find_if(parts.begin(), parts.end(), [](const std::string& part) { return part != ".."; }) - parts.begin());
}

// The more steps a mount's top is above our own cgroup, and the shorter its path otherwise, the more it shows.
bool shows_more(const CgroupMount& a, const CgroupMount& b) {
  const auto parts_a = split(a.shows, '/');
  const auto parts_b = split(b.shows, '/');
  const auto up_a = steps_up(parts_a);
  const auto up_b = steps_up(parts_b);
  return up_a != up_b ? up_a > up_b : parts_a.size() < parts_b.size();
}

}  // namespace

std::vector<CgroupMount> parse_mountinfo(std::string_view text) {
  std::vector<CgroupMount> mounts;
  while (!text.empty()) {
    auto mount = parse_mount(take_until(text, '\n'));
    if (!mount) continue;
    const auto same = std::find_if(mounts.begin(), mounts.end(), [&](const CgroupMount& known) {
      return known.version == mount->version && known.controllers == mount->controllers;
    });
    if (same == mounts.end()) {
      mounts.push_back(std::move(*mount));
    } else if (shows_more(*mount, *same)) {
      mount->own = same->shows == "/" ? same->folder : same->own;
      *same = std::move(*mount);
    } else if (same->own.empty() && mount->shows == "/") {
      same->own = mount->folder;
    }
  }
  return mounts;
}

std::vector<CgroupMembership> parse_membership(std::string_view text) {
  std::vector<CgroupMembership> memberships;
  while (!text.empty()) {
    std::string_view path = take_until(text, '\n');  // "4:cpu,cpuacct:/docker/3f2a"; the path may hold colons
    const std::string_view number = take_until(path, ':');
    const std::string_view controllers = take_until(path, ':');
    if (!parse_number<int>(number) || path.empty() || path.front() != '/') continue;
    // What was removed while processes were still in it carries this mark.
    constexpr std::string_view kDeleted = " (deleted)";
    if (path.size() > kDeleted.size() && path.substr(path.size() - kDeleted.size()) == kDeleted) continue;
    const bool unified = number == "0" && controllers.empty();
    memberships.push_back({unified ? 2 : 1, split(controllers, ','), std::string(path)});
  }
  return memberships;
}

std::optional<std::string> path_below_mount(const CgroupMount& mount, std::string_view path) {
  std::vector<std::string> wanted = split(path, '/');
  const std::vector<std::string> top = split(mount.shows, '/');
  const std::size_t top_up = steps_up(top);
  const std::size_t wanted_up = steps_up(wanted);
  if (wanted_up > top_up) return std::nullopt;  // above or beside what the mount shows
  if (top_up > wanted_up) {
    // Both are told from our own cgroup, the mount from `top_up` steps above it: the steps that `wanted` does not go
    // up itself lead down again by the names of our own folders.
    if (mount.to_own.size() != top_up || top.size() != top_up) return std::nullopt;
    std::vector<std::string> full(mount.to_own.begin(), mount.to_own.end() - static_cast<std::ptrdiff_t>(wanted_up));
    full.insert(full.end(), wanted.begin() + static_cast<std::ptrdiff_t>(wanted_up), wanted.end());
    wanted = std::move(full);
  } else {
    if (wanted.size() < top.size() || !std::equal(top.begin(), top.end(), wanted.begin())) return std::nullopt;
    wanted.erase(wanted.begin(), wanted.begin() + static_cast<std::ptrdiff_t>(top.size()));
  }
  if (std::ranges::find(wanted, "..") != wanted.end()) return std::nullopt;  // would leave the mount
  std::string below;
  for (const std::string& part : wanted) below += '/' + part;
  return below;
}

}  // namespace guard::source
