// Whatever a file holds, reading it ends, within its bounds and with a configuration or problems, never with both.

#include <algorithm>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "guard/config/config.h"

namespace guard::config {
namespace {

std::optional<std::string> any_variable(std::string_view) { return "/x"; }

std::string whole_file() {
  std::ifstream file(FIXTURES "/config/whole/leakguard.yml");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void expect_an_answer(const std::string& yaml) {
  const auto result = parse_config(yaml, "broken.yml", any_variable);
  ASSERT_EQ(result.config.has_value(), result.problems.empty());
  ASSERT_LE(result.problems.size(), kMostProblems + 1);
}

TEST(BrokenText, OneChangedByteIsAnswered) {
  const auto whole = whole_file();
  ASSERT_FALSE(whole.empty());
  using std::string_literals::operator""s;
  const auto replacements = "\0\n\t :-{}[],'\"&*#!|>%@`$?~\\x9\xff"s;
  std::mt19937 random(20260101);
  for (int round = 0; round < 1500; ++round) {
    auto broken = whole;
    broken[random() % broken.size()] = replacements[random() % replacements.size()];
    expect_an_answer(broken);
    if (HasFatalFailure()) FAIL() << "seed 20260101, round " << round;
  }
}

TEST(BrokenText, ACutOffFileIsAnswered) {
  const auto whole = whole_file();
  for (std::size_t length = 0; length < whole.size(); length += 7) expect_an_answer(whole.substr(0, length));
}

TEST(BrokenText, ShuffledLinesAreAnswered) {
  std::vector<std::string> lines;
  std::istringstream whole(whole_file());
  for (std::string line; std::getline(whole, line);) lines.push_back(line);
  std::mt19937 random(20260102);
  for (int round = 0; round < 200; ++round) {
    std::shuffle(lines.begin(), lines.end(), random);
    std::string text;
    for (const auto& line : lines) text += line + "\n";
    expect_an_answer(text);
    if (HasFatalFailure()) FAIL() << "seed 20260102, round " << round;
  }
}

TEST(BrokenText, LongRunsOfOneSignAreAnswered) {
  for (const char sign : {'[', '{', '-', '?', ':', '&', '*', '!', '|', '"', '\'', '#', ' ', '\n', 'a', ',', '%', '$'}) {
    expect_an_answer(std::string(20'000, sign));
    expect_an_answer("agent: " + std::string(20'000, sign));
  }
}

}  // namespace
}  // namespace guard::config
