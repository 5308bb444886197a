#include <algorithm>
#include <cmath>
#include <csignal>
#include <limits>
#include <memory>
#include <thread>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/http_server.h"
#include "base/log.h"
#include "base/web/web_access.h"
#include "chatcore/api/routes.h"
#include "chatcore/command/access_parts.h"
#include "chatcore/command/commands.h"
#include "chatcore/command/database.h"
#include "chatcore/command/drain.h"
#include "chatcore/command/language_parts.h"
#include "chatcore/command/loop_lag.h"
#include "chatcore/command/service_manager.h"
#include "chatcore/command/watchdog.h"
#include "chatcore/memory/server_memory.h"
#include "chatcore/pressure_controller.h"
#include "chatcore/retention.h"
#include "chatcore/version.h"

namespace chatcore::command {
namespace {

using std::chrono::milliseconds;

// How soon a store that `chatcore ingest` has made is used.
constexpr auto kStoreLookInterval = std::chrono::seconds(1);

std::size_t or_unbounded(std::size_t bound) { return bound == 0 ? std::numeric_limits<std::size_t>::max() / 2 : bound; }

int thread_count(const Config& config, const CgroupReading& cgroup) {
  if (config.threads != 0) return static_cast<int>(config.threads);
  const double machine = std::max(1U, std::thread::hardware_concurrency());
  return static_cast<int>(std::ceil(std::min(machine, cgroup.cpu_limit.count)));
}

conversation::RegistryLimits registry_limits(const Config& config) {
  return {.time_to_live = config.conversation.time_to_live,
          .max_messages = config.conversation.max_messages,
          .max_waiting_turns = or_unbounded(config.conversation.max_waiting_turns)};
}

// What is in memory keeps its text.
base::Duration response_retention(const Config& config) {
  const base::Duration limit = config.retention.responses;
  return limit.count() == 0 ? limit : std::max(limit, config.conversation.time_to_live);
}

base::HttpServerOptions server_options(const Config& config, Metrics& metrics, base::HttpMemory& memory,
                                       const base::WebAccess& web_access) {
  base::HttpServerOptions options;
  options.max_body_bytes = or_unbounded(static_cast<std::size_t>(config.limits.max_body.count));
  options.max_connections = or_unbounded(config.limits.max_connections);
  options.refusal = api::refuse_requests(metrics);
  options.memory = &memory;
  options.tls = [&web_access] { return web_access.tls(); };
  return options;
}

// All that a serving chatcore consists of, in the order in which it is built; destroyed in the reverse.
struct Program {
  Program(const Config& config, const CgroupReading& cgroup, std::unique_ptr<storage::Store> its_store,
          AccessParts access, const BackendKeys& keys, const ReturnFreeMemory& return_free_memory)
      : threads(thread_count(config, cgroup)),
        authenticates(access.rules.authenticates || access.web.authenticates()),
        budget(effective_budget(config, cgroup.memory_limit)),
        metrics(kVersion, kRevision),
        server_memory(budget, [this] { metrics.request_shed("memory"); }),
        admission({.max_turns = config.limits.max_turns,
                   .max_bytes_in_flight = config.limits.max_bytes_in_flight,
                   .target_delay = config.limits.target_delay},
                  &budget),
        loop(threads),
        store(std::move(its_store)),
        registry(registry_limits(config), clock, budget),
        retention({.conversations = config.retention.conversations,
                   .responses = response_retention(config),
                   .max_size = config.retention.max_size},
                  {.store = *store, .registry = registry, .clock = clock, .loop = loop, .metrics = metrics}),
        sweeper(registry, clock, loop,
                // Retention reads every conversation, so the page cache is dropped after it.
                [this] { retention.sweep([this] { store->drop_page_cache(); }); }),
        pressure_controller(budget, sweeper, loop,
                            [this, return_free_memory] {
                              store->drop_page_cache();
                              return_free_memory();
                            }),
        embedder(make_query_embedder(config, keys, loop)),
        retriever({.store_file = config.retrieval.store_file,
                   .top = config.retrieval.top,
                   .threshold = static_cast<float>(config.retrieval.threshold),
                   .cache_bytes = static_cast<std::size_t>(config.retrieval.cache.count),
                   .index = config.retrieval.index,
                   .on_search = [this](base::Duration took) { metrics.search_ended(took); }},
                  embedder),
        learned(std::make_shared<llm::LearnedLimits>("the language model")),
        answerer(make_answerer(config, keys, learned, loop)),
        summary_writer(make_summary_writer(config, keys, learned, loop)),
        summarizer(make_summarizer(config)),
        authenticator(std::move(access.credentials)),
        user_limits(access.limits, [this](base::Bytes change) { count_users(change); }),
        auth(authenticator, user_limits, std::move(access.rules)),
        api{.turn = {.loop = loop,
                     .registry = registry,
                     .store = *store,
                     .retriever = retriever,
                     .answerer = *answerer,
                     .metrics = metrics,
                     .window_messages = config.conversation.max_messages,
                     .max_answer = config.limits.max_answer,
                     .window_tokens = config.conversation.max_tokens,
                     .summarizer = summarizer.get()},
            .embedder = *embedder,
            .admission = admission,
            .sweeper = sweeper,
            .budget = budget,
            .pressure_controller = pressure_controller,
            .clock = clock,
            .auth = auth,
            .chains = chains,
            .started = clock.wall_now(),
            .return_free_memory = return_free_memory},
        server(loop, server_options(config, metrics, server_memory, web_access),
               web_access.protect(api::route_requests(api))) {}

