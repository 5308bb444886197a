#include "guard/action/engine_control.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/http_client.h"

namespace guard::action {
namespace {

using Json = nlohmann::json;
using base::Code;
using base::fail;
using std::chrono::milliseconds;

constexpr std::size_t kIdDigits = 64;
constexpr std::size_t kMaxMessageBytes = 300;
constexpr std::int64_t kDefaultPeriod = 100'000;  // microseconds
constexpr std::chrono::hours kLongestDrain{1};
constexpr int kHighestSignal = 64;

base::Status check_id(const std::string& id) {
  const bool is_id = id.size() == kIdDigits && id.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_id) return fail(Code::invalid_argument, "not a container id of 64 hex digits");
  return {};
}

Code code_of(int status) {
  if (status == 404) return Code::not_found;
  if (status == 409) return Code::conflict;
  if (status == 401 || status == 403) return Code::permission_denied;
  return status >= 500 ? Code::unavailable : Code::invalid_argument;
}

std::string message_of(const std::string& body) {
  const Json json = Json::parse(body, nullptr, false);
  if (json.is_object() && json.contains("message") && json["message"].is_string())
    return json["message"].get<std::string>().substr(0, kMaxMessageBytes);
  return body.substr(0, kMaxMessageBytes);
}

// What the container has now, as far as an update must agree with it. 0: not set.
struct CurrentLimits {
  std::int64_t memory = 0;
  std::int64_t memory_swap = 0;  // −1: unlimited
  std::int64_t reservation = 0;
  std::int64_t cpu_period = 0;
  std::int64_t cpu_quota = 0;
  std::int64_t nano_cpus = 0;
};

base::Result<CurrentLimits> parse_limits(const std::string& body) {
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object() || !json.contains("HostConfig") || !json["HostConfig"].is_object())
    return fail(Code::corrupt, "the engine's description of the container has no HostConfig");
  const Json& host_config = json["HostConfig"];
  const auto number = [&](const char* key) -> std::int64_t {
    const auto found = host_config.find(key);
    return found != host_config.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
  };
  return CurrentLimits{number("Memory"),    number("MemorySwap"), number("MemoryReservation"),
                       number("CpuPeriod"), number("CpuQuota"),   number("NanoCpus")};
}

// MemorySwap is memory and swap together. It must be sent when it would end up below the memory, and is when swap was
// forbidden (both equal) or memory had no limit: the new cap must not open a way out into swap.
void put_memory(Json& update, std::int64_t memory, const CurrentLimits& now) {
  update["Memory"] = memory;
  const bool had_no_swap = now.memory == 0 || now.memory_swap == now.memory;
  if (now.memory_swap < 0)
    update["MemorySwap"] = -1;
  else if (had_no_swap || now.memory_swap < memory)
    update["MemorySwap"] = memory;
}

base::Status put_reservation(Json& update, const sample::Caps& caps, const CurrentLimits& now) {
  const std::int64_t memory = caps.memory ? caps.memory->count : now.memory;
  if (caps.memory_reservation) {
    if (memory > 0 && caps.memory_reservation->count > memory)
      return fail(Code::invalid_argument, "a memory reservation above the memory limit");
    update["MemoryReservation"] = caps.memory_reservation->count;
  } else if (caps.memory && now.reservation > memory) {
    update["MemoryReservation"] = memory;
  }
  return {};
}

void put_cpus(Json& update, base::Cores cpus, const CurrentLimits& now) {
  constexpr double kNanosecondsOfCore = 1e9;
  // Podman reports all three; Docker refuses one way when the container has the other.
  const bool by_quota = now.nano_cpus == 0 && (now.cpu_quota > 0 || now.cpu_period > 0);
  if (!by_quota) {
    update["NanoCpus"] = std::llround(cpus.count * kNanosecondsOfCore);
    return;
  }
  const std::int64_t period = now.cpu_period > 0 ? now.cpu_period : kDefaultPeriod;
  update["CpuPeriod"] = period;
  update["CpuQuota"] = std::llround(cpus.count * static_cast<double>(period));
}

