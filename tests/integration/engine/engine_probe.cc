// engine_probe: what guard/source and guard/action make of a container engine, one JSON object a line, so that a test
// can drive a real engine and see what the guard sees.
//
//   engine_probe SOCKET watch                     {"event": …} for each event, {"view": …} for each change
//   engine_probe SOCKET log ID [SUBSTRING]        {"line": …, "at": ns} (lines with SUBSTRING only), {"up": …, "why":
//   …} engine_probe SOCKET stats ID                  {"usage": …, "anon": …, "cpu_ns": …, "pids": …} engine_probe
//   SOCKET caps ID [memory=BYTES] [reservation=BYTES] [cpus=CORES] [pids=N] engine_probe SOCKET restart|stop ID SECONDS
//   | start ID | kill ID SIGNAL
//
// watch and log run until SIGTERM. The others print {"ok": true} or {"error": CODE, "message": …} and end with 0 or 1.

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/event_loop.h"
#include "base/log.h"
#include "guard/action/engine_control.h"
#include "guard/source/docker/container_log.h"
#include "guard/source/docker/watch.h"

namespace {

using nlohmann::json;

void print(const json& object) {
  std::cout << object.dump(-1, ' ', false, json::error_handler_t::replace) << std::endl;
}

json describe(const guard::source::EngineWatch& watch) {
  json containers = json::object();
  for (const auto& container : watch.view().containers) {
    const auto exit = watch.last_exit_of(container.name);
    containers[container.name] = {{"id", container.id},
                                  {"state", name_of(container.state)},
                                  {"pid", container.pid},
                                  {"inspected", container.inspected},
                                  {"restart_count", container.restart_count},
                                  {"memory", container.caps.memory.value_or(base::Bytes{0}).count},
                                  {"cpus", container.caps.cpus.value_or(base::Cores{0}).count},
                                  {"starts", watch.starts_of(container.id)},
                                  {"oom", watch.oom_events_of(container.name)},
                                  {"exit_code", exit ? json(exit->exit_code) : json()},
                                  {"exit_oom", exit && exit->oom_killed}};
  }
  const auto& view = watch.view();
  return {{"up", view.up},
          {"why", view.why},
          {"events_up", view.events_up},
          {"events_why", view.events_why},
          {"errors", view.errors},
          {"containers", containers}};
}

int run_watch(const std::string& socket) {
  base::EventLoop loop;
  guard::source::EngineWatchOptions options;
  options.engine.socket = socket;
  options.reconcile = std::chrono::seconds(5);
  options.retry_most = std::chrono::seconds(1);
  std::unique_ptr<guard::source::EngineWatch> watch;
  watch = std::make_unique<guard::source::EngineWatch>(
      options, loop,
      [](const guard::source::EngineEvent& event) {
        print({{"event", event.kind}, {"name", event.name}, {"at", event.at.time_since_epoch().count()}});
      },
      [&] {
        print({{"view", describe(*watch)}});
      });
  const auto signals = loop.on_signals({SIGTERM, SIGINT}, [&](int) { loop.stop(); });
  loop.run();
  return 0;
}

int run_log(const std::string& socket, const std::string& id, const std::string& substring) {
  base::EventLoop loop;
  guard::source::ContainerLogOptions options;
  options.engine.socket = socket;
  options.container_id = id;
  options.retry_most = std::chrono::seconds(1);
  options.stopped_poll = std::chrono::milliseconds(500);
  options.audit = std::chrono::seconds(3);
  guard::source::ContainerLog log(options, [&loop, substring](std::string_view line, base::WallTime at) {
    if (line.find(substring) == std::string_view::npos) return;
    loop.post([text = std::string(line), at] { print({{"line", text}, {"at", at.time_since_epoch().count()}}); });
  });
  json last;
  const auto poll = loop.every(std::chrono::milliseconds(50), [&](int) {
    const json now = {{"up", log.up()}, {"why", log.why()}};
    if (now != last) print(now);
    last = now;
  });
  const auto signals = loop.on_signals({SIGTERM, SIGINT}, [&](int) { loop.stop(); });
  loop.run();
  return 0;
}

int report(const base::Status& status) {
  if (status)
    print({{"ok", true}});
  else
    print({{"error", name_of(status.error().code)}, {"message", status.error().message}});
  return status ? 0 : 1;
}

int run_stats(const std::string& socket, const std::string& id) {
  guard::source::EngineOptions options;
  options.socket = socket;
  const auto stats = guard::source::EngineClient(options).stats(id);
  if (!stats) return report(base::fail(stats.error()));
  print({{"usage", stats->memory.usage.value_or({}).count},
         {"anon", stats->memory.anon.value_or({}).count},
         {"cpu_ns", stats->cpu.used.value_or({}).count()},
         {"pids", stats->pids.current.value_or(-1)}});
  return 0;
}

guard::sample::Caps caps_from(const std::vector<std::string>& words) {
  guard::sample::Caps caps;
  for (const std::string& word : words) {
    const auto equals = word.find('=');
    const std::string key = word.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
    if (key == "memory") caps.memory = base::Bytes{std::atoll(value.c_str())};
    if (key == "reservation") caps.memory_reservation = base::Bytes{std::atoll(value.c_str())};
    if (key == "cpus") caps.cpus = base::Cores{std::atof(value.c_str())};
    if (key == "pids") caps.pids = std::atoll(value.c_str());
  }
  return caps;
}

int run_verb(const std::string& socket, const std::string& verb, const std::vector<std::string>& arguments) {
  guard::action::EngineControlOptions options;
  options.socket = socket;
  const guard::action::EngineControl control(options);
  const std::string& id = arguments[0];
  const int number = arguments.size() > 1 ? std::atoi(arguments[1].c_str()) : 0;
  if (verb == "caps") return report(control.update_caps(id, caps_from({arguments.begin() + 1, arguments.end()})));
  if (verb == "restart") return report(control.restart(id, std::chrono::seconds(number)));
  if (verb == "stop") return report(control.stop(id, std::chrono::seconds(number)));
  if (verb == "start") return report(control.start(id));
  if (verb == "kill") return report(control.kill(id, number));
  std::cerr << "engine_probe: unknown command\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 2 && words[1] == "watch") return run_watch(words[0]);
  if (words.size() < 3) {
    std::cerr << "usage: see the top of engine_probe.cc\n";
    return 2;
  }
  if (words[1] == "log") return run_log(words[0], words[2], words.size() > 3 ? words[3] : "");
  if (words[1] == "stats") return run_stats(words[0], words[2]);
  return run_verb(words[0], words[1], {words.begin() + 2, words.end()});
}
