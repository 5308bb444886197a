#include "guard/action/shed_request.h"

#include <cstdio>
#include <fstream>
#include <limits>
#include <string>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guard::action {
namespace {

using base::Code;
using testing::HasSubstr;
using testing::Not;

// Refused before anything is sent: nothing listens on port 9 of a test, and the code would be unavailable.
constexpr const char* kUrl = "http://127.0.0.1:9/admin/shed";

Code refusal(const policy::Shed& shed) {
  const auto status = request_shed(shed);
  return status ? Code::internal : status.error().code;
}

class TokenFile {
 public:
  explicit TokenFile(const std::string& text) : path_(testing::TempDir() + "shed-token-" + std::to_string(::getpid())) {
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~TokenFile() { std::remove(path_.c_str()); }
  TokenFile(const TokenFile&) = delete;
  TokenFile& operator=(const TokenFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class NoTarget : public testing::TestWithParam<double> {};
TEST_P(NoTarget, IsRefused) {
  EXPECT_EQ(refusal({.url = kUrl, .target = {GetParam()}, .token_file = ""}), Code::invalid_argument);
}
INSTANTIATE_TEST_SUITE_P(Ratios, NoTarget, testing::Values(-0.01, 1.01, std::numeric_limits<double>::quiet_NaN()));

TEST(ShedRequest, ToAnotherSchemeThanHttpIsRefused) {
  EXPECT_EQ(refusal({.url = "file:///etc/passwd", .token_file = ""}), Code::invalid_argument);
  EXPECT_EQ(refusal({.url = "", .token_file = ""}), Code::invalid_argument);
}

TEST(ShedRequest, WithoutItsTokenFileIsNotSent) {
  EXPECT_EQ(refusal({.url = kUrl, .token_file = "/nonexistent/token"}), Code::not_found);
}

TEST(ShedRequest, WithAnEmptyTokenIsNotSent) {
  for (const char* text : {"", "\n", "  \t\n"}) {
    const TokenFile token(text);
    EXPECT_EQ(refusal({.url = kUrl, .token_file = token.path()}), Code::invalid_argument) << text;
  }
}

TEST(ShedRequest, WithATokenThatIsNoHeaderIsNotSentAndNeverQuoted) {
  for (const char* text : {"secret word", "secret\rX-Other: 1", "secret\x7f"}) {
    const TokenFile token(text);
    const auto status = request_shed({.url = kUrl, .token_file = token.path()});
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, Code::invalid_argument);
    EXPECT_THAT(status.error().message, Not(HasSubstr("secret")));
  }
}

}  // namespace
}  // namespace guard::action