base::Status check_caps(const sample::Caps& caps) {
  constexpr double kMostCores = 1e6;
  const auto is_size = [](const std::optional<base::Bytes>& bytes) {
    return !bytes || (bytes->count > 0 && !bytes->is_unlimited());
  };
  if (!is_size(caps.memory) || !is_size(caps.memory_reservation))
    return fail(Code::invalid_argument, "a memory cap must be a number of bytes above 0");
  if (caps.cpus && !(caps.cpus->count > 0 && caps.cpus->count < kMostCores))
    return fail(Code::invalid_argument, "a CPU cap must be a number of cores above 0");
  if (caps.pids && *caps.pids <= 0) return fail(Code::invalid_argument, "a cap on processes must be above 0");
  return {};
}

base::Result<Json> update_for(const sample::Caps& caps, const CurrentLimits& now) {
  Json update = Json::object();
  if (caps.memory) put_memory(update, caps.memory->count, now);
  if (const auto put = put_reservation(update, caps, now); !put) return fail(put.error());
  if (caps.cpus) put_cpus(update, *caps.cpus, now);
  if (caps.pids) update["PidsLimit"] = *caps.pids;
  return update;
}

base::Result<std::int64_t> drain_seconds(std::chrono::nanoseconds drain) {
  if (drain < drain.zero() || drain > kLongestDrain)
    return fail(Code::invalid_argument, "a drain time must be between 0 and 1 hour");
  return std::chrono::ceil<std::chrono::seconds>(drain).count();
}

}  // namespace

EngineControl::EngineControl(EngineControlOptions options, std::stop_token stop)
    : options_(std::move(options)), stop_(std::move(stop)) {}

base::Result<std::string> EngineControl::ask(const Question& question) const {
  base::FetchRequest request;
  request.method = question.method;
  request.url = "http://engine/containers/" + question.container_id + question.verb;
  request.unix_socket = options_.socket;
  request.total_timeout = options_.timeout + question.patience;
  request.body = question.body;
  request.stop = stop_;
  if (!request.body.empty()) request.headers.emplace_back("content-type", "application/json");
  auto answer = base::fetch(request);
  if (!answer) return fail(answer.error());
  const bool is_done = answer->status >= 200 && answer->status < 300;
  const bool is_so_already = answer->status == 304;
  if (is_done || is_so_already) return std::move(answer->body);
  return fail(code_of(answer->status),
              "engine answered " + std::to_string(answer->status) + ": " + message_of(answer->body));
}

base::Status EngineControl::post(Question question, std::string_view what) const {
  if (const auto id = check_id(question.container_id); !id) return id;
  question.method = "POST";
  if (const auto answer = ask(question); !answer) return fail(answer.error().within(what));
  return {};
}

base::Status EngineControl::update_caps(const std::string& container_id, const sample::Caps& caps) const {
  constexpr std::string_view kWhat = "update container";
  if (const auto id = check_id(container_id); !id) return id;
  if (const auto sound = check_caps(caps); !sound) return sound;
  const auto described = ask({.method = "GET", .container_id = container_id, .verb = "/json"});
  if (!described) return fail(described.error().within(kWhat));
  const auto now = parse_limits(*described);
  if (!now) return fail(now.error().within(kWhat));
  const auto update = update_for(caps, *now);
  if (!update) return fail(update.error().within(kWhat));
  if (update->empty()) return {};
  return post({.container_id = container_id, .verb = "/update", .body = update->dump()}, kWhat);
}

base::Status EngineControl::restart(const std::string& container_id, std::chrono::nanoseconds drain) const {
  const auto seconds = drain_seconds(drain);
  if (!seconds) return fail(seconds.error());
  return post({.container_id = container_id,
               .verb = "/restart?t=" + std::to_string(*seconds),
               .patience = std::chrono::seconds(*seconds)},
              "restart container");
}

base::Status EngineControl::stop(const std::string& container_id, std::chrono::nanoseconds drain) const {
  const auto seconds = drain_seconds(drain);
  if (!seconds) return fail(seconds.error());
  return post({.container_id = container_id,
               .verb = "/stop?t=" + std::to_string(*seconds),
               .patience = std::chrono::seconds(*seconds)},
              "stop container");
}

base::Status EngineControl::start(const std::string& container_id) const {
  return post({.container_id = container_id, .verb = "/start"}, "start container");
}

base::Status EngineControl::kill(const std::string& container_id, int signal) const {
  if (signal < 1 || signal > kHighestSignal) return fail(Code::invalid_argument, "a signal is a number from 1 to 64");
  return post({.container_id = container_id, .verb = "/kill?signal=" + std::to_string(signal)}, "kill container");
}

}  // namespace guard::action
