#include "guard/action/engine_control_update.h"

#include <cmath>
#include <cstdint>
#include <optional>

#include <nlohmann/json.hpp>

namespace guard::action {
namespace {

using Json = nlohmann::json;
using base::Code;
using base::fail;

constexpr std::int64_t kDefaultPeriod = 100'000;  // microseconds: the kernel's when none is set

// What the container has now, as far as an update must agree with it. 0: not set.
struct CurrentLimits {
  std::int64_t memory = 0;
  std::int64_t memory_swap = 0;  // −1: unlimited
  std::int64_t reservation = 0;
  std::int64_t cpu_period = 0;
  std::int64_t cpu_quota = 0;
  std::int64_t nano_cpus = 0;
};

// Labels are the one part of a description that can be large: they are dropped as they are read.
base::Result<CurrentLimits> parse_limits(std::string_view described) {
  const auto keep = [](int depth, Json::parse_event_t event, const Json& parsed) {
    return depth > 1 || event != Json::parse_event_t::key || parsed == "HostConfig";
  };
  const Json json = Json::parse(described, keep, false);
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

}  // namespace

base::Result<std::string> container_update(const sample::Caps& caps, std::string_view described) {
  if (const auto sound = check_caps(caps); !sound) return fail(sound.error());
  const auto now = parse_limits(described);
  if (!now) return fail(now.error());
  Json update = Json::object();
  if (caps.memory) put_memory(update, caps.memory->count, *now);
  if (const auto put = put_reservation(update, caps, *now); !put) return fail(put.error());
  if (caps.cpus) put_cpus(update, *caps.cpus, *now);
  if (caps.pids) update["PidsLimit"] = *caps.pids;
  return update.empty() ? std::string() : update.dump();
}

base::Result<std::string> podman_update(const sample::Caps& caps, std::string_view described) {
  if (const auto sound = check_caps(caps); !sound) return fail(sound.error());
  const auto now = parse_limits(described);
  if (!now) return fail(now.error());
  Json wanted = Json::object();
  if (caps.memory) put_memory(wanted, caps.memory->count, *now);
  if (const auto put = put_reservation(wanted, caps, *now); !put) return fail(put.error());
  Json resources = Json::object();
  const auto carry = [&](const char* from, const char* to) {
    if (wanted.contains(from)) resources["memory"][to] = wanted[from];
  };
  carry("Memory", "limit");
  carry("MemorySwap", "swap");
  carry("MemoryReservation", "reservation");
  if (caps.cpus) {
    const std::int64_t period = now->cpu_period > 0 ? now->cpu_period : kDefaultPeriod;
    resources["cpu"] = {{"period", period}, {"quota", std::llround(caps.cpus->count * static_cast<double>(period))}};
  }
  if (caps.pids) resources["pids"]["limit"] = *caps.pids;
  return resources.empty() ? std::string() : resources.dump();
}

}  // namespace guard::action
