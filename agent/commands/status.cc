#include <chrono>
#include <cstdio>
#include <string>

#include <nlohmann/json.hpp>

#include "agent/commands/commands.h"
#include "agent/commands/terminal.h"
#include "base/digest.h"
#include "base/http_client.h"
#include "base/regular_file.h"
#include "base/terminal_text.h"
#include "base/web/web_config.h"
#include "guard/config/config.h"

namespace agent {
namespace {

using nlohmann::json;

// What is printed comes from outside: container names, log lines, an engine's words.
std::string shown(const json& text) { return base::terminal_text(text.get<std::string>()); }

// "  ! memory 640 MiB, 91% of 700 MiB: near its limit": trouble stands out without colour too.
const char* mark_of(const std::string& urgency) { return urgency == "trouble" ? "!" : urgency == "notice" ? "·" : " "; }

void print_workload(const json& workload) {
  std::printf("%s: %s (%s, %s)\n", shown(workload.at("name")).c_str(), shown(workload.at("verdict")).c_str(),
              shown(workload.at("kind")).c_str(), shown(workload.at("lifecycle").at("state")).c_str());
  for (const json& sentence : workload.at("words")) {
    std::printf("  %s %s\n", mark_of(sentence.at("urgency")), shown(sentence.at("text")).c_str());
  }
}

void print_status(const json& status) {
  if (status.at("dry_run").get<bool>()) std::printf("dry run: nothing is touched\n");
  for (const json& source : status.at("sources")) {
    if (source.at("up").get<bool>()) continue;
    std::printf("source %s is down: %s\n", shown(source.at("source")).c_str(), shown(source.at("why")).c_str());
  }
  for (const json& sentence : status.at("host").at("words")) std::printf("host: %s\n", shown(sentence).c_str());
  for (const json& workload : status.at("workloads")) print_workload(workload);
  if (status.at("workloads").empty()) std::printf("no workloads are configured\n");
}

// The answers of one agent are always of its own version's form; an answer of another form is another program's.
int print(const std::string& body, bool one_workload) {
  const json document = json::parse(body, nullptr, false);
  try {
    if (one_workload)
      print_workload(document);
    else
      print_status(document);
  } catch (const json::exception&) {
    std::fprintf(stderr, "leakguard status: what answers there is not a leakguard agent of this version\n");
    return kFailed;
  }
  return kFine;
}

// How to reach an agent: its URL without a path, and its certificate where that is known.
struct Agent {
  std::string url;
  std::string certificate;  // PEM; "": to be checked by a CA
};

// Without a scheme: https if a password is sent, otherwise http.
std::string url_of(const std::string& address, bool has_password) {
  if (address.find("://") != std::string::npos) return address;
  return (has_password ? "https://" : "http://") + address;
}

// The agent of that configuration, on this machine.
base::Result<Agent> configured_agent(const std::string& file) {
  const auto result = guard::config::load_config(file);
  if (!result.config) {
    std::string what =
        "wrong configuration; name the agent instead: leakguard status --address " + std::string(kDefaultAddress);
    for (const auto& problem : result.problems) what += "\n" + to_string(problem);
    return base::fail(base::Code::invalid_argument, what);
  }
  const guard::config::AgentConfig& agent = result.config->agent;
  if (agent.listen.empty())
    return base::fail(base::Code::invalid_argument,
                      file + ": agent.listen is empty: the agent has no address to query");
  const std::string& listen = agent.listen.front();
  const std::string address = listen.starts_with(':') ? "127.0.0.1" + listen : listen;
  if (agent.web_config_file.empty()) return Agent{"http://" + address, ""};
  auto certificate = base::load_web_certificate(agent.web_config_file);
  if (!certificate)
    return base::fail(certificate.error().code, certificate.error().message +
                                                    "; name the agent and its CA instead: leakguard status --address "
                                                    "https://" +
                                                    address + " --ca-file FILE");
  return Agent{(certificate->empty() ? "http://" : "https://") + address, std::move(*certificate)};
}

// The header that proves who asks; nothing when no user is given.
base::Result<base::HttpHeaders> authorization_of(const StatusOptions& options) {
  constexpr std::size_t kMostBytes = 1024;
  if (options.user.empty()) return base::HttpHeaders();
  auto password = base::read_regular_file(options.password_file, kMostBytes);
  if (!password) return base::fail(password.error().within("--password-file"));
  while (!password->empty() && (password->back() == '\n' || password->back() == '\r')) password->pop_back();
  return base::HttpHeaders{{"Authorization", "Basic " + base::encode_base64(options.user + ":" + *password)}};
}

}  // namespace

int status(const StatusOptions& options) {
  Agent agent{url_of(options.address.empty() ? kDefaultAddress : options.address, !options.user.empty()), ""};
  if (!options.config.empty()) {
    auto configured = configured_agent(options.config);
    if (!configured) {
      std::fprintf(stderr, "leakguard status: %s\n", base::terminal_lines(configured.error().message).c_str());
      return kWrongConfiguration;
    }
    agent = std::move(*configured);
  } else if (options.address.empty()) {
    // A configuration that is unreadable or invalid must not prevent the query: use the default address.
    agent = configured_agent(kDefaultConfigFile).value_or(agent);
  }
  auto authorization = authorization_of(options);
  if (!authorization) {
    print_error("leakguard status: " + authorization.error().message);
    return kFailed;
  }
  base::FetchRequest request;
  request.url = agent.url + (options.workload.empty() ? "/api/v1/status" : "/api/v1/workloads/" + options.workload);
  request.headers = std::move(*authorization);
  request.ca_file = options.ca_file;
  if (options.ca_file.empty()) request.server_certificate = agent.certificate;
  request.total_timeout = std::chrono::seconds(5);
  const auto answer = base::fetch(request);
  if (!answer && answer.error().code == base::Code::invalid_argument) {
    print_error("leakguard status: '" + options.workload + "' at '" + agent.url +
                "' is not a valid request: " + answer.error().message);
    return kFailed;
  }
  // curl names the certificate, SSL or TLS in all of its messages about a handshake.
  const bool is_about_tls = !answer && (answer.error().message.find("SSL") != std::string::npos ||
                                        answer.error().message.find("TLS") != std::string::npos ||
                                        answer.error().message.find("certificate") != std::string::npos);
  if (is_about_tls) {
    print_error("leakguard status: no TLS connection to " + agent.url + ": " + answer.error().message +
                ". Check --ca-file, and that the agent was reloaded after its certificate was renewed; if the agent "
                "requires a client certificate, use curl --cert");
    return kUnreachable;
  }
  if (!answer) {
    print_error("leakguard status: no agent answers at " + agent.url + " (" + answer.error().message +
                "); is it running? try: systemctl status leakguard");
    return kUnreachable;
  }
  if (answer->status == 401) {
    print_error("leakguard status: the agent at " + agent.url +
                (options.user.empty()
                     ? " asks for a password: add --user NAME --password-file FILE, with a user of basic_auth_users"
                     : " refuses this user and password"));
    return kFailed;
  }
  if (answer->status == 404 && !options.workload.empty()) {
    print_error("leakguard status: the agent guards no workload called '" + options.workload + "'");
    return kFailed;
  }
  if (answer->status != 200) {
    const std::string what = answer->status == 503 ? "the agent is not ready: "
                                                   : "the agent at " + agent.url + " answered with status " +
                                                         std::to_string(answer->status) + ": ";
    std::fprintf(stderr, "leakguard status: %s", base::terminal_lines(what + answer->body).c_str());
    return answer->status == 503 ? kUnreachable : kFailed;
  }
  if (!options.json) return print(answer->body, !options.workload.empty());
  print_json(answer->body);
  return kFine;
}

}  // namespace agent
