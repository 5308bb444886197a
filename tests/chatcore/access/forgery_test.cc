// Tokens that nobody with the secret has made: every one of them must be refused.

#include <cstdio>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chatcore/access/jwt.h"
#include "tests/chatcore/access/tokens.h"

namespace chatcore::access {
namespace {

constexpr std::string_view kHeader = R"({"alg":"HS256","typ":"JWT"})";
constexpr std::string_view kClaims = R"({"sub":"alice","exp":1900000000})";

class Forgery : public testing::Test {
 protected:
  ~Forgery() override { std::printf("%zu forged tokens, %zu accepted\n", tried_, accepted_); }

  void expect_refused(const std::string& token, const std::string& how) {
    if (token == real_) return;  // a mutation may happen to change nothing
    ++tried_;
    if (!user_of_jwt(token, rules_, now_) && !user_of_jwt(token, rules_of_two_, now_)) return;
    ++accepted_;
    ADD_FAILURE() << how << ": " << token;
  }

  const JwtRules rules_{.secrets = {std::string(kTestSecret)}, .issuer = "", .audience = ""};
  const JwtRules rules_of_two_{
      .secrets = {std::string(kTestSecret), std::string(32, 'p')}, .issuer = "", .audience = ""};
  const base::WallTime now_{std::chrono::seconds(1'767'225'600)};
  const std::string real_ = make_token(kHeader, kClaims);
  const std::string header_ = real_.substr(0, real_.find('.'));
  const std::string claims_ = real_.substr(header_.size() + 1, real_.rfind('.') - header_.size() - 1);
  const std::string signature_ = real_.substr(real_.rfind('.') + 1);
  std::size_t tried_ = 0;
  std::size_t accepted_ = 0;
};

TEST_F(Forgery, TheRealOneIsAccepted) { EXPECT_EQ(user_of_jwt(real_, rules_, now_).value(), "alice"); }

TEST_F(Forgery, EveryByteChangedToEveryOther) {
  for (std::size_t i = 0; i < real_.size(); ++i) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string token = real_;
      token[i] = static_cast<char>(byte);
      expect_refused(token, "byte " + std::to_string(i));
    }
  }
  EXPECT_GE(tried_, 10'000U);
}

TEST_F(Forgery, CutShortDoubledAndShifted) {
  for (std::size_t i = 0; i <= real_.size(); ++i) {
    expect_refused(real_.substr(0, i), "cut at the end");
    expect_refused(real_.substr(i), "cut at the beginning");
    expect_refused(real_.substr(0, i) + real_, "doubled");
    if (i < real_.size()) expect_refused(std::string(real_).erase(i, 1), "one letter out");
    for (const char* more : {"=", ".", " ", "\n", "\r", "A", "%", "\xC3\xA9", "\xE2\x80\x8B", "\xEF\xBB\xBF"}) {
      expect_refused(std::string(real_).insert(i, more), "something inserted");
    }
    expect_refused(std::string(real_).insert(i, std::string(1, '\0')), "NUL inserted");
  }
  for (std::size_t size = 1; size < (1U << 22U); size *= 4) {
    expect_refused(real_ + std::string(size, 'A'), "huge");
    expect_refused(std::string(size, '.'), "dots");
    expect_refused(std::string(size, 'A') + "." + claims_ + "." + signature_, "huge header");
  }
}

TEST_F(Forgery, OtherAlgorithmsWithoutTheSecret) {
  for (const char* algorithm : {"none", "None", "NONE", "nOnE", "HS256", "HS384", "HS512", "RS256", "ES256", "PS256",
                                "EdDSA", "HMAC", "", "hs256", "HS256\\u0000", "dir", "A256KW"}) {
    const std::string header = encode_base64url(R"({"alg":")" + std::string(algorithm) + "\"}");
    for (const std::string& claims : {claims_, encode_base64url(R"({"sub":"root"})")}) {
      const std::string text = header + "." + claims;
      for (const std::string& signature :
           {std::string(), signature_, std::string("AA"), std::string(43, 'A'), std::string(64, 'A'),
            encode_base64url(base::view_of(base::sha256(text))), encode_base64url(std::string(32, '\0')),
            encode_base64url(base::view_of(base::hmac_sha256("", text))),
            encode_base64url(base::view_of(base::hmac_sha256("secret", text)))}) {
        expect_refused(text + "." + signature, algorithm);
      }
      expect_refused(text, algorithm);
      expect_refused(text + "..", algorithm);
    }
  }
}

TEST_F(Forgery, ANearMissOfTheSecret) {
  for (std::size_t i = 0; i < kTestSecret.size(); ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string secret(kTestSecret);
      secret[i] = static_cast<char>(static_cast<unsigned char>(secret[i]) ^ (1U << bit));
      expect_refused(make_token(kHeader, kClaims, secret), "another secret");
    }
    expect_refused(make_token(kHeader, kClaims, kTestSecret.substr(0, i)), "a part of the secret");
  }
  expect_refused(make_token(kHeader, kClaims, std::string(kTestSecret) + "\n"), "a longer secret");
  expect_refused(make_token(kHeader, kClaims, std::string(kTestSecret) + std::string(32, 'p')), "both secrets in one");
}

TEST_F(Forgery, OtherClaimsUnderARealSignature) {
  for (int user = 0; user < 2000; ++user) {
    const std::string claims = encode_base64url(R"({"sub":"user)" + std::to_string(user) + R"(","exp":1900000000})");
    expect_refused(header_ + "." + claims + "." + signature_, "claims exchanged");
  }
}

TEST_F(Forgery, SeveralRandomChangesAtOnce) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto below = [&](std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
  };
  for (int round = 0; round < 10'000; ++round) {
    std::string token = real_;
    for (std::size_t changes = 1 + below(8); changes > 0; --changes) {
      const std::size_t place = below(token.size());
      switch (below(4)) {
        case 0: token[place] = static_cast<char>(below(256)); break;
        case 1: std::swap(token[place], token[below(token.size())]); break;
        case 2: token.insert(place, token.substr(below(token.size()), below(16))); break;
        default: token.erase(place, below(4)); break;
      }
      if (token.empty()) token = "A";
    }
    expect_refused(token, "random changes");
  }
  EXPECT_GE(tried_, 9'000U);
}

}  // namespace
}  // namespace chatcore::access
