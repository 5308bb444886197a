#include "base/web/web_config.h"

#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace base {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// The files that the configurations below name.
Result<std::string> read_fixture(const std::string& path, bool /*is_secret*/) {
  std::ifstream file(std::string(FIXTURES) + "/tls/" + path);
  if (!file.is_open()) return fail(Code::not_found, "open " + path + ": No such file or directory");
  return std::string(std::istreambuf_iterator<char>(file), {});
}

WebConfigResult parse(const std::string& yaml) { return parse_web_config(yaml, "web.yml", read_fixture); }

WebConfigFile config_of(const std::string& yaml) {
  auto result = parse(yaml);
  for (const auto& problem : result.problems) ADD_FAILURE() << to_string(problem);
  return result.config.value_or(WebConfigFile{});
}

// The only problem of that text, as it is shown.
std::string problem_of(const std::string& yaml) {
  const auto result = parse(yaml);
  EXPECT_FALSE(result.config) << yaml;
  EXPECT_EQ(result.problems.size(), 1U) << yaml;
  return result.problems.empty() ? "" : to_string(result.problems.front());
}

std::string tls_with(const std::string& more) {
  return "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n" + more;
}

constexpr const char* kHash = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";

TEST(WebConfig, AnEmptyFileAsksForNothing) {
  for (const char* yaml : {"", "# nothing\n", "basic_auth_users:\nhttp_server_config:\n"}) {
    const auto config = config_of(yaml);
    EXPECT_FALSE(config.tls) << yaml;
    EXPECT_FALSE(config.authenticates()) << yaml;
  }
}

TEST(WebConfig, WhatIsNotYamlOrHasUnknownKeysIsRefusedWithItsPlace) {
  EXPECT_THAT(problem_of("hWkNKCp3fvIX3jKnsaBI\n"), HasSubstr("web.yml:1:1: expected keys with values"));
  EXPECT_THAT(problem_of("cert_file: server.pem\n"), HasSubstr("web.yml:1:1: cert_file: unknown key"));
  EXPECT_THAT(problem_of("tls_server_confg: {}\n"), HasSubstr("did you mean \"tls_server_config\"?"));
  EXPECT_THAT(problem_of(tls_with("  cert_fil: x\n")), HasSubstr("web.yml:4:3: tls_server_config.cert_fil"));
  EXPECT_THAT(problem_of("a: [\n"), HasSubstr("not valid YAML"));
}

TEST(WebConfig, ACertificateAndItsKeyAreNeeded) {
  EXPECT_THAT(problem_of("tls_server_config: {key_file: server.key}"), HasSubstr("cert_file: missing"));
  EXPECT_THAT(problem_of("tls_server_config: {cert_file: '', key_file: server.key}"), HasSubstr("cert_file: missing"));
  EXPECT_THAT(problem_of("tls_server_config: {cert_file: server.pem}"), HasSubstr("key_file: missing"));
  const auto both = parse("tls_server_config: {cert_file: '', key_file: ''}");
  EXPECT_EQ(both.problems.size(), 2U);
}

TEST(WebConfig, AFileThatIsNotThereIsNamed) {
  EXPECT_THAT(problem_of("tls_server_config: {cert_file: nowhere.pem, key_file: server.key}"),
              HasSubstr("tls_server_config.cert_file: open nowhere.pem: No such file"));
  EXPECT_THAT(problem_of("tls_server_config: {cert_file: server.pem, key_file: nowhere.key}"),
              HasSubstr("tls_server_config.key_file: open nowhere.key: No such file"));
  EXPECT_THAT(problem_of(tls_with("  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: nowhere.pem\n")),
              HasSubstr("client_ca_file: open nowhere.pem: No such file"));
}

TEST(WebConfig, ACertificateThatIsNoneOrDoesNotFitItsKeyIsRefused) {
  EXPECT_THAT(problem_of("tls_server_config: {cert_file: make.sh, key_file: server.key}"),
              HasSubstr("no PEM certificate"));
  EXPECT_THAT(problem_of("tls_server_config: {cert_file: server.pem, key_file: make.sh}"),
              HasSubstr("not a PEM private key"));
  EXPECT_THAT(problem_of("tls_server_config: {cert_file: server.pem, key_file: client.key}"),
              HasSubstr("does not match the certificate"));
  EXPECT_THAT(problem_of("tls_server_config: {cert_file: server.pem, key_file: encrypted.key}"),
              HasSubstr("is encrypted"));
}

