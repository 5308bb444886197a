#include "guard/source/docker/fields.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace guard::source {
namespace {

using Path = base::JsonSieve::Path;

constexpr std::size_t kMaxText = 4096;  // names, images, times; also labels that a selector reads
constexpr std::size_t kMaxLabel = 256;  // a longer one selects nothing (build tools put whole files into labels)
constexpr std::size_t kMaxLabels = 64;  // of each of the two kinds below
constexpr std::string_view kOwnLabels = "leakguard.";

constexpr std::array<std::string_view, 4> kComposeLabels{"com.docker.compose.project", "com.docker.compose.service",
                                                         "com.docker.compose.container-number",
                                                         "com.docker.compose.oneoff"};

// What is kept of one container's labels. The counts begin anew with each container.
class Labels {
 public:
  explicit Labels(LabelKeys keys) : keys_(std::move(keys)) {}
  std::size_t begin() {
    own_ = 0;
    others_ = 0;
    return kMaxText;
  }
  std::size_t keep(const std::string& key) {
    if (keys_.contains(key) || std::ranges::find(kComposeLabels, key) != kComposeLabels.end()) return kMaxText;
    std::size_t& kept = key.starts_with(kOwnLabels) ? own_ : others_;
    return kept++ < kMaxLabels ? kMaxLabel : 0;
  }

 private:
  LabelKeys keys_;
  std::size_t own_ = 0;
  std::size_t others_ = 0;
};

template <std::size_t Count>
std::size_t among(const std::array<std::string_view, Count>& keys, const std::string& key) {
  return std::ranges::find(keys, key) == keys.end() ? 0 : kMaxText;
}

}  // namespace

LabelKeys label_keys_of(const std::vector<sample::Target>& targets) {
  LabelKeys keys;
  for (const sample::Target& target : targets) {
    if (target.kind == sample::TargetKind::container_label)
      keys.insert(target.selector.substr(0, target.selector.find('=')));
  }
  return keys;
}

base::JsonSieve::Keep listed_fields(LabelKeys keys) {
  return [labels = Labels(std::move(keys))](const Path& path) mutable -> std::size_t {
    if (path.size() == 2) return labels.keep(path[1]);
    if (path.size() > 2) return 0;
    if (path[0] == "Labels") return labels.begin();
    static constexpr std::array<std::string_view, 4> kKept{"Id", "Names", "Image", "State"};
    return among(kKept, path[0]);
  };
}

base::JsonSieve::Keep inspected_fields(LabelKeys keys) {
  return [labels = Labels(std::move(keys))](const Path& path) mutable -> std::size_t {
    static constexpr std::array<std::string_view, 6> kTop{"Id",         "Name",   "State",
                                                          "HostConfig", "Config", "RestartCount"};
    static constexpr std::array<std::string_view, 6> kState{"Status",     "Pid",      "StartedAt",
                                                            "FinishedAt", "ExitCode", "OOMKilled"};
    static constexpr std::array<std::string_view, 8> kHostConfig{
        "Memory", "MemoryReservation", "MemorySwap", "NanoCpus", "CpuQuota", "CpuPeriod", "PidsLimit", "LogConfig"};
    static constexpr std::array<std::string_view, 3> kConfig{"Image", "Labels", "Tty"};
    if (path.size() == 1) return among(kTop, path[0]);
    const bool is_label = path.size() == 3 && path[0] == "Config" && path[1] == "Labels";
    if (is_label) return labels.keep(path[2]);
    if (path.size() == 3) return path[1] == "LogConfig" && path[2] == "Type" ? kMaxText : 0;
    if (path.size() > 3) return 0;
    if (path[0] == "Config" && path[1] == "Labels") return labels.begin();
    if (path[0] == "State") return among(kState, path[1]);
    if (path[0] == "HostConfig") return among(kHostConfig, path[1]);
    return path[0] == "Config" ? among(kConfig, path[1]) : 0;
  };
}

base::JsonSieve::Keep event_fields() {
  return [](const Path& path) -> std::size_t {
    static constexpr std::array<std::string_view, 7> kTop{"Type",   "Action", "Actor",   "id",
                                                          "status", "time",   "timeNano"};
    static constexpr std::array<std::string_view, 3> kAttributes{"name", "exitCode", "containerExitCode"};
    if (path.size() == 1) return among(kTop, path[0]);
    if (path.size() == 2) return path[1] == "ID" || path[1] == "Attributes" ? kMaxText : 0;
    return path.size() == 3 ? among(kAttributes, path[2]) : 0;
  };
}

base::JsonSieve::Keep statistics_fields() {
  return [](const Path& path) -> std::size_t {
    static constexpr std::array<std::string_view, 4> kTop{"read", "memory_stats", "cpu_stats", "pids_stats"};
    return path.size() == 1 ? among(kTop, path[0]) : kMaxText;
  };
}

base::JsonSieve::Keep version_fields() {
  return [](const Path& path) -> std::size_t {
    const bool is_name = path.size() == 2 && path[1] == "Name";
    return path[0] == "Components" && (path.size() == 1 || is_name) ? kMaxText : 0;
  };
}

base::Result<std::string> reduce(std::string_view json, std::string_view what, base::JsonSieve::Keep keep) {
  std::string reduced;
  const char* trouble = "not JSON: empty";
  base::JsonSieve sieve({}, std::move(keep), [&](const base::Result<std::string_view>& document) {
    reduced = document ? std::string(*document) : "";
    trouble = document ? nullptr : "not JSON, or too large";
  });
  base::Status status = sieve.feed(json);
  if (status) status = sieve.finish();
  if (!status) return base::fail(status.error().within(what));
  if (trouble != nullptr) return base::fail(base::Code::corrupt, std::string(what) + ": " + trouble);
  return reduced;
}

}  // namespace guard::source
