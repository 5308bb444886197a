#include "guard/source/docker/parser.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "guard/source/docker/json.h"
#include "guard/source/docker/time.h"

namespace guard::source {
namespace {

using base::Code;
using base::fail;

constexpr std::size_t kMaxForeignMessage = 300;
constexpr std::size_t kMaxErrorBody = 64u << 10;

constexpr std::array<std::pair<std::string_view, ContainerState>, 7> kStates{
    {{"created", ContainerState::created},
     {"running", ContainerState::running},
     {"paused", ContainerState::paused},
     {"restarting", ContainerState::restarting},
     {"removing", ContainerState::removing},
     {"exited", ContainerState::exited},
     {"dead", ContainerState::dead}}};

ContainerState state_of(std::string_view word) {
  for (const auto& [name, state] : kStates)
    if (name == word) return state;
  // Podman's own words, which its compatible service lets through.
  if (word == "stopped") return ContainerState::exited;
  if (word == "configured" || word == "initialized") return ContainerState::created;
  if (word == "stopping") return ContainerState::running;
  return ContainerState::unknown;
}

bool is_container_id(std::string_view id) {
  return id.size() == 64 && id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string without_slash(std::string name) {
  if (name.starts_with('/')) name.erase(0, 1);
  return name;
}

// A container that others link to has also names like "/other/alias"; its own has one slash.
std::string own_name(const Json* names) {
  if (!names || !names->is_array()) return {};
  for (const Json& entry : *names) {
    if (!entry.is_string()) continue;
    std::string name = without_slash(entry.get<std::string>());
    if (name.find('/') == std::string::npos) return name;
  }
  return {};
}

std::map<std::string, std::string> labels_of(const Json* labels) {
  std::map<std::string, std::string> kept;
  if (!labels || !labels->is_object()) return kept;
  for (const auto& [key, value] : labels->items()) {
    if (value.is_string()) kept.emplace(key, value.get<std::string>());
  }
  return kept;
}

// 0, null and -1 are the engine's ways to say "no limit". A member that is not there says nothing.
sample::Caps caps_of(const Json& host_config) {
  sample::Caps caps;
  if (host_config.contains("Memory"))
    caps.memory = base::Bytes{positive_at(host_config, {"Memory"}).value_or(base::Bytes::unlimited().count)};
  if (host_config.contains("MemoryReservation"))
    caps.memory_reservation = base::Bytes{positive_at(host_config, {"MemoryReservation"}).value_or(0)};
  if (host_config.contains("PidsLimit"))
    caps.pids = positive_at(host_config, {"PidsLimit"}).value_or(std::numeric_limits<std::int64_t>::max());
  constexpr double kNanosecondsOfCore = 1e9;
  constexpr std::int64_t kDefaultPeriod = 100'000;  // microseconds: what the kernel has when none is set
  if (const auto nano = positive_at(host_config, {"NanoCpus"})) {
    caps.cpus = base::Cores{static_cast<double>(*nano) / kNanosecondsOfCore};
  } else if (const auto quota = positive_at(host_config, {"CpuQuota"})) {
    const auto period = positive_at(host_config, {"CpuPeriod"}).value_or(kDefaultPeriod);
    caps.cpus = base::Cores{static_cast<double>(*quota) / static_cast<double>(period)};
  } else if (host_config.contains("NanoCpus") && host_config.contains("CpuQuota")) {
    caps.cpus = base::Cores::unlimited();
  }
  return caps;
}

base::Result<std::optional<base::WallTime>> time_at(const Json& from, JsonPath path) {
  const std::string text = text_at(from, path);
  if (text.empty() || text.starts_with("0001-")) return std::optional<base::WallTime>();
  const auto time = parse_engine_time(text);
  if (!time) return fail(Code::corrupt, std::string(*(path.end() - 1)) + " is not a time: " + text);
  return std::optional(*time);
}

base::Result<Container> listed_container(const Json& entry) {
  Container container;
  container.id = text_at(entry, {"Id"});
  if (!is_container_id(container.id)) return fail(Code::corrupt, "Id is not 64 hex digits");
  container.name = own_name(at(entry, {"Names"}));
  container.image = text_at(entry, {"Image"});
  container.labels = labels_of(at(entry, {"Labels"}));
  container.state = state_of(text_at(entry, {"State"}));
  return container;
}

}  // namespace

std::string_view name_of(ContainerState state) {
  for (const auto& [name, listed] : kStates)
    if (listed == state) return name;
  return "unknown";
}

ContainerListParser::ContainerListParser(LabelKeys keys, Wanted wanted)
    : wanted_(std::move(wanted)),
      sieve_({.documents = base::JsonSieve::Documents::elements}, listed_fields(std::move(keys)),
             [this](const base::Result<std::string_view>& entry) { add(entry); }) {}

void ContainerListParser::add(const base::Result<std::string_view>& entry) {
  ++entries_;
  const auto skip = [&](const base::Error& error) {
    if (list_.skipped++ == 0) list_.why = "entry " + std::to_string(entries_) + ": " + error.message;
  };
  if (!entry) return skip(entry.error());
  const auto json = parse_json(*entry, "container");
  if (!json) return skip(json.error());
  auto container = listed_container(*json);
  if (!container) return skip(container.error());
  const std::size_t kept = list_.containers.size();
  if (kept >= kMaxContainers && (kept >= 2 * kMaxContainers || !wanted_ || !wanted_(*container))) {
    ++list_.left_out;
    return;
  }
  list_.containers.push_back(std::move(*container));
}

base::Status ContainerListParser::feed(std::string_view bytes) {
  if (auto read = sieve_.feed(bytes); !read) return fail(read.error().within("container list"));
  return {};
}

base::Result<ContainerList> ContainerListParser::finish() {
  if (auto whole = sieve_.finish(); !whole) return fail(whole.error().within("container list"));
  return std::move(list_);
}

base::Result<ContainerList> parse_container_list(std::string_view json) {
  ContainerListParser parser;
  if (const auto read = parser.feed(json); !read) return fail(read.error());
  return parser.finish();
}

base::Result<Container> parse_container(std::string_view json, const LabelKeys& keys) {
  constexpr std::string_view kWhat = "container";
  const auto reduced = reduce(json, kWhat, inspected_fields(keys));
  if (!reduced) return fail(reduced.error());
  const auto answer = parse_json(*reduced, kWhat);
  if (!answer) return fail(answer.error());
  Container container;
  container.inspected = true;
  container.id = text_at(*answer, {"Id"});
  if (!is_container_id(container.id)) return fail(Code::corrupt, "container: Id is not 64 hex digits");
  container.name = without_slash(text_at(*answer, {"Name"}));
  if (container.name.empty()) return fail(Code::corrupt, "container: no Name");
  const Json* state = at(*answer, {"State"});
  const Json* host_config = at(*answer, {"HostConfig"});
  if (!state || !state->is_object()) return fail(Code::corrupt, "container: no State");
  if (!host_config || !host_config->is_object()) return fail(Code::corrupt, "container: no HostConfig");
  const auto started = time_at(*state, {"StartedAt"});
  if (!started) return fail(started.error().within(kWhat));
  const auto finished = time_at(*state, {"FinishedAt"});
  if (!finished) return fail(finished.error().within(kWhat));
  container.image = text_at(*answer, {"Config", "Image"});
  container.labels = labels_of(at(*answer, {"Config", "Labels"}));
  container.state = state_of(text_at(*state, {"Status"}));
  container.pid = std::max<std::int64_t>(0, number_at(*state, {"Pid"}).value_or(0));
  container.started_at = *started;
  container.finished_at = *finished;
  container.exit_code = static_cast<int>(number_at(*state, {"ExitCode"}).value_or(0));
  container.oom_killed = flag_at(*state, {"OOMKilled"});
  container.restart_count = static_cast<std::uint64_t>(positive_at(*answer, {"RestartCount"}).value_or(0));
  container.caps = caps_of(*host_config);
  const auto swap = number_at(*host_config, {"MemorySwap"}).value_or(0);
  container.memory_swap = swap < 0 ? base::Bytes::unlimited() : base::Bytes{swap};
  container.tty = flag_at(*answer, {"Config", "Tty"});
  container.log_driver = text_at(*host_config, {"LogConfig", "Type"});
  return container;
}

base::Result<std::optional<EngineEvent>> parse_event(std::string_view json) {
  const auto reduced = reduce(json, "engine event", event_fields());
  if (!reduced) return fail(reduced.error());
  const auto answer = parse_json(*reduced, "engine event");
  if (!answer) return fail(answer.error());
  if (!answer->is_object()) return fail(Code::corrupt, "engine event: not an object");
  if (const std::string type = text_at(*answer, {"Type"}); !type.empty() && type != "container")
    return std::optional<EngineEvent>();
  EngineEvent event;
  event.container_id = text_at(*answer, {"Actor", "ID"});
  if (event.container_id.empty()) event.container_id = text_at(*answer, {"id"});
  if (!is_container_id(event.container_id)) return fail(Code::corrupt, "engine event: no container id");
  event.name = without_slash(text_at(*answer, {"Actor", "Attributes", "name"}));
  event.kind = text_at(*answer, {"Action"});
  if (event.kind.empty()) event.kind = text_at(*answer, {"status"});
  if (event.kind.empty()) return fail(Code::corrupt, "engine event: no Action");
  event.kind.resize(std::min(event.kind.size(), event.kind.find(':')));  // "health_status: healthy"
  if (event.kind == "died") event.kind = "die";                          // Podman's word
  std::string code = text_at(*answer, {"Actor", "Attributes", "exitCode"});
  if (code.empty()) code = text_at(*answer, {"Actor", "Attributes", "containerExitCode"});
  if (!code.empty() && code.size() <= 9 && code.find_first_not_of("0123456789") == std::string::npos)
    event.exit_code = std::stoi(code);
  if (const auto nano = positive_at(*answer, {"timeNano"})) {
    event.at = base::WallTime(std::chrono::nanoseconds(*nano));
  } else if (const auto seconds = positive_at(*answer, {"time"}); seconds && *seconds < 9'000'000'000) {
    event.at = base::WallTime(std::chrono::seconds(*seconds));
  } else {
    return fail(Code::corrupt, "engine event: no time");
  }
  return std::optional(std::move(event));
}

bool tells_of_podman(std::string_view json) {
  const auto answer = parse_json(json, "engine version");
  const Json* components = answer ? at(*answer, {"Components"}) : nullptr;
  if (components == nullptr || !components->is_array()) return false;
  return std::ranges::any_of(*components,
                             [](const Json& component) { return text_at(component, {"Name"}) == "Podman Engine"; });
}

std::string label_filter(const std::vector<std::string>& labels) {
  return Json{{"label", labels}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string parse_error_message(std::string_view body) {
  const Json json = Json::parse(body.substr(0, kMaxErrorBody), nullptr, false);
  std::string message = json.is_discarded() ? std::string() : text_at(json, {"message"});
  if (message.empty()) message = body.substr(0, kMaxForeignMessage);
  while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) message.pop_back();
  return message;
}

}  // namespace guard::source
