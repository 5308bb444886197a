#include "guard/action/engine_control.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/http_client.h"
#include "guard/action/engine_control_update.h"

namespace guard::action {
namespace {

using Json = nlohmann::json;
using base::Code;
using base::fail;
using std::chrono::milliseconds;

constexpr std::size_t kIdDigits = 64;
constexpr std::size_t kMaxMessageBytes = 300;
constexpr std::size_t kMaxAnswerBytes = 32u << 20;  // a description carries all labels of its container
constexpr std::chrono::hours kLongestDrain{1};
constexpr int kHighestSignal = 64;

base::Status check_id(const std::string& id) {
  const bool is_id = id.size() == kIdDigits && id.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_id) return fail(Code::invalid_argument, "not a container id of 64 hex digits");
  return {};
}

// The kernel's words for a value that it does not take, handed on by the engine as an error of its own (500).
bool tells_of_a_refused_value(std::string_view message) {
  constexpr std::array<std::string_view, 7> kWords{
      "device or resource busy", "invalid argument",      "numerical result out of range",
      "not supported",           "read-only file system", "operation not permitted",
      "permission denied"};
  std::string lower(message);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::any_of(kWords, [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

// Request timeout, too many requests, and what an engine says while it starts or is overloaded.
bool is_passing(int status) {
  return status == 408 || status == 429 || status == 502 || status == 503 || status == 504;
}

Code code_of(int status) {
  if (status == 404) return Code::not_found;
  if (status == 409) return Code::conflict;
  if (status == 408) return Code::deadline_exceeded;
  if (status == 429) return Code::exhausted;
  if (status == 401 || status == 403) return Code::permission_denied;
  return status >= 500 ? Code::unavailable : Code::invalid_argument;
}

std::string message_of(const std::string& body) {
  const Json json = Json::parse(body, nullptr, false);
  if (json.is_object() && json.contains("message") && json["message"].is_string())
    return json["message"].get<std::string>().substr(0, kMaxMessageBytes);
  return body.substr(0, kMaxMessageBytes);
}

base::Result<std::int64_t> drain_seconds(std::chrono::nanoseconds drain) {
  if (drain < drain.zero() || drain > kLongestDrain)
    return fail(Code::invalid_argument, "a drain time must be between 0 and 1 hour");
  return std::chrono::ceil<std::chrono::seconds>(drain).count();
}

}  // namespace

bool is_permanent_refusal(const base::Error& error) {
  return error.is_permanent || error.code == Code::invalid_argument || error.code == Code::not_found ||
         error.code == Code::permission_denied;
}

EngineControl::EngineControl(EngineControlOptions options, std::stop_token stop)
    : options_(std::move(options)), stop_(std::move(stop)) {}

base::Result<std::string> EngineControl::send(const Request& request) const {
  base::FetchRequest http;
  http.method = request.method;
  http.url = "http://engine" + request.path + request.container_id + request.verb;
  http.unix_socket = options_.socket;
  http.total_timeout = options_.timeout + request.patience;
  http.body = request.body;
  http.stop = stop_;
  http.max_body_bytes = kMaxAnswerBytes;
  if (!request.body.empty()) http.headers.emplace_back("content-type", "application/json");
  auto answer = base::fetch(http);
  if (!answer) return fail(answer.error());
  const bool is_done = answer->status >= 200 && answer->status < 300;
  const bool is_so_already = answer->status == 304;
  if (is_done || is_so_already) return std::move(answer->body);
  base::Error error{code_of(answer->status), {}};
  const std::string words = message_of(answer->body);
  error.message = "engine answered " + std::to_string(answer->status) + ": " + words;
  error.is_permanent = !is_passing(answer->status) && (answer->status < 500 || tells_of_a_refused_value(words));
  return fail(std::move(error));
}

base::Result<bool> EngineControl::is_podman() const {
  base::FetchRequest request;
  request.url = "http://engine/version";
  request.unix_socket = options_.socket;
  request.total_timeout = options_.timeout;
  request.stop = stop_;
  const auto answer = base::fetch(request);
  if (!answer) return fail(answer.error());
  const Json json = Json::parse(answer->body, nullptr, false);
  if (!json.is_object() || !json.contains("Components") || !json["Components"].is_array()) return false;
  return std::ranges::any_of(json["Components"], [](const Json& component) {
    return component.is_object() && component.contains("Name") && component["Name"] == "Podman Engine";
  });
}

base::Status EngineControl::post(Request request, std::string_view what) const {
  if (const auto id = check_id(request.container_id); !id) return id;
  request.method = "POST";
  if (const auto answer = send(request); !answer) return fail(answer.error().within(what));
  return {};
}

base::Status EngineControl::update_caps(const std::string& container_id, const sample::Caps& caps) const {
  constexpr std::string_view kWhat = "update container";
  if (const auto id = check_id(container_id); !id) return id;
  const auto described = send({.method = "GET", .container_id = container_id, .verb = "/json"});
  if (!described) return fail(described.error().within(kWhat));
  const auto podman = is_podman();
  if (!podman) return fail(podman.error().within(kWhat));
  const auto body = *podman ? podman_update(caps, *described) : container_update(caps, *described);
  if (!body) return fail(body.error().within(kWhat));
  if (body->empty()) return {};
  Request request{.container_id = container_id, .verb = "/update", .body = *body};
  if (*podman) request.path = "/v4.0.0/libpod/containers/";
  return post(std::move(request), kWhat);
}

base::Status EngineControl::restart(const std::string& container_id, std::chrono::nanoseconds drain) const {
  const auto seconds = drain_seconds(drain);
  if (!seconds) return fail(seconds.error());
  return post({.container_id = container_id,
               .verb = "/restart?t=" + std::to_string(*seconds),
               .patience = std::chrono::seconds(*seconds)},
              "restart container");
}

base::Status EngineControl::stop(const std::string& container_id, std::chrono::nanoseconds drain) const {
  const auto seconds = drain_seconds(drain);
  if (!seconds) return fail(seconds.error());
  return post({.container_id = container_id,
               .verb = "/stop?t=" + std::to_string(*seconds),
               .patience = std::chrono::seconds(*seconds)},
              "stop container");
}

base::Status EngineControl::start(const std::string& container_id) const {
  return post({.container_id = container_id, .verb = "/start"}, "start container");
}

base::Status EngineControl::kill(const std::string& container_id, int signal) const {
  if (signal < 1 || signal > kHighestSignal) return fail(Code::invalid_argument, "a signal is a number from 1 to 64");
  return post({.container_id = container_id, .verb = "/kill?signal=" + std::to_string(signal)}, "kill container");
}

}  // namespace guard::action
