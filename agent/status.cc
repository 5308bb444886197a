#include <chrono>
#include <cstdio>
#include <string>

#include <nlohmann/json.hpp>

#include "agent/commands.h"
#include "base/http_client.h"

namespace agent {
namespace {

using nlohmann::json;

// "  ! memory 640 MiB, 91% of 700 MiB: near its limit": trouble stands out without colour too.
const char* mark_of(const std::string& urgency) { return urgency == "trouble" ? "!" : urgency == "notice" ? "·" : " "; }

void print_workload(const json& workload) {
  std::printf("%s: %s (%s, %s)\n", workload.at("name").get<std::string>().c_str(),
              workload.at("verdict").get<std::string>().c_str(), workload.at("kind").get<std::string>().c_str(),
              workload.at("lifecycle").at("state").get<std::string>().c_str());
  for (const json& sentence : workload.at("words")) {
    std::printf("  %s %s\n", mark_of(sentence.at("urgency")), sentence.at("text").get<std::string>().c_str());
  }
}

void print_status(const json& status) {
  if (status.at("dry_run").get<bool>()) std::printf("dry run: nothing is touched\n");
  for (const json& source : status.at("sources")) {
    if (source.at("up").get<bool>()) continue;
    std::printf("source %s is down: %s\n", source.at("source").get<std::string>().c_str(),
                source.at("why").get<std::string>().c_str());
  }
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

}  // namespace

int status(const StatusOptions& options) {
  base::FetchRequest request;
  request.url = "http://" + options.address +
                (options.workload.empty() ? "/api/v1/status" : "/api/v1/workloads/" + options.workload);
  request.total_timeout = std::chrono::seconds(5);
  const auto answer = base::fetch(request);
  if (!answer && answer.error().code == base::Code::invalid_argument) {
    std::fprintf(stderr, "leakguard status: '%s' at '%s' cannot be asked for: %s\n", options.workload.c_str(),
                 options.address.c_str(), answer.error().message.c_str());
    return kFailed;
  }
  if (!answer) {
    std::fprintf(stderr,
                 "leakguard status: no agent answers at %s (%s); is it running? try: systemctl status leakguard\n",
                 options.address.c_str(), answer.error().message.c_str());
    return kUnreachable;
  }
  if (answer->status == 404 && !options.workload.empty()) {
    std::fprintf(stderr, "leakguard status: the agent guards no workload called '%s'\n", options.workload.c_str());
    return kFailed;
  }
  if (answer->status != 200) {
    std::fprintf(stderr, "leakguard status: the agent is not ready: %s", answer->body.c_str());
    return kUnreachable;
  }
  if (!options.json) return print(answer->body, !options.workload.empty());
  std::printf("%s\n", answer->body.c_str());
  return kFine;
}

}  // namespace agent
