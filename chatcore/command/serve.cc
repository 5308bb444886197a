#include <algorithm>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <fstream>
#include <limits>
#include <memory>
#include <thread>

#include <systemd/sd-daemon.h>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/http_server.h"
#include "base/log.h"
#include "chatcore/api/routes.h"
#include "chatcore/command/commands.h"
#include "chatcore/command/drain.h"
#include "chatcore/llm/extractive_answerer.h"
#include "chatcore/retrieval/query_embedder.h"
#include "chatcore/version.h"

namespace chatcore::command {
namespace {

using std::chrono::milliseconds;

// More is a mistake, and would be read into memory.
constexpr std::size_t kMaxTokenBytes = 4096;

std::size_t or_unbounded(std::size_t bound) { return bound == 0 ? std::numeric_limits<std::size_t>::max() / 2 : bound; }

int thread_count(const Config& config, const CgroupReading& cgroup) {
  if (config.threads != 0) return static_cast<int>(config.threads);
  const double machine = std::max(1U, std::thread::hardware_concurrency());
  return static_cast<int>(std::ceil(std::min(machine, cgroup.cpu_limit.count)));
}

base::Result<std::string> read_token(const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path);
  if (!file) return base::fail(base::error_from_errno(errno, "open admin.token_file " + path));
  std::string token;
  std::getline(file, token);
  if (token.empty() || token.size() > kMaxTokenBytes) {
    return base::fail(base::Code::invalid_argument, "admin.token_file " + path + ": its first line must be the token");
  }
  return token;
}

conversation::RegistryLimits registry_limits(const Config& config, base::Bytes budget) {
  return {.time_to_live = config.conversation.time_to_live,
          .max_messages = config.conversation.max_messages,
          .budget = budget.is_unlimited() ? base::Bytes{0} : budget,
          .max_waiting_turns = or_unbounded(config.conversation.max_waiting_turns)};
}

base::HttpServerOptions server_options(const Config& config, Metrics& metrics) {
  base::HttpServerOptions options;
  options.max_body_bytes = or_unbounded(static_cast<std::size_t>(config.limits.max_body.count));
  options.max_connections = or_unbounded(config.limits.max_connections);
  options.refusal = api::refuse_requests(metrics);
  return options;
}

// All that a serving chatcore consists of, in the order in which it is built; destroyed in the reverse.
struct Program {
  Program(const Config& config, const CgroupReading& cgroup, std::unique_ptr<storage::Store> its_store,
          std::string token, const ReturnFreeMemory& return_free_memory)
      : threads(thread_count(config, cgroup)),
        budget(effective_budget(config, cgroup.memory_limit)),
        loop(threads),
        metrics(kVersion, kRevision),
        store(std::move(its_store)),
        registry(registry_limits(config, budget), clock),
        sweeper(registry, clock, [this] { store->drop_page_cache(); }),
        retriever({.store_file = config.retrieval.store_file,
                   .top = config.retrieval.top,
                   .threshold = static_cast<float>(config.retrieval.threshold),
                   .on_search = [this](base::Duration took) { metrics.search_ended(took); }},
                  retrieval::make_built_in_query_embedder()),
        answerer(llm::ExtractiveOptions{.words_per_second = config.llm.words_per_second}),
        admission({.max_turns = config.limits.max_turns, .max_bytes_in_flight = config.limits.max_bytes_in_flight}),
        api{.turn = {.loop = loop,
                     .registry = registry,
                     .store = *store,
                     .retriever = retriever,
                     .answerer = answerer,
                     .metrics = metrics,
                     .window_messages = config.conversation.max_messages,
                     .max_answer = config.limits.max_answer},
            .admission = admission,
            .sweeper = sweeper,
            .clock = clock,
            .admin = {.token = std::move(token), .allow_remote = config.admin.allow_remote},
            .started = clock.wall_now(),
            .return_free_memory = return_free_memory},
        server(loop, server_options(config, metrics), api::route_requests(api)) {}

  const int threads;
  const base::Bytes budget;
  base::SystemClock clock;
  base::EventLoop loop;
  Metrics metrics;
  std::unique_ptr<storage::Store> store;
  conversation::Registry registry;
  conversation::Sweeper sweeper;
  retrieval::Retriever retriever;
  llm::ExtractiveAnswerer answerer;
  Admission admission;
  api::ApiParts api;
  base::HttpServer server;
};

void say_ready(const Config& config, const Program& program, std::uint16_t port) {
  base::log_info("Ready", {{"listen", config.listen},
                           {"port", port},
                           {"threads", program.threads},
                           {"memory_budget", base::format_bytes(program.budget)},
                           {"version", kVersion}});
  sd_notify(0, "READY=1");
}

int run(const Config& config, Program& program) {
  if (const auto warmed = program.retriever.warm_up(); !warmed) {
    base::log_warning("Questions are answered without passages", {{"error", warmed.error().message}});
  }
  program.sweeper.start(program.loop, config.conversation.sweep_interval);
  const auto port = program.server.listen(config.listen);
  if (!port) {
    base::log_error("Cannot listen", {{"listen", config.listen}, {"error", port.error().message}});
    return kExitFailed;
  }
  Drain drain(program.loop, program.server, program.admission,
              std::chrono::duration_cast<milliseconds>(config.drain_deadline));
  const auto signals = program.loop.on_signals({SIGTERM, SIGINT}, [&](int signal) {
    sd_notify(0, "STOPPING=1");
    drain.begin(signal);
  });
  say_ready(config, program, *port);
  program.loop.run_threads(program.threads);
  program.sweeper.stop();
  program.store->close();
  base::log_info("Stopped", {{"answers_cut", drain.cut()}});
  return kExitFine;
}

int serve_logged(const Config& config, const ReturnFreeMemory& return_free_memory) {
  const base::SystemClock clock;
  auto token = read_token(config.admin.token_file);
  if (!token) {
    base::log_error("Wrong configuration", {{"error", token.error().message}});
    return kExitWrongConfiguration;
  }
  auto store = storage::open_store(config.database_url, clock);
  if (!store) {
    base::log_error("Cannot open the database", {{"url", config.database_url}, {"error", store.error().message}});
    return kExitFailed;
  }
  Program program(config, read_cgroup(), std::move(*store), std::move(*token), return_free_memory);
  return run(config, program);
}

}  // namespace

int serve(const Config& config, const ReturnFreeMemory& return_free_memory) {
  // A client that leaves while it is written to must be an error of that write, not the end of the program.
  std::signal(SIGPIPE, SIG_IGN);
  base::start_log(config.log);
  const int code = serve_logged(config, return_free_memory);
  base::stop_log();
  return code;
}

}  // namespace chatcore::command
