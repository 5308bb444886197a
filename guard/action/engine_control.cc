#include "guard/action/engine_control.h"

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
constexpr std::chrono::hours kLongestDrain{1};
constexpr int kHighestSignal = 64;

base::Status check_id(const std::string& id) {
  const bool is_id = id.size() == kIdDigits && id.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_id) return fail(Code::invalid_argument, "not a container id of 64 hex digits");
  return {};
}

Code code_of(int status) {
  if (status == 404) return Code::not_found;
  if (status == 409) return Code::conflict;
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

EngineControl::EngineControl(EngineControlOptions options, std::stop_token stop)
    : options_(std::move(options)), stop_(std::move(stop)) {}

base::Result<std::string> EngineControl::ask(const Question& question) const {
  base::FetchRequest request;
  request.method = question.method;
  request.url = "http://engine/containers/" + question.container_id + question.verb;
  request.unix_socket = options_.socket;
  request.total_timeout = options_.timeout + question.patience;
  request.body = question.body;
  request.stop = stop_;
  if (!request.body.empty()) request.headers.emplace_back("content-type", "application/json");
  auto answer = base::fetch(request);
  if (!answer) return fail(answer.error());
  const bool is_done = answer->status >= 200 && answer->status < 300;
  const bool is_so_already = answer->status == 304;
  if (is_done || is_so_already) return std::move(answer->body);
  return fail(code_of(answer->status),
              "engine answered " + std::to_string(answer->status) + ": " + message_of(answer->body));
}

base::Status EngineControl::post(Question question, std::string_view what) const {
  if (const auto id = check_id(question.container_id); !id) return id;
  question.method = "POST";
  if (const auto answer = ask(question); !answer) return fail(answer.error().within(what));
  return {};
}

base::Status EngineControl::update_caps(const std::string& container_id, const sample::Caps& caps) const {
  constexpr std::string_view kWhat = "update container";
  if (const auto id = check_id(container_id); !id) return id;
  const auto described = ask({.method = "GET", .container_id = container_id, .verb = "/json"});
  if (!described) return fail(described.error().within(kWhat));
  const auto body = container_update(caps, *described);
  if (!body) return fail(body.error().within(kWhat));
  if (body->empty()) return {};
  return post({.container_id = container_id, .verb = "/update", .body = *body}, kWhat);
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
