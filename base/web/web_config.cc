#include "base/web/web_config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <span>
#include <utility>

#include <sys/stat.h>

#include "base/config/nearest_key.h"
#include "base/config/yaml_tree.h"
#include "base/regular_file.h"
#include "base/units.h"
#include "base/web/basic_auth.h"

namespace base {
namespace {

using config::Position;
using config::YamlNode;

constexpr std::size_t kMaxFileBytes = 1u << 20;
// Each step doubles the time that one password takes: 70 ms at 10, a quarter of a minute at this one.
constexpr std::string_view kMostCost = "18";

// Reads one map of the tree, and notes what is wrong with its place.
class Section {
 public:
  // A null node is an empty map.
  Section(const YamlNode* node, std::string path, std::string_view file, std::vector<config::ConfigProblem>& problems)
      : node_(node), path_(std::move(path)), file_(file), problems_(&problems) {
    if (node_ == nullptr || node_->kind == YamlNode::Kind::map) return;
    if (node_->kind != YamlNode::Kind::null) problem_at(node_->at, path_, "expected a map");
    node_ = nullptr;
  }

  void allow_keys(std::span<const std::string_view> keys) const {
    for (const YamlNode& entry : entries()) {
      if (std::ranges::find(keys, entry.key) != keys.end()) continue;
      const auto nearest = config::nearest_key(entry.key, keys);
      std::string known;
      for (const auto key : keys) known += (known.empty() ? "" : ", ") + std::string(key);
      problem_at(entry.key_at, path_of(entry.key.substr(0, 64)),
                 nearest.empty() ? "unknown key; valid keys: " + known
                                 : "unknown key; did you mean \"" + std::string(nearest) + "\"?");
    }
  }

  [[nodiscard]] std::span<const YamlNode> entries() const {
    return node_ == nullptr ? std::span<const YamlNode>() : std::span(node_->children);
  }
  [[nodiscard]] const YamlNode* find(std::string_view key) const {
    const auto all = entries();
    const auto found = std::ranges::find(all, key, &YamlNode::key);
    return found == all.end() ? nullptr : &*found;
  }
  [[nodiscard]] Section section(std::string_view key) const { return {find(key), path_of(key), file_, *problems_}; }

  // "" when missing or empty.
  [[nodiscard]] std::string text(std::string_view key) const {
    const YamlNode* const node = find(key);
    if (node == nullptr || node->kind == YamlNode::Kind::null) return "";
    if (node->kind == YamlNode::Kind::scalar) return node->text;
    problem(key, "expected text");
    return "";
  }
  [[nodiscard]] bool flag(std::string_view key, bool otherwise) const {
    const std::string value = text(key);
    if (value == "true" || value == "false") return value == "true";
    if (!value.empty()) problem(key, "expected true or false");
    return otherwise;
  }
  [[nodiscard]] std::vector<std::string> texts(std::string_view key) const {
    std::vector<std::string> values;
    const YamlNode* const node = find(key);
    if (node == nullptr || node->kind == YamlNode::Kind::null) return values;
    if (node->kind != YamlNode::Kind::list) problem(key, "expected a list");
    for (const YamlNode& item : node->children) {
      if (item.kind == YamlNode::Kind::scalar)
        values.push_back(item.text);
      else
        problem_at(item.at, path_of(key), "expected text");
    }
    return values;
  }

  // At the value of `key`; at the section when that is missing.
  void problem(std::string_view key, std::string message) const {
    const YamlNode* const node = find(key);
    const Position at = node != nullptr ? node->at : node_ != nullptr ? node_->at : Position{};
    problem_at(at, path_of(key), std::move(message));
  }

 private:
  [[nodiscard]] std::string path_of(std::string_view key) const {
    if (path_.empty()) return std::string(key);
    return key.empty() ? path_ : path_ + "." + std::string(key);
  }
  void problem_at(Position at, std::string key, std::string message) const {
    problems_->push_back({std::string(file_), at.line, at.column, std::move(key), std::move(message)});
  }

