#include <cstdio>
#include <cstdlib>
#include <utility>

#include "guard/config/config.h"
#include "tests/sim/guarded.h"

namespace sim {
namespace {

// As docs/rules.md recommends. People are told early, by forecast and by height. The restart goes by height, late
// enough that little of what could still be used is given away.
constexpr const char* kAdvised = R"(
      - {name: tell, when: {time_to_limit: '< 1h', for: 2m}, do: [notify], cooldown: 30m}
      - {name: tell-high, when: {memory: '> 80%', for: 1m}, do: [notify], cooldown: 30m}
      - {name: restart, when: {memory: '> 93%', for: 3s}, do: [{restart: {drain: 30s}}], cooldown: 1m}
)";

// The forecast alone, as for a workload that needs minutes to drain.
constexpr const char* kForecast = R"(
      - {name: tell, when: {time_to_limit: '< 1h', for: 2m}, do: [notify], cooldown: 30m}
      - {name: restart, when: {time_to_limit: '< 5m', for: 1m}, do: [{restart: {drain: 30s}}], cooldown: 10m}
)";

// No forecast, and low enough to meet a leak that needs a minute: that costs restarts of all that is slower.
constexpr const char* kByHeight = R"(
      - {name: tell, when: {memory: '> 65%', for: 10s}, do: [notify], cooldown: 30m}
      - name: shed
        when: {memory: '> 70%', for: 30s}
        do: [{shed: {url: 'http://127.0.0.1:8080/admin/shed', target: 50%}}]
      - {name: restart, when: {memory: '> 80%', for: 2s}, do: [{restart: {drain: 30s}}], cooldown: 20s}
)";

// An escalation as examples have it: what can be shed is shed first.
constexpr const char* kEscalation = R"(
      - name: memory
        when: {memory: '> 85%', for: 30s, clear: '< 75%'}
        escalate:
          - do: [notify, {shed: {url: 'http://127.0.0.1:8080/admin/shed', target: 50%}}]
            until: {memory: '< 75%'}
            within: 2m
          - do: [{restart: {drain: 30s}}]
        cooldown: 10m
)";

Policy parsed(std::string name, const std::string& rules) {
  const std::string yaml = "workloads:\n  - name: simulated\n    container: simulated\n    rules:\n" + rules;
  auto result = guard::config::parse_config(yaml, name);
  for (const auto& problem : result.problems) std::fprintf(stderr, "%s\n", to_string(problem).c_str());
  if (!result.config) std::abort();
  return {std::move(name), std::move(result.config->workloads.front().rules)};
}

}  // namespace

std::vector<Policy> all_policies() {
  return {parsed("advised", kAdvised), parsed("forecast", kForecast), parsed("height", kByHeight),
          parsed("escalation", kEscalation)};
}

}  // namespace sim