TEST(WebConfig, CertificateAndKeyMayStandInTheFile) {
  const auto indented = [](const std::string& pem) {
    std::istringstream lines(pem);
    std::string text;
    for (std::string line; std::getline(lines, line);) text += "    " + line + "\n";
    return text;
  };
  const std::string certificate = *read_fixture("server.pem", false);
  const auto config = config_of("tls_server_config:\n  cert: |\n" + indented(certificate) + "  key: |\n" +
                                indented(*read_fixture("server.key", true)));
  ASSERT_TRUE(config.tls);
  EXPECT_EQ(config.tls->certificates, certificate);
  EXPECT_THAT(problem_of(tls_with("  key: abc\n")), HasSubstr("set only one of key and key_file"));
}

TEST(WebConfig, ClientCertificatesAreAskedForByGosNames) {
  using enum ClientCertificate;
  const std::map<std::string, ClientCertificate> types{{"NoClientCert", none},
                                                       {"RequestClientCert", requested},
                                                       {"RequireAnyClientCert", required},
                                                       {"VerifyClientCertIfGiven", verified_if_given},
                                                       {"RequireAndVerifyClientCert", verified}};
  for (const auto& [name, type] : types) {
    const bool has_ca = type == verified || type == verified_if_given;
    const auto config =
        config_of(tls_with("  client_auth_type: " + name + (has_ca ? "\n  client_ca_file: ca.pem\n" : "\n")));
    ASSERT_TRUE(config.tls) << name;
    EXPECT_EQ(config.tls->client_certificate, type) << name;
    EXPECT_EQ(config.authenticates(), type == verified) << name;
  }
  EXPECT_THAT(problem_of(tls_with("  client_auth_type: Sometimes\n")), HasSubstr("expected one of: NoClientCert"));
}

TEST(WebConfig, AClientCaNeedsAPolicyAndAPolicyACa) {
  EXPECT_THAT(problem_of(tls_with("  client_ca_file: ca.pem\n")), HasSubstr("not asked for a certificate"));
  EXPECT_THAT(problem_of(tls_with("  client_auth_type: RequireAndVerifyClientCert\n")), HasSubstr("client_ca_file"));
  EXPECT_THAT(problem_of(tls_with("  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: make.sh\n")),
              HasSubstr("client CA: there is no PEM certificate"));
}

TEST(WebConfig, NamesOfClientsNeedACertificateThatIsRequired) {
  for (const char* type : {"NoClientCert", "RequestClientCert", "VerifyClientCertIfGiven"}) {
    const bool has_ca = std::string(type).starts_with("Verify");
    EXPECT_THAT(problem_of(tls_with("  client_allowed_sans: [a]\n  client_auth_type: " + std::string(type) +
                                    (has_ca ? "\n  client_ca_file: ca.pem\n" : "\n"))),
                HasSubstr("client_allowed_sans"))
        << type;
  }
  const auto config = config_of(tls_with("  client_allowed_sans: [a, b]\n  client_auth_type: RequireAnyClientCert\n"));
  EXPECT_THAT(config.tls->client_allowed_sans, ElementsAre("a", "b"));
}

TEST(WebConfig, VersionsBelowTls12AreRefused) {
  EXPECT_THAT(problem_of(tls_with("  min_version: TLS11\n")), HasSubstr("TLS 1.2 is the minimum"));
  EXPECT_THAT(problem_of(tls_with("  max_version: TLS10\n")), HasSubstr("TLS 1.2 is the minimum"));
  EXPECT_THAT(problem_of(tls_with("  min_version: TLS111\n")), HasSubstr("unknown TLS version"));
  EXPECT_THAT(problem_of(tls_with("  min_version: TLS13\n  max_version: TLS12\n")), HasSubstr("below min_version"));
  EXPECT_FALSE(config_of(tls_with("  min_version: TLS13\n")).tls->allows_1_2);
  EXPECT_FALSE(config_of(tls_with("  max_version: TLS12\n")).tls->allows_1_3);
}

