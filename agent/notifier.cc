#include "agent/notifier.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/http_client.h"
#include "base/log.h"
#include "base/plain_file.h"
#include "guard/telemetry/report_json.h"

namespace agent {
namespace {

using guard::config::ReceiverConfig;
using guard::config::ReceiverKind;
using guard::telemetry::ActionRecord;

constexpr std::size_t kMostTokenBytes = 8u << 10;

// The file's first line.
base::Result<std::string> read_token(const std::string& file) {
  auto text = base::read_plain_file(file, kMostTokenBytes);
  if (text) text->resize(std::min(text->size(), text->find_first_of("\r\n")));
  return text;
}

}  // namespace

base::Status deliver(const ReceiverConfig& receiver, const ActionRecord& action, std::stop_token stop) {
  const bool is_alert = receiver.kind == ReceiverKind::alertmanager;
  base::FetchRequest request;
  request.stop = std::move(stop);
  request.method = "POST";
  request.url = is_alert ? receiver.url + "/api/v2/alerts" : receiver.url;
  request.headers = {{"Content-Type", "application/json"}};
  if (!receiver.bearer_token_file.empty()) {
    const auto token = read_token(receiver.bearer_token_file);
    if (!token) return base::fail(token.error().within("the receiver's token"));
    request.headers.emplace_back("Authorization", "Bearer " + *token);
  }
  request.body = is_alert ? guard::telemetry::alert_json(action) : guard::telemetry::action_json(action);
  const auto answer = base::fetch(request);
  if (!answer) return base::fail(answer.error());
  if (answer->status / 100 == 2) return {};
  return base::fail(base::Code::unavailable, "the receiver answered " + std::to_string(answer->status));
}

Notifier::Notifier(const std::vector<ReceiverConfig>& receivers, base::EventLoop& loop) : loop_(loop) {
  for (const ReceiverConfig& receiver : receivers) targets_.push_back(std::make_unique<Target>(receiver));
}

void Notifier::send(Target& target, const ActionRecord& action, Answered answered) {
  const auto shared = std::make_shared<Answered>(std::move(answered));
  const bool is_taken = target.worker.submit([&loop = loop_, config = target.config, action, shared,
                                              stop = stopping_.get_token()] {
    const auto sent = deliver(config, action, stop);
    if (!sent && !stop.stop_requested())
      base::log_error("a notification was not delivered", {{"receiver", config.name}, {"error", sent.error().message}});
    loop.post([shared, sent] { (*shared)(sent); });
  });
  if (is_taken) return;
  base::log_error("a notification was dropped: the receiver does not keep up", {{"receiver", target.config.name}});
  loop_.post([shared] {
    (*shared)(
        base::fail(base::Code::exhausted, "its queue of " + std::to_string(kMostWaiting) + " notifications is full"));
  });
}

void Notifier::notify(const ActionRecord& record, Done done) {
  if (targets_.empty())
    return loop_.post([done = std::move(done)] {
      done(base::fail(base::Code::not_found, "not sent: no receiver is configured; add one under notify"));
    });
  struct Answers {
    std::size_t missing;
    std::string accepted;
    std::string failed;
  };
  const auto answers = std::make_shared<Answers>(Answers{targets_.size(), "", ""});
  const auto shared = std::make_shared<Done>(std::move(done));
  ActionRecord sent = record;
  sent.outcome = guard::telemetry::Outcome::done;  // when it is read, it has arrived
  for (const auto& target : targets_) {
    send(*target, sent, [answers, shared, name = target->config.name](const base::Status& status) {
      std::string& list = status ? answers->accepted : answers->failed;
      list += (list.empty() ? "" : "; ") + name + (status ? "" : ": " + status.error().message);
      if (--answers->missing > 0) return;
      if (answers->accepted.empty())
        return (*shared)(base::fail(base::Code::unavailable, "not delivered: " + answers->failed));
      (*shared)("accepted by " + answers->accepted +
                (answers->failed.empty() ? "" : "; not delivered: " + answers->failed));
    });
  }
}

void Notifier::report(const ActionRecord& action) {
  using guard::telemetry::Outcome;
  if (action.outcome == Outcome::recovered) return;  // nothing was done and nothing is wrong
  const bool is_notification = std::holds_alternative<guard::policy::Notify>(action.decision.action);
  if (is_notification && action.outcome != Outcome::dry_run) return;  // it has been sent, or could not be
  for (const auto& target : targets_) send(*target, action, [](const base::Status&) {});
}

}  // namespace agent
