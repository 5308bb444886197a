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

}  // namespace

base::Status deliver(const ReceiverConfig& receiver, const guard::telemetry::ActionRecord& action,
                     std::stop_token stop) {
  const bool is_alert = receiver.kind == ReceiverKind::alertmanager;
  base::FetchRequest request;
  request.stop = std::move(stop);
  request.method = "POST";
  request.url = is_alert ? receiver.url + "/api/v2/alerts" : receiver.url;
  request.headers = {{"Content-Type", "application/json"}};
  if (!receiver.bearer_token_file.empty())
    request.headers.emplace_back("Authorization", "Bearer " + bearer(receiver.bearer_token_file));
  request.body = is_alert ? guard::telemetry::alert_json(action) : guard::telemetry::action_json(action);
  const auto answer = base::fetch(request);
  if (!answer) return base::fail(answer.error());
  if (answer->status / 100 == 2) return {};
  return base::fail(base::Code::unavailable, "the receiver answered " + std::to_string(answer->status));
}

Notifier::Notifier(std::vector<ReceiverConfig> receivers) : receivers_(std::move(receivers)) {}

void Notifier::tell(const guard::telemetry::ActionRecord& action) {
  if (action.outcome == guard::telemetry::Outcome::recovered) return;  // nothing was done and nothing is wrong
  for (const ReceiverConfig& receiver : receivers_) {
    const bool taken = worker_.submit([receiver, action, stop = stopping_.get_token()] {
      if (const auto told = deliver(receiver, action, stop); !told) {
        base::log_error("a notification was not delivered",
                        {{"receiver", receiver.name}, {"error", told.error().message}});
      }
    });
    if (!taken) {
      base::log_error("a notification was dropped: too many wait already", {{"receiver", receiver.name}});
    }
  }
}

}  // namespace agent