TEST(WebConfig, InventedCiphersAndCurvesAreRefused) {
  EXPECT_THAT(problem_of(tls_with("  cipher_suites: [TLS_RSA_WITH_RC4_128_SHA2048]\n")),
              HasSubstr("unknown cipher suite"));
  EXPECT_THAT(problem_of(tls_with("  cipher_suites: [TLS_RSA_WITH_NULL_SHA256]\n")), HasSubstr("unknown cipher suite"));
  EXPECT_THAT(problem_of(tls_with("  curve_preferences: [CurveP257]\n")), HasSubstr("unknown curve CurveP257"));
  const auto config = config_of(tls_with(
      "  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]\n"
      "  curve_preferences: [CurveP256, CurveP384, CurveP521, X25519]\n  prefer_server_cipher_suites: false\n"));
  EXPECT_EQ(config.tls->cipher_suites.size(), 2U);
  EXPECT_FALSE(config.tls->prefers_own_order);
}

TEST(WebConfig, OnlyHeadersThatProtectCanBeSet) {
  const auto config = config_of(
      "http_server_config:\n  http2: false\n  headers:\n    X-Frame-Options: DENY\n    X-Content-Type-Options: "
      "nosniff\n"
      "    Strict-Transport-Security: max-age=60\n    X-XSS-Protection: ''\n");
  EXPECT_EQ(config.headers.size(), 3U);
  const auto header = [](const std::string& line) { return "http_server_config: {headers: {" + line + "}}"; };
  EXPECT_THAT(problem_of(header("X-Content-Type-Options: sniff")), HasSubstr("expected nosniff"));
  EXPECT_THAT(problem_of(header("X-Frame-Options: everyone")), HasSubstr("expected deny or sameorigin"));
  EXPECT_THAT(problem_of(header("X-Frame-Options: deny sameorigin")), HasSubstr("expected deny or sameorigin"));
  EXPECT_THAT(problem_of(header("Custom: 1")), HasSubstr("this header cannot be set"));
  EXPECT_THAT(problem_of(header("Content-Security-Policy: \"a\\r\\nSet-Cookie: b\"")),
              HasSubstr("Content-Security-Policy"));
}

TEST(WebConfig, PasswordsAreBcryptHashes) {
  const auto config = config_of(std::string("basic_auth_users: {alice: ") + kHash + "}");
  EXPECT_EQ(config.users.at("alice"), kHash);
  EXPECT_TRUE(config.authenticates());
  EXPECT_THAT(problem_of("basic_auth_users: {john: doe}"),
              HasSubstr("basic_auth_users.john: expected the bcrypt hash"));
  EXPECT_THAT(problem_of("basic_auth_users: {john: " + std::string(kHash).replace(4, 2, "15") + "}"),
              HasSubstr("a cost of 15"));
  EXPECT_TRUE(parse("basic_auth_users: {john: " + std::string(kHash).replace(4, 2, "14") + "}").config);
  EXPECT_THAT(problem_of("basic_auth_users: {john: }"), HasSubstr("htpasswd"));
  EXPECT_THAT(problem_of(std::string("basic_auth_users: {'a:b': ") + kHash + "}"), HasSubstr("must not be empty or contain a colon"));
}

TEST(WebConfig, NoProblemShowsAHash) {
  const std::string almost = std::string(kHash) + "x";
  EXPECT_THAT(problem_of("basic_auth_users: {john: " + almost + "}"), testing::Not(HasSubstr("$2y$10$QO")));
}

TEST(WebConfig, TheRateHasAnIntervalAndABurst) {
  const auto config = config_of("rate_limit: {interval: 1s, burst: 3}");
  ASSERT_TRUE(config.rate);
  EXPECT_DOUBLE_EQ(config.rate->per_second, 1);
  EXPECT_EQ(config.rate->burst, 3U);
  EXPECT_FALSE(config_of("rate_limit: {interval: 0}").rate);
  EXPECT_FALSE(config_of("rate_limit: {interval: 0s, burst: 5}").rate);
  EXPECT_THAT(problem_of("rate_limit: {interval: 2d}"), HasSubstr("at most a day"));
  EXPECT_THAT(problem_of("rate_limit: {interval: 1s, burst: 10001}"), HasSubstr("expected 1 to 10000"));
  EXPECT_THAT(problem_of("rate_limit: {interval: often}"), HasSubstr("rate_limit.interval"));
  EXPECT_THAT(problem_of("rate_limit: {interval: 1s, burst: 0}"), HasSubstr("expected 1 to 10000"));
}

}  // namespace
}  // namespace base