  const YamlNode* node_;
  std::string path_;
  std::string_view file_;
  std::vector<config::ConfigProblem>* problems_;
};

// What may stand in the file itself ("cert") or in one of its own ("cert_file").
std::string read_pem(const Section& tls, const std::string& key, const ReadNamedFile& read_file) {
  const std::string file_key = key + "_file";
  std::string text = tls.text(key);
  const std::string path = tls.text(file_key);
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

void read_client_certificates(const Section& section, const ReadNamedFile& read_file, TlsSettings& tls) {
  using enum ClientCertificate;
  constexpr std::array<std::pair<std::string_view, ClientCertificate>, 6> kTypes{
      {{"", none},
       {"NoClientCert", none},
       {"RequestClientCert", requested},
       {"RequireAnyClientCert", required},
       {"VerifyClientCertIfGiven", verified_if_given},
       {"RequireAndVerifyClientCert", verified}}};
  const std::string type = section.text("client_auth_type");
  const auto known = std::ranges::find(kTypes, type, &std::pair<std::string_view, ClientCertificate>::first);
  if (known == kTypes.end())
    return section.problem("client_auth_type",
                           "expected one of: NoClientCert, RequestClientCert, RequireAnyClientCert, "
                           "VerifyClientCertIfGiven, RequireAndVerifyClientCert");
  tls.client_certificate = known->second;
  tls.client_ca = read_pem(section, "client_ca", read_file);
  tls.client_allowed_sans = section.texts("client_allowed_sans");
  const bool names_ca = section.find("client_ca") != nullptr || section.find("client_ca_file") != nullptr;
  if (names_ca && tls.client_certificate == none)
    section.problem("client_ca_file",
                    "clients are not asked for a certificate: set client_auth_type to "
                    "RequireAndVerifyClientCert, or leave the CA out");
  const bool verifies = tls.client_certificate == verified || tls.client_certificate == verified_if_given;
  if (verifies && !names_ca)
    section.problem("client_auth_type", "needs client_ca_file: the CA that signs client certificates");
  if (std::ranges::find(tls.client_allowed_sans, "") != tls.client_allowed_sans.end())
    section.problem("client_allowed_sans", "a name is not empty");
  if (!tls.client_allowed_sans.empty() && tls.client_certificate != verified && tls.client_certificate != required)
    section.problem("client_allowed_sans",
                    "a client may connect without a certificate, so there may be no name to "
                    "check: set client_auth_type to RequireAndVerifyClientCert");
}

// 2 for TLS 1.2, 3 for TLS 1.3.
int read_version(const Section& tls, std::string_view key, int otherwise) {
  const std::string text = tls.text(key);
  if (text == "TLS12") return 2;
  if (text == "TLS13") return 3;
  if (text == "TLS10" || text == "TLS11")
    tls.problem(key, "TLS 1.2 is the minimum supported version: write TLS12 or TLS13");
  else if (!text.empty())
    tls.problem(key, "unknown TLS version; write TLS12 or TLS13");
  return otherwise;
}

void read_algorithms(const Section& section, TlsSettings& tls) {
  const int lowest = read_version(section, "min_version", 2);
  const int highest = read_version(section, "max_version", 3);
  if (lowest > highest) section.problem("max_version", "is below min_version");
  tls.allows_1_2 = lowest == 2;
  tls.allows_1_3 = highest == 3;
  tls.cipher_suites = section.texts("cipher_suites");
  for (const std::string& name : tls.cipher_suites) {
    if (!is_cipher_suite(name))
      section.problem("cipher_suites", "unknown cipher suite " + name +
                                           "; write its IANA name, such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
  }
  tls.curves = section.texts("curve_preferences");
  for (const std::string& name : tls.curves) {
    if (!is_curve(name))
      section.problem("curve_preferences",
                      "unknown curve " + name + "; valid curves: X25519, CurveP256, CurveP384, CurveP521");
  }
  tls.prefers_own_order = section.flag("prefer_server_cipher_suites", true);
}

void read_tls(const Section& section, const ReadNamedFile& read_file, std::vector<config::ConfigProblem>& problems,
              WebConfigFile& out) {
  constexpr std::array<std::string_view, 13> kKeys{"cert",
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
  const std::size_t before = problems.size();
  section.allow_keys(kKeys);
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

void read_headers(const Section& section, HttpHeaders& headers) {
  struct Header {
    std::string_view name;
    std::string_view values;  // lower case, separated by blanks; empty: any
  };
  constexpr std::array<Header, 5> kHeaders{{{"Content-Security-Policy", ""},
                                            {"X-Frame-Options", "deny sameorigin"},
                                            {"X-Content-Type-Options", "nosniff"},
                                            {"X-XSS-Protection", ""},
                                            {"Strict-Transport-Security", ""}}};
  for (const YamlNode& entry : section.entries()) {
    const auto known = std::ranges::find(kHeaders, entry.key, &Header::name);
    if (known == kHeaders.end()) {
      section.problem(entry.key,
                      "this header cannot be set; valid headers: Content-Security-Policy, X-Frame-Options, "
                      "X-Content-Type-Options, X-XSS-Protection, Strict-Transport-Security");
      continue;
    }
    const std::string value = section.text(entry.key);
    std::string folded = value;
    std::ranges::transform(folded, folded.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    const std::string allowed = " " + std::string(known->values) + " ";
    if (std::ranges::any_of(value, [](unsigned char c) { return c < ' ' && c != '\t'; }))
      section.problem(entry.key, "a header's value has no control characters");
    else if (!known->values.empty() && !value.empty() && allowed.find(" " + folded + " ") == std::string::npos)
      section.problem(entry.key, "expected one of: " + std::string(known->values));
    else if (!value.empty())
      headers.emplace_back(entry.key, value);
  }
}

void read_users(const Section& section, std::map<std::string, std::string>& users) {
  for (const YamlNode& entry : section.entries()) {
    const std::string hash = section.text(entry.key);
    if (entry.key.empty() || entry.key.find(':') != std::string::npos)
      section.problem(entry.key, "a user's name is not empty and has no colon");
    else if (!is_bcrypt_hash(hash))
      section.problem(entry.key,
                      "expected the bcrypt hash of a password ($2y$…), as printed by: htpasswd -nBC 10 NAME");
    else if (hash.substr(4, 2) > kMostCost)
      section.problem(entry.key, "a cost of " + hash.substr(4, 2) +
                                     " makes one check take minutes; hash the password again "
                                     "with 10: htpasswd -nBC 10 NAME");
    else
      users[entry.key] = hash;
  }
}

std::optional<Rate> read_rate(const Section& section) {
  constexpr std::array<std::string_view, 2> kKeys{"interval", "burst"};
  section.allow_keys(kKeys);
  Rate rate;
  if (const std::string burst = section.text("burst"); !burst.empty()) {
    const auto [end, error] = std::from_chars(burst.data(), burst.data() + burst.size(), rate.burst);
    if (error != std::errc() || end != burst.data() + burst.size() || rate.burst < 1 || rate.burst > kMaxBurst)
      section.problem("burst", "expected a whole number of requests, from 1 to 10000");
  }
  const std::string interval = section.text("interval");
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
  constexpr std::array<std::string_view, 4> kSections{"tls_server_config", "http_server_config", "basic_auth_users",
                                                      "rate_limit"};
  constexpr std::array<std::string_view, 2> kHttpKeys{"http2", "headers"};
  WebConfigResult result;
  const auto document = config::parse_yaml(yaml);
  for (const auto& problem : document.problems)
    result.problems.push_back({std::string(file_name), problem.at.line, problem.at.column, "", problem.message});
  if (!result.problems.empty()) return result;
  WebConfigFile config;
  const Section root(&document.root, "", file_name, result.problems);
  root.allow_keys(kSections);
  if (root.find("tls_server_config") != nullptr)
    read_tls(root.section("tls_server_config"), read_file, result.problems, config);
  const Section http = root.section("http_server_config");
  http.allow_keys(kHttpKeys);
  static_cast<void>(http.flag("http2", true));
  read_headers(http.section("headers"), config.headers);
  read_users(root.section("basic_auth_users"), config.users);
  config.rate = read_rate(root.section("rate_limit"));
  if (result.problems.empty()) result.config = std::move(config);
  return result;
}

namespace {

Result<std::string> read_bounded(const std::string& path) {
  auto text = read_regular_file(path, kMaxFileBytes + 1);
  if (text && text->size() > kMaxFileBytes) return fail(Code::too_large, path + " is larger than 1 MiB");
  return text;
}

}  // namespace

WebConfigResult load_web_config(const std::string& path) {
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

}  // namespace base
