#include "base/web/web_config.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

#include "base/config/files.h"
#include "base/config/reader.h"
#include "base/config/trust.h"
#include "base/regular_file.h"
#include "base/units.h"
#include "base/web/basic_auth.h"

namespace base {
namespace {

using config::Reader;
using config::YamlNode;

// One check takes about 70 ms at cost 10 and doubles with each step: 1.1 s at 14. Checks run one at a time.
constexpr std::string_view kMaxCost = "14";

std::span<const std::string_view> keys_of(std::string_view section) {
  static constexpr std::array<std::string_view, 4> kRoot{"tls_server_config", "http_server_config", "basic_auth_users",
                                                         "rate_limit"};
  static constexpr std::array<std::string_view, 13> kTls{"cert",
                                                         "cert_file",
                                                         "key",
                                                         "key_file",
                                                         "client_ca",
                                                         "client_ca_file",
                                                         "client_auth_type",
                                                         "client_allowed_sans",
                                                         "min_version",
                                                         "max_version",
                                                         "cipher_suites",
                                                         "curve_preferences",
                                                         "prefer_server_cipher_suites"};
  static constexpr std::array<std::string_view, 2> kHttp{"http2", "headers"};
  static constexpr std::array<std::string_view, 2> kRate{"interval", "burst"};
  if (section.empty()) return kRoot;
  if (section == "tls_server_config") return kTls;
  if (section == "http_server_config") return kHttp;
  if (section == "rate_limit") return kRate;
  return {};
}

bool is_set(const Reader& section, std::string_view key) {
  const YamlNode* const node = section.find(key);
  return node != nullptr && node->kind != YamlNode::Kind::null;
}
// "" when missing or empty, as the form has it.
std::string text_of(const Reader& section, std::string_view key) {
  std::string text;
  if (is_set(section, key)) section.read(key, text);
  return text;
}
bool flag_of(const Reader& section, std::string_view key, bool otherwise) {
  if (!text_of(section, key).empty()) section.read(key, otherwise);
  return otherwise;
}
std::vector<std::string> texts_of(const Reader& section, std::string_view key) {
  std::vector<std::string> texts;
  for (auto& scalar : section.texts(key)) texts.push_back(std::move(scalar.text));
  return texts;
}

// What may stand in the file itself ("cert") or in one of its own ("cert_file").
std::string read_pem(const Reader& tls, const std::string& key, const ReadNamedFile& read_file) {
  const std::string file_key = key + "_file";
  std::string text = text_of(tls, key);
  const std::string path = text_of(tls, file_key);
  if (path.empty()) return text;
  if (!text.empty()) {
    tls.problem(key, "set only one of " + key + " and " + file_key);
    return "";
  }
  auto read = read_file(path, key == "key");
  if (read && !read->empty()) return std::move(*read);
  tls.problem(file_key, read ? path + " is empty" : read.error().message);
  return "";
}

void read_client_certificates(const Reader& section, const ReadNamedFile& read_file, TlsSettings& tls) {
  using enum ClientCertificate;
  constexpr std::array<std::pair<std::string_view, ClientCertificate>, 6> kTypes{
      {{"", none},
       {"NoClientCert", none},
       {"RequestClientCert", requested},
       {"RequireAnyClientCert", required},
       {"VerifyClientCertIfGiven", verified_if_given},
       {"RequireAndVerifyClientCert", verified}}};
  const std::string type = text_of(section, "client_auth_type");
  const auto known = std::ranges::find(kTypes, type, &std::pair<std::string_view, ClientCertificate>::first);
  if (known == kTypes.end())
    return section.problem("client_auth_type",
                           "expected one of: NoClientCert, RequestClientCert, RequireAnyClientCert, "
                           "VerifyClientCertIfGiven, RequireAndVerifyClientCert");
  tls.client_certificate = known->second;
  tls.client_ca = read_pem(section, "client_ca", read_file);
  tls.client_allowed_sans = texts_of(section, "client_allowed_sans");
  const bool names_ca = section.has("client_ca") || section.has("client_ca_file");
  if (names_ca && tls.client_certificate == none)
    section.problem("client_ca_file",
                    "clients are not asked for a certificate: set client_auth_type to "
                    "RequireAndVerifyClientCert, or leave the CA out");
  const bool verifies = tls.client_certificate == verified || tls.client_certificate == verified_if_given;
  if (verifies && !names_ca)
    section.problem("client_auth_type", "needs client_ca_file: the CA that signs client certificates");
  if (std::ranges::find(tls.client_allowed_sans, "") != tls.client_allowed_sans.end())
    section.problem("client_allowed_sans", "names must not be empty");
  if (!tls.client_allowed_sans.empty() && tls.client_certificate != verified && tls.client_certificate != required)
    section.problem("client_allowed_sans",
                    "a client may connect without a certificate, so there may be no name to "
                    "check: set client_auth_type to RequireAndVerifyClientCert");
}

// 2 for TLS 1.2, 3 for TLS 1.3.
int read_version(const Reader& tls, std::string_view key, int otherwise) {
  const std::string text = text_of(tls, key);
  if (text == "TLS12") return 2;
  if (text == "TLS13") return 3;
  if (text == "TLS10" || text == "TLS11")
    tls.problem(key, "TLS 1.2 is the minimum supported version: write TLS12 or TLS13");
  else if (!text.empty())
    tls.problem(key, "unknown TLS version; write TLS12 or TLS13");
  return otherwise;
}

void read_algorithms(const Reader& section, TlsSettings& tls) {
  const int lowest = read_version(section, "min_version", 2);
  const int highest = read_version(section, "max_version", 3);
  if (lowest > highest) section.problem("max_version", "is below min_version");
  tls.allows_1_2 = lowest == 2;
  tls.allows_1_3 = highest == 3;
  tls.cipher_suites = texts_of(section, "cipher_suites");
  for (const std::string& name : tls.cipher_suites) {
    if (!is_cipher_suite(name))
      section.problem("cipher_suites", "unknown cipher suite " + name +
                                           "; write its IANA name, such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
  }
  tls.curves = texts_of(section, "curve_preferences");
  for (const std::string& name : tls.curves) {
    if (!is_curve(name))
      section.problem("curve_preferences",
                      "unknown curve " + name + "; valid curves: X25519, CurveP256, CurveP384, CurveP521");
  }
  tls.prefers_own_order = flag_of(section, "prefer_server_cipher_suites", true);
}

void read_tls(const Reader& section, const ReadNamedFile& read_file, WebConfigFile& out) {
  const auto& problems = section.context().problems;
  const std::size_t before = problems.size();
  TlsSettings tls;
  tls.certificates = read_pem(section, "cert", read_file);
  tls.key = read_pem(section, "key", read_file);
  const bool is_unread = problems.size() > before;
  if (tls.certificates.empty() && !is_unread) section.problem("cert_file", "missing: set it to the certificate's path");
  if (tls.key.empty() && !is_unread)
    section.problem("key_file", "missing: set it to the path of the certificate's key");
  read_client_certificates(section, read_file, tls);
  read_algorithms(section, tls);
  if (problems.size() > before) return;
  if (const auto context = TlsContext::make(tls); !context) return section.problem("", context.error().message);
  out.tls = std::move(tls);
}

void read_headers(const Reader& section, HttpHeaders& headers) {
  struct Header {
    std::string_view name;
    std::array<std::string_view, 2> values;  // lower case; empty: any
    std::string_view expected;
  };
  constexpr std::array<Header, 5> kHeaders{{{"Content-Security-Policy", {}, ""},
                                            {"X-Frame-Options", {"deny", "sameorigin"}, "expected deny or sameorigin"},
                                            {"X-Content-Type-Options", {"nosniff", "nosniff"}, "expected nosniff"},
                                            {"X-XSS-Protection", {}, ""},
                                            {"Strict-Transport-Security", {}, ""}}};
  for (const YamlNode& entry : section.entries()) {
    const auto known = std::ranges::find(kHeaders, entry.key, &Header::name);
    if (known == kHeaders.end()) {
      section.problem(entry.key,
                      "this header cannot be set; valid headers: Content-Security-Policy, X-Frame-Options, "
                      "X-Content-Type-Options, X-XSS-Protection, Strict-Transport-Security");
      continue;
    }
    const std::string value = text_of(section, entry.key);
    std::string folded = value;
    std::ranges::transform(folded, folded.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    if (std::ranges::any_of(value, [](unsigned char c) { return c < ' ' && c != '\t'; }))
      section.problem(entry.key, "header values must not contain control characters");
    else if (!value.empty() && !known->expected.empty() &&
             std::ranges::find(known->values, folded) == known->values.end())
      section.problem(entry.key, std::string(known->expected));
    else if (!value.empty())
      headers.emplace_back(entry.key, value);
  }
}

void read_users(const Reader& section, std::map<std::string, std::string>& users) {
  for (const YamlNode& entry : section.entries()) {
    const std::string hash = text_of(section, entry.key);
    if (entry.key.empty() || entry.key.find(':') != std::string::npos)
      section.problem(entry.key, "user names must not be empty or contain a colon");
    else if (!is_bcrypt_hash(hash))
      section.problem(entry.key,
                      "expected the bcrypt hash of a password ($2y$…), as printed by: htpasswd -nBC 10 NAME");
    else if (hash.substr(4, 2) > kMaxCost)
      section.problem(entry.key, "a cost of " + hash.substr(4, 2) +
                                     " makes one check take more than 1 s; hash the password again with 10: "
                                     "htpasswd -nBC 10 NAME");
    else
      users[entry.key] = hash;
  }
}

std::optional<RateLimit> read_rate(const Reader& section) {
  RateLimit rate;
  std::int64_t burst = static_cast<std::int64_t>(rate.burst);
  if (is_set(section, "burst") && section.read("burst", burst) &&
      (burst < 1 || burst > static_cast<std::int64_t>(kMaxBurst)))
    section.problem("burst", "expected 1 to 10000 requests");
  rate.burst = static_cast<decltype(rate.burst)>(burst);
  const std::string interval = text_of(section, "interval");
  if (interval.empty() || interval == "0") return std::nullopt;
  const auto parsed = parse_duration(interval);
  if (!parsed) {
    section.problem("interval", parsed.error().message);
    return std::nullopt;
  }
  if (parsed->count() == 0) return std::nullopt;
  rate.per_second = 1 / std::chrono::duration<double>(*parsed).count();
  if (rate.per_second < kSlowestRate) section.problem("interval", "expected at most a day");
  return rate;
}

}  // namespace

bool WebConfigFile::authenticates() const {
  return !users.empty() || (tls && tls->client_certificate == ClientCertificate::verified);
}

WebConfigResult parse_web_config(std::string_view yaml, std::string_view file_name, const ReadNamedFile& read_file) {
  WebConfigFile config;
  WebConfigResult result;
  const auto read = [&](const YamlNode& document, config::ReadContext& context) {
    const Reader root(&document, "", context);
    if (root.has("tls_server_config")) read_tls(root.map("tls_server_config"), read_file, config);
    const Reader http = root.map("http_server_config");
    static_cast<void>(flag_of(http, "http2", true));
    read_headers(http.map("headers"), config.headers);
    read_users(root.map("basic_auth_users"), config.users);
    config.rate = read_rate(root.map("rate_limit"));
  };
  // A bcrypt hash is full of $: variables are not expanded.
  result.problems = config::read_yaml(yaml, {std::string(file_name), keys_of}, read);
  if (result.problems.empty()) result.config = std::move(config);
  return result;
}

namespace {

Result<std::string> read_bounded(const std::string& path) {
  auto text = read_regular_file(path, config::kMostFileBytes + 1);
  if (text && text->size() > config::kMostFileBytes) return fail(Code::too_large, path + " is larger than 1 MiB");
  return text;
}

}  // namespace

WebConfigResult load_web_config(const std::string& path) {
  if (::geteuid() == 0) {
    if (auto distrust = config::find_distrust(path); !distrust.empty())
      return {std::nullopt, {{path, 0, 0, "", std::move(distrust)}}};
  }
  const auto text = read_bounded(path);
  if (!text) return {std::nullopt, {{path, 0, 0, "", "cannot be read: " + text.error().message}}};
  std::vector<std::string> warnings;
  const auto read_file = [&](const std::string& name, bool is_secret) {
    const std::string full = (std::filesystem::path(path).parent_path() / name).string();
    struct stat status {};
    if (is_secret && ::stat(full.c_str(), &status) == 0 && (status.st_mode & S_IROTH) != 0)
      warnings.push_back("all users can read the key " + full + "; run: chmod o-r " + full);
    return read_bounded(full);
  };
  auto result = parse_web_config(*text, path, read_file);
  if (!result.config) return result;
  if (result.config->tls && result.config->tls->client_certificate == ClientCertificate::required &&
      !result.config->tls->client_allowed_sans.empty())
    warnings.push_back(path +
                       ": with RequireAnyClientCert anyone can sign a certificate with a name of "
                       "client_allowed_sans; set client_auth_type to RequireAndVerifyClientCert");
  result.config->warnings = std::move(warnings);
  return result;
}

Result<std::string> load_web_certificate(const std::string& path) {
  const auto text = read_bounded(path);
  if (!text) return fail(text.error());
  std::string certificate;
  const auto problems = config::read_yaml(*text, {path, keys_of}, [&](const YamlNode& document, auto& context) {
    const Reader tls = Reader(&document, "", context).map("tls_server_config");
    certificate = read_pem(tls, "cert", [&](const std::string& name, bool) {
      return read_bounded((std::filesystem::path(path).parent_path() / name).string());
    });
  });
  if (certificate.empty() && !problems.empty()) return fail(Code::invalid_argument, to_string(problems.front()));
  return certificate;
}

}  // namespace base