  std::unique_ptr<Summarizer> make_summarizer(const Config& config) {
    if (!summary_writer) return nullptr;
    return std::make_unique<Summarizer>(SummarizerParts{.loop = loop,
                                                        .registry = registry,
                                                        .store = *store,
                                                        .answerer = *answerer,
                                                        .writer = *summary_writer,
                                                        .admission = admission,
                                                        .budget = budget,
                                                        .metrics = metrics,
                                                        .every = config.conversation.summary_every,
                                                        .max_size = config.conversation.summary_size});
  }

  // What is known of users is counted like what else is remembered to answer more quickly.
  void count_users(base::Bytes change) {
    if (change.count >= 0)
      budget.add(memory::Account::caches, change);
    else
      budget.give_back(memory::Account::caches, {-change.count});
  }

  const int threads;
  const bool authenticates;  // at the start
  base::SystemClock clock;
  // What is still on its way through the loop when that goes gives back what it holds: so these go after it.
  memory::Budget budget;
  Metrics metrics;
  memory::ServerMemory server_memory;
  Admission admission;
  base::EventLoop loop;
  std::unique_ptr<storage::Store> store;
  conversation::Registry registry;
  Retention retention;
  conversation::Sweeper sweeper;
  PressureController pressure_controller;
  std::shared_ptr<retrieval::QueryEmbedder> embedder;
  retrieval::Retriever retriever;
  std::shared_ptr<llm::LearnedLimits> learned;
  std::unique_ptr<llm::Answerer> answerer;
  std::unique_ptr<llm::Answerer> summary_writer;  // null, as the next: what leaves a window is not summarised
  std::unique_ptr<Summarizer> summarizer;
  access::Authenticator authenticator;
  access::UserLimits user_limits;
  api::AuthMiddleware auth;
  api::ChainIndex chains;
  api::ApiParts api;
  // Who sends no password may have a key.
  base::WebAccess web_access{loop, base::WebAccess::WithoutPassword::forward};
  base::HttpServer server;
};

// The one address configured, or the sockets that the service manager has opened; their ports.
base::Result<std::uint16_t> listen(const Config& config, const std::vector<PassedSocket>& sockets,
                                   base::HttpServer& server) {
  if (sockets.empty()) return server.listen(config.listen);
  base::Result<std::uint16_t> port = 0;
  for (const PassedSocket& socket : sockets) {
    port = server.adopt(socket.fd);
    if (!port) break;
  }
  return port;
}

std::string addresses(const Config& config, const std::vector<PassedSocket>& sockets) {
  if (sockets.empty()) return config.listen;
  std::string text;
  for (const PassedSocket& socket : sockets) text += (text.empty() ? "" : ",") + socket.address;
  return text;
}

bool is_on_loopback(const Config& config, const std::vector<PassedSocket>& sockets) {
  if (sockets.empty()) return is_loopback(config.listen);
  return std::ranges::all_of(sockets, [](const PassedSocket& socket) { return is_loopback(socket.address); });
}

void say_ready(const Program& program, const std::string& listen, std::uint16_t port) {
  base::log_info("Ready", {{"listen", listen},
                           {"port", port},
                           {"threads", program.threads},
                           {"memory_budget", base::format_bytes(program.budget.limit())},
                           {"authentication", program.authenticates},
                           {"tls", program.web_access.tls() != nullptr},
                           {"version", kVersion}});
  notify_ready();
}

// What can be changed while serving, all of it or (with errors) nothing.
std::vector<std::string> apply_anew(Program& program, const Config& config, bool on_loopback) {
  AccessParts parts = read_access(config, on_loopback);
  if (!parts.errors.empty()) return parts.errors;
  if (const auto replaced = program.web_access.replace(parts.web); !replaced) return {replaced.error().message};
  for (const std::string& warning : parts.web.warnings) base::log_warning(warning);
  program.authenticator.replace(std::move(parts.credentials));
  program.user_limits.configure(parts.limits);
  program.auth.replace(std::move(parts.rules));
  program.admission.configure(config.limits.max_turns, config.limits.max_bytes_in_flight);
  base::set_log_level(config.log.level);
  return {};
}

int run(const ServeOptions& options, Program& program, const std::vector<PassedSocket>& sockets) {
  const Config& config = options.loaded.config;
  if (const auto warmed = program.retriever.warm_up(); !warmed) {
    base::log_warning("Questions are answered without passages", {{"error", warmed.error().message}});
  }
  program.retriever.watch(program.loop, kStoreLookInterval);
  program.sweeper.start(config.conversation.sweep_interval);
  program.pressure_controller.start();
  const auto port = listen(config, sockets, program.server);
  if (!port) {
    base::log_error("Cannot listen", {{"listen", addresses(config, sockets)}, {"error", port.error().message}});
    return kExitFailed;
  }
  Drain drain(program.loop, program.server, program.admission,
              std::chrono::duration_cast<milliseconds>(config.drain_deadline));
  const auto stop_signals = program.loop.on_signals({SIGTERM, SIGINT}, [&](int signal) {
    notify_stopping();
    drain.begin(signal);
    if (program.summarizer) program.summarizer->stop();
  });
  Reload reload(options.loaded, options.read_again,
                [&, on_loopback = is_on_loopback(config, sockets)](const Config& anew) {
                  // An address that waits for a restart must be one with which that restart succeeds.
                  if (sockets.empty() && !is_loopback(anew.listen)) {
                    if (auto errors = read_access(anew, false).errors; !errors.empty()) return errors;
                  }
                  return apply_anew(program, anew, on_loopback);
                });
  const auto reload_signal = program.loop.on_signals({SIGHUP}, [&](int) { reload.begin(); });
  const LoopLag looks(program.loop, program.admission);
  const Watchdog watchdog(program.loop, watchdog_time(), notify_alive);
  say_ready(program, addresses(config, sockets), *port);
  program.loop.run(watchdog.beat());
  program.sweeper.stop();
  program.store->close();
  drain.end_turns();
  base::log_info("Stopped", {{"answers_cut", drain.cut()}});
  return kExitFine;
}

int serve_logged(const ServeOptions& options) {
  const Config& config = options.loaded.config;
  for (const auto& remark : options.loaded.remarks) {
    base::log_warning("A setting without effect", {{"name", remark.where}, {"error", remark.message}});
  }
  const auto sockets = take_passed_sockets();
  if (!sockets) {
    base::log_error("Wrong configuration", {{"error", sockets.error().message}});
    return kExitWrongConfiguration;
  }
  AccessParts access = read_access(config, is_on_loopback(config, *sockets));
  for (const auto& error : access.errors) base::log_error("Wrong configuration", {{"error", error}});
  const BackendKeys keys = read_backend_keys(config);
  for (const auto& error : keys.errors) base::log_error("Wrong configuration", {{"error", error}});
  if (!access.errors.empty() || !keys.errors.empty()) return kExitWrongConfiguration;
  if (!access.credentials.any() && !access.web.authenticates() && !access.rules.on_loopback) {
    base::log_warning("Everyone who can reach this server may read and write everything, by auth.required: false");
  }
  if (access.rules.admin.allow_remote && access.rules.admin.token.empty()) {
    base::log_warning("Everyone who can reach this server may use /admin, by admin.allow_remote: true");
  }
  if (effective_budget(config, {}).is_unlimited()) {
    base::log_warning("Memory is bounded by nothing, by conversation.memory_budget: off");
  }
  const base::SystemClock clock;
  auto store = open_database(config, clock);
  if (!store) {
    base::log_error("Cannot open the database", {{"error", store.error().message}});
    return kExitFailed;
  }
  const base::WebConfigFile web = std::move(access.web);
  for (const std::string& warning : web.warnings) base::log_warning(warning);
  Program program(config, read_cgroup(), std::move(*store), std::move(access), keys, options.return_free_memory);
  if (const auto replaced = program.web_access.replace(web); !replaced) {
    base::log_error("Wrong configuration", {{"error", replaced.error().message}});
    return kExitWrongConfiguration;
  }
  return run(options, program, *sockets);
}

}  // namespace

int serve(const ServeOptions& options) {
  // A client that leaves while it is written to must be an error of that write, not the end of the program.
  std::signal(SIGPIPE, SIG_IGN);
  base::start_log(options.loaded.config.log);
  const int code = serve_logged(options);
  base::stop_log();
  return code;
}

}  // namespace chatcore::command
