#include <algorithm>
#include <vector>

#include <netinet/in.h>

#include "base/http_host.h"
#include "base/socket_address.h"
#include "guard/config/sections.h"

namespace guard::config {

namespace {

constexpr std::size_t kMostListens = 16;
constexpr std::size_t kMostMounts = 32;
constexpr std::size_t kMostHosts = 64;

// A port of an address can be bound once. The wildcard address binds the port of all addresses.
bool collide(const base::SocketAddress& a, const base::SocketAddress& b) {
  if (a.family() != b.family()) return false;
  if (a.family() == AF_INET) {
    const auto& one = reinterpret_cast<const sockaddr_in&>(a.storage);
    const auto& other = reinterpret_cast<const sockaddr_in&>(b.storage);
    const auto of = [](const sockaddr_in& address) { return address.sin_addr.s_addr; };
    return one.sin_port == other.sin_port && one.sin_port != 0 &&
           (of(one) == of(other) || of(one) == INADDR_ANY || of(other) == INADDR_ANY);
  }
  const auto& one = reinterpret_cast<const sockaddr_in6&>(a.storage);
  const auto& other = reinterpret_cast<const sockaddr_in6&>(b.storage);
  return one.sin6_port == other.sin6_port && one.sin6_port != 0 &&
         (IN6_ARE_ADDR_EQUAL(&one.sin6_addr, &other.sin6_addr) || IN6_IS_ADDR_UNSPECIFIED(&one.sin6_addr) ||
          IN6_IS_ADDR_UNSPECIFIED(&other.sin6_addr));
}

// `is_protected`: a web config file is named; check_web_config() looks at what it says.
void read_listen(const Reader& section, const WebConfig& web, bool is_protected, std::vector<std::string>& listen) {
  if (!section.has("listen")) return;
  listen.clear();
  std::vector<base::SocketAddress> seen;
  for (auto& address : section.texts("listen")) {
    const auto problem = [&](std::string message) {
      section.context().add_problem(address.at, section.path_of("listen"), std::move(message));
    };
    const auto parsed = base::parse_listen_address(address.text);
    if (!parsed)
      problem("expected host:port, such as 127.0.0.1:10780 or [::1]:10780");
    else if (!web.allow_insecure && !is_protected && !base::is_loopback(*parsed))
      problem(
          "other machines can reach this address, and there is neither TLS nor a password; set agent.web_config_file, "
          "listen on 127.0.0.1:10780, or set web.allow_insecure to true where everyone may read the status");
    else if (std::ranges::any_of(seen, [&](const auto& other) { return collide(*parsed, other); }))
      problem("another address in this list has the same port and includes this one; remove one of them");
    else
      listen.push_back(std::move(address.text));
    if (parsed) seen.push_back(*parsed);
  }
  if (listen.size() > kMostListens) section.problem("listen", "at most 16 addresses");
}

// A text out of a fixed few.
template <class T>
void read_choice(const Reader& section, std::string_view key,
                 std::initializer_list<std::pair<std::string_view, T>> choices, T& out) {
  std::string text;
  if (!section.read(key, text)) return;
  std::string names;
  for (const auto& [name, value] : choices) {
    if (text == name) {
      out = value;
      return;
    }
    names.append(names.empty() ? "" : ", ").append(name);
  }
  section.problem(key, "expected one of: " + names);
}

void read_history(const Reader& section, HistoryConfig& history) {
  constexpr base::Bytes kLeast = base::mebibytes(1);
  if (section.read("max_size", history.max_size) && history.max_size.count != 0 && history.max_size < kLeast)
    section.problem("max_size", "at least 1MiB, or 0 to keep no history");
  if (section.read("keep", history.keep))
    check_range(section, "keep", history.keep, std::chrono::hours(1), std::chrono::hours(24 * 3660));
}

}  // namespace

void read_web(const Reader& section, WebConfig& web) {
  section.read("allow_insecure", web.allow_insecure);
  if (!section.has("allowed_hosts")) return;
  for (auto& host : section.texts("allowed_hosts")) {
    if (base::is_bare_host(host.text))
      web.allowed_hosts.push_back(std::move(host.text));
    else
      section.context().add_problem(host.at, section.path_of("allowed_hosts"),
                                    "expected a bare name or address, such as guard.example.org: leave out the "
                                    "scheme, port, brackets and wildcards");
  }
  if (web.allowed_hosts.size() > kMostHosts) section.problem("allowed_hosts", "at most 64 names");
}

void read_agent(const Reader& section, const WebConfig& web, AgentConfig& agent) {
  if (section.read("web_config_file", agent.web_config_file))
    check_path(section, "web_config_file", agent.web_config_file);
  read_listen(section, web, !agent.web_config_file.empty(), agent.listen);
  if (section.read("state_dir", agent.state_dir)) check_path(section, "state_dir", agent.state_dir);
  if (section.read("sample_interval", agent.sample_interval))
    check_range(section, "sample_interval", agent.sample_interval, std::chrono::milliseconds(100),
                std::chrono::minutes(1));
  section.read("dry_run", agent.dry_run);
  read_history(section.map("history"), agent.history);
  const auto log = section.map("log");
  using base::LogFormat;
  using base::LogLevel;
  read_choice<LogLevel>(log, "level",
                        {{"debug", LogLevel::debug},
                         {"info", LogLevel::info},
                         {"warning", LogLevel::warning},
                         {"error", LogLevel::error}},
                        agent.log_level);
  read_choice<LogFormat>(log, "format", {{"logfmt", LogFormat::logfmt}, {"json", LogFormat::json}}, agent.log_format);
}

void read_engine(const Reader& section, EngineConfig& engine) {
  if (!section.read("socket", engine.socket)) return;
  constexpr std::string_view kScheme = "unix://";
  if (engine.socket.compare(0, kScheme.size(), kScheme) == 0) engine.socket.erase(0, kScheme.size());
  check_path(section, "socket", engine.socket);
}

void read_host(const Reader& section, HostConfig& host) {
  if (!section.has("mounts")) return;
  host.mounts.clear();
  for (auto& mount : section.texts("mounts")) {
    if (mount.text.empty() || mount.text.front() != '/')
      section.context().add_problem(mount.at, section.path_of("mounts"), "expected an absolute path, such as /");
    else
      host.mounts.push_back(std::move(mount.text));
  }
  if (host.mounts.size() > kMostMounts) section.problem("mounts", "at most 32 mounts");
}

void read_receiver(const Reader& section, Draft& draft) {
  ReceiverConfig receiver;
  if (!section.has("name"))
    section.problem("name", "a receiver needs a name");
  else if (section.read("name", receiver.name) && check_name(section, "name", receiver.name))
    check_unique(section, "name", "receiver", receiver.name, draft.receiver_names);

  int kinds = 0;
  for (const auto kind : {ReceiverKind::webhook, ReceiverKind::alertmanager}) {
    if (!section.has(name_of(kind))) continue;
    ++kinds;
    receiver.kind = kind;
    const auto details = section.map(name_of(kind));
    if (!details.has("url"))
      details.problem("url", "where is it? write for example url: http://127.0.0.1:9093");
    else if (details.read("url", receiver.url))
      check_url(details, "url", receiver.url);
    if (details.read("bearer_token_file", receiver.bearer_token_file))
      check_path(details, "bearer_token_file", receiver.bearer_token_file);
  }
  if (kinds != 1) section.problem("", "a receiver is exactly one of: webhook, alertmanager");
  draft.config.notify.push_back(std::move(receiver));
}

}  // namespace guard::config
