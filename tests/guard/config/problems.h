#pragma once
// Parses a text and tells what is wrong with it, one problem a line, so that a test reads as the message would.

#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "guard/config/config.h"

namespace guard::config {

inline std::optional<std::string> test_environment(std::string_view name) {
  if (name == "SIZE") return "512m";
  if (name == "SECRET") return "hunter2";
  if (name == "BROKEN") return std::string("a\x01") + "b";
  return std::nullopt;
}

inline ConfigResult parse(const std::string& yaml) { return parse_config(yaml, "c.yml", test_environment); }

// All problems of a text, one a line: "line:column key: message".
inline std::string problems_of(const std::string& yaml) {
  const auto result = parse(yaml);
  EXPECT_EQ(result.config.has_value(), result.problems.empty());
  std::string text;
  for (const auto& problem : result.problems) {
    if (!text.empty()) text += "\n";
    text += std::to_string(problem.line) + ":" + std::to_string(problem.column) + " " + problem.key + ": " +
            problem.message;
  }
  return text;
}

// A workload "w" of container "c" with `more` in its flow map; it begins in column 37.
inline std::string with(const std::string& more) {
  return problems_of("workloads: [{name: w, container: c, " + more + "}]");
}

// A rule with this condition for that workload; it begins in column 76.
inline std::string when(const std::string& condition) {
  return with("rules: [{name: r, do: [notify], when: {" + condition + "}}]");
}

}  // namespace guard::config
