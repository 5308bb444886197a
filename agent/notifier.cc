#include "agent/notifier.h"

#include <fstream>
#include <string>
#include <utility>

#include "base/http_client.h"
#include "base/log.h"
#include "guard/telemetry/report_json.h"

namespace agent {
namespace {

using guard::config::ReceiverConfig;
using guard::config::ReceiverKind;

std::string bearer(const std::string& file) {
  std::ifstream in(file);
  std::string token;
  std::getline(in, token);
  return token;
}

void send(const ReceiverConfig& receiver, const std::string& body, std::stop_token stop) {
  base::FetchRequest request;
  request.stop = std::move(stop);
  request.method = "POST";
  request.url = receiver.kind == ReceiverKind::alertmanager ? receiver.url + "/api/v2/alerts" : receiver.url;
  request.headers = {{"Content-Type", "application/json"}};
  if (!receiver.bearer_token_file.empty())
    request.headers.emplace_back("Authorization", "Bearer " + bearer(receiver.bearer_token_file));
  request.body = body;
  const auto answer = base::fetch(request);
  if (answer && answer->status / 100 == 2) return;
  base::log_error(
      "a notification was not delivered",
      {{"receiver", receiver.name},
       {"error", answer ? "the receiver answered " + std::to_string(answer->status) : answer.error().message}});
}

}  // namespace

Notifier::Notifier(std::vector<ReceiverConfig> receivers) : receivers_(std::move(receivers)) {}

void Notifier::tell(const guard::telemetry::ActionRecord& action) {
  if (action.outcome == guard::telemetry::Outcome::recovered) return;  // nothing was done and nothing is wrong
  for (const ReceiverConfig& receiver : receivers_) {
    std::string body = receiver.kind == ReceiverKind::alertmanager ? guard::telemetry::alert_json(action)
                                                                   : guard::telemetry::action_json(action);
    if (!worker_.submit(
            [receiver, body = std::move(body), stop = stopping_.get_token()] { send(receiver, body, stop); })) {
      base::log_error("a notification was dropped: too many wait already", {{"receiver", receiver.name}});
    }
  }
}

}  // namespace agent
