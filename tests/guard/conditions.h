#pragma once
// A scene with one rule, as a configuration words it, and ticks between which the readings change.

#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "tests/guard/fakes.h"

namespace guard {

// The workload "web" with one rule of this condition, parsed as the agent would.
inline Scene scene_with(const std::string& when, const std::string& more = "",
                        const std::string& act = "do: [{signal: {name: TERM}}]") {
  auto parsed = config::parse_config("host: {mounts: [/, /var/lib/x]}\nworkloads: [{name: web, container: web, " +
                                         more + "rules: [{name: r, when: {" + when + "}, " + act + "}]}]",
                                     "c.yml", [](std::string_view) { return std::nullopt; });
  std::string problems;
  for (const auto& problem : parsed.problems) problems += to_string(problem) + "\n";
  EXPECT_EQ(problems, "");
  return Scene(std::move(*parsed.config));
}

inline sample::Workload& web(Scene& scene) { return scene.collector.workloads.front(); }

// Ticks one a second, and lets `use` change the readings before each.
inline void tick(Scene& scene, int count, const std::function<void()>& use) {
  for (int i = 0; i < count; ++i) {
    use();
    scene.tick();
  }
}

}  // namespace guard
