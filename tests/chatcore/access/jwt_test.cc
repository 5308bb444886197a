#include "chatcore/access/jwt.h"

#include <gtest/gtest.h>

#include "tests/chatcore/access/tokens.h"

namespace chatcore::access {
namespace {

constexpr std::string_view kHs256 = R"({"alg":"HS256","typ":"JWT"})";
constexpr std::int64_t kNow = 1'767'225'600;

base::WallTime at(std::int64_t seconds) { return base::WallTime(std::chrono::seconds(seconds)); }

JwtRules rules() { return {.secrets = {std::string(kTestSecret)}, .issuer = "", .audience = ""}; }

// The user, or "refused".
std::string user_of(const std::string& token, const JwtRules& with = rules(), std::int64_t now = kNow) {
  const auto user = user_of_jwt(token, with, at(now));
  return user ? *user : "refused";
}

std::string user_of_claims(std::string_view claims, const JwtRules& with = rules(), std::int64_t now = kNow) {
  return user_of(make_token(kHs256, claims), with, now);
}

std::string user_with_header(std::string_view header) { return user_of(make_token(header, R"({"sub":"alice"})")); }

TEST(Jwt, ATokenMadeElsewhereIsUnderstood) {
  // RFC 7515 appendix A.1: its key, header and payload; the payload names no user, so only the signature is of use.
  const auto key =
      decode_base64url("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow");
  const std::string token =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlL"
      "mNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  JwtRules of_the_rfc = rules();
  of_the_rfc.secrets = {*key};
  const auto before = user_of_jwt(token, of_the_rfc, at(1'300'819'379));
  ASSERT_FALSE(before);
  EXPECT_EQ(before.error().message, "The token names no user");
  EXPECT_EQ(user_of_jwt(token, of_the_rfc, at(1'300'819'410)).error().message, "The token has expired");
}

TEST(Jwt, EachOfTheSecretsMayHaveSignedAndNoOther) {
  constexpr std::string_view kClaims = R"({"sub":"alice"})";
  const std::string previous(32, 'p');
  JwtRules both = rules();
  both.secrets.push_back(previous);
  EXPECT_EQ(user_of(make_token(kHs256, kClaims), both), "alice");
  EXPECT_EQ(user_of(make_token(kHs256, kClaims, previous), both), "alice");
  EXPECT_EQ(user_of(make_token(kHs256, kClaims, previous)), "refused") << "it is no secret any more";
  EXPECT_EQ(user_of(make_token(kHs256, kClaims, std::string(kTestSecret) + previous), both), "refused");
  EXPECT_EQ(user_of(make_token(kHs256, kClaims, ""), both), "refused");
  JwtRules none = rules();
  none.secrets.clear();
  EXPECT_EQ(user_of(make_token(kHs256, kClaims), none), "refused");
}

TEST(Jwt, TheUserIsTheSubjectElseUserId) {
  EXPECT_EQ(user_of_claims(R"({"sub":"alice"})"), "alice");
  EXPECT_EQ(user_of_claims(R"({"userId":"bob"})"), "bob");
  EXPECT_EQ(user_of_claims(R"({"userId":42})"), "42");
  EXPECT_EQ(user_of_claims(R"({"sub":"alice","userId":"bob"})"), "alice");
  EXPECT_EQ(user_of_claims(R"({"sub":"سارا"})"), "سارا");
}

TEST(Jwt, ATokenThatNamesNobodyIsRefused) {
  for (const char* claims :
       {R"({})", R"({"sub":""})", R"({"sub":null})", R"({"sub":7})", R"({"sub":["alice"]})", R"({"sub":"a\u0000b"})",
        R"({"sub":"a\nb"})", R"({"sub":"a\u0085"})", R"({"userId":-1})", R"({"userId":1.5})", R"({"userId":true})",
        R"({"sub":null,"userId":"bob"})", R"(["alice"])", R"("alice")", R"(null)", R"()"}) {
    EXPECT_EQ(user_of_claims(claims), "refused") << claims;
  }
  EXPECT_EQ(user_of_claims(R"({"sub":")" + std::string(128, 'a') + "\"}"), std::string(128, 'a'));
  EXPECT_EQ(user_of_claims(R"({"sub":")" + std::string(129, 'a') + "\"}"), "refused");
}

TEST(Jwt, TheAlgorithmIsPinned) {
  EXPECT_EQ(user_with_header(R"({"alg":"HS256"})"), "alice");
  // All of these are rightly signed with the secret by HS256: only the header is wrong.
  for (const char* header : {R"({"alg":"none"})",
                             R"({"alg":"None"})",
                             R"({"alg":"NONE"})",
                             R"({"alg":"nOnE"})",
                             R"({"alg":""})",
                             R"({"alg":"hs256"})",
                             R"({"alg":"Hs256"})",
                             R"({"alg":"HS256 "})",
                             R"({"alg":"HS384"})",
                             R"({"alg":"HS512"})",
                             R"({"alg":"RS256"})",
                             R"({"alg":"ES256"})",
                             R"({"alg":"PS256"})",
                             R"({"alg":"EdDSA"})",
                             R"({"alg":null})",
                             R"({"alg":["HS256"]})",
                             R"({"alg":{"HS256":1}})",
                             R"({"alg":256})",
                             R"({"ALG":"HS256"})",
                             R"({"typ":"JWT"})",
                             R"({"alg":"HS256\u0000"})",
                             R"([])",
                             R"("HS256")",
                             R"({})",
                             R"()",
                             R"({"alg":"HS256",})"}) {
    EXPECT_EQ(user_with_header(header), "refused") << header;
  }
}

TEST(Jwt, ANameTwiceIsRefusedAtAnyDepth) {
  EXPECT_EQ(user_with_header(R"({"alg":"none","alg":"HS256"})"), "refused");
  EXPECT_EQ(user_with_header(R"({"alg":"HS256","alg":"HS256"})"), "refused");
  EXPECT_EQ(user_with_header(R"({"alg":"HS256","\u0061lg":"none"})"), "refused");
  EXPECT_EQ(user_of_claims(R"({"sub":"alice","sub":"bob"})"), "refused");
  EXPECT_EQ(user_of_claims(R"({"sub":"alice","x":{"a":1,"a":2}})"), "refused");
  EXPECT_EQ(user_of_claims(R"({"sub":"alice","x":{"a":1},"y":{"a":2}})"), "alice");
}

TEST(Jwt, CriticalExtensionsAreRefusedAndNamesOfKeysChooseNothing) {
  EXPECT_EQ(user_with_header(R"({"alg":"HS256","crit":["exp"]})"), "refused");
  EXPECT_EQ(user_with_header(R"({"alg":"HS256","crit":[]})"), "refused");
  EXPECT_EQ(user_with_header(R"({"alg":"HS256","b64":false})"), "refused");
  EXPECT_EQ(user_with_header(R"({"alg":"HS256","typ":"JWE"})"), "refused");
  const std::string key =
      R"({"alg":"HS256","kid":"../../dev/null","jku":"http://evil.example/","jwk":{"kty":"oct","k":"AA"}})";
  EXPECT_EQ(user_with_header(key), "alice") << "signed with the configured secret all the same";
  EXPECT_EQ(user_of(make_token(key, R"({"sub":"alice"})", std::string(1, '\0'))), "refused");
  EXPECT_EQ(user_of(make_token(key, R"({"sub":"alice"})", "")), "refused");
}

TEST(Jwt, ItExpiresAtItsSecondPlusTheLeeway) {
  const std::string claims = R"({"sub":"alice","exp":1767225600})";
  EXPECT_EQ(user_of_claims(claims, rules(), kNow + 29), "alice");
  EXPECT_EQ(user_of_claims(claims, rules(), kNow + 30), "refused");
  JwtRules strict = rules();
  strict.leeway = base::Duration(0);
  EXPECT_EQ(user_of_claims(claims, strict, kNow - 1), "alice");
  EXPECT_EQ(user_of_claims(claims, strict, kNow), "refused");
}

TEST(Jwt, ItBeginsAtItsSecondMinusTheLeeway) {
  const std::string claims = R"({"sub":"alice","nbf":1767225600})";
  EXPECT_EQ(user_of_claims(claims, rules(), kNow - 31), "refused");
  EXPECT_EQ(user_of_claims(claims, rules(), kNow - 30), "alice");
}

TEST(Jwt, TimesThatAreNoTimesAreRefused) {
  for (const char* time : {"\"1900000000\"", "null", "true", "[1900000000]", "1e999", "-1", "{}"}) {
    EXPECT_EQ(user_of_claims(R"({"sub":"alice","exp":)" + std::string(time) + "}"), "refused") << time;
  }
  EXPECT_EQ(user_of_claims(R"({"sub":"alice","exp":1e300})"), "alice");
  EXPECT_EQ(user_of_claims(R"({"sub":"alice","exp":1900000000.5})"), "alice");
  EXPECT_EQ(user_of_claims(R"({"sub":"alice","nbf":"0"})"), "refused");
  EXPECT_EQ(user_of_claims(R"({"sub":"alice","nbf":1e300})"), "refused");
}

TEST(Jwt, IssuerAndAudienceAreAskedForWhenConfigured) {
  JwtRules asking = rules();
  asking.issuer = "https://id.example";
  asking.audience = "chat";
  const auto user = [&](std::string_view claims) { return user_of_claims(claims, asking); };
  EXPECT_EQ(user(R"({"sub":"a","iss":"https://id.example","aud":"chat"})"), "a");
  EXPECT_EQ(user(R"({"sub":"a","iss":"https://id.example","aud":["mail","chat"]})"), "a");
  EXPECT_EQ(user(R"({"sub":"a","iss":"https://id.example","aud":["mail"]})"), "refused");
  EXPECT_EQ(user(R"({"sub":"a","iss":"https://id.example","aud":[]})"), "refused");
  EXPECT_EQ(user(R"({"sub":"a","iss":"https://id.example","aud":{"chat":1}})"), "refused");
  EXPECT_EQ(user(R"({"sub":"a","iss":"https://id.example"})"), "refused");
  EXPECT_EQ(user(R"({"sub":"a","iss":"https://id.example/","aud":"chat"})"), "refused");
  EXPECT_EQ(user(R"({"sub":"a","iss":["https://id.example"],"aud":"chat"})"), "refused");
  EXPECT_EQ(user(R"({"sub":"a","aud":"chat"})"), "refused");
}

TEST(Jwt, TheLongestTokenIsTakenAndOneByteMoreIsNot) {
  const auto token_with = [](std::size_t padding) {
    return make_token(kHs256, R"({"sub":"alice","x":")" + std::string(padding, 'x') + "\"}");
  };
  std::size_t padding = 0;
  while (token_with(padding + 1).size() <= kMaxTokenBytes) ++padding;
  EXPECT_EQ(user_of(token_with(padding)), "alice");
  EXPECT_EQ(user_of(token_with(padding + 1)), "refused");
}

TEST(Base64Url, IsStrict) {
  EXPECT_EQ(decode_base64url(""), "");
  EXPECT_EQ(decode_base64url("Zg"), "f");
  EXPECT_EQ(decode_base64url("Zm8"), "fo");
  EXPECT_EQ(decode_base64url("Zm9v"), "foo");
  EXPECT_EQ(decode_base64url("-_8"), "\xFB\xFF");
  for (const char* wrong : {"Z", "Zm9vY", "Zg==", "Zg=", "Zh", "Zm9", "+/8", "Zm 9v", "Zm9v\n", "Zm9\xC3\xA9"}) {
    EXPECT_FALSE(decode_base64url(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace chatcore::access
