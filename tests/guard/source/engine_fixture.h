#pragma once
// The recorded answers in tests/fixtures/engine.

#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

namespace guard::source {

inline std::string engine_fixture(const std::string& name) {
  std::ifstream file(std::string(FIXTURES) + "/engine/" + name, std::ios::binary);
  EXPECT_TRUE(file) << "no fixture " << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

// `json` with the first `from` in it replaced; fails the test when there is none.
inline std::string with(std::string json, const std::string& from, const std::string& to) {
  const auto found = json.find(from);
  EXPECT_NE(found, std::string::npos) << "nothing to replace: " << from;
  return found == std::string::npos ? json : json.replace(found, from.size(), to);
}

}  // namespace guard::source
