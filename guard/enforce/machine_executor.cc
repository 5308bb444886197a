#include "guard/enforce/machine_executor.h"

#include <optional>
#include <utility>
#include <variant>

#include "guard/action/cgroup_files.h"
#include "guard/action/memory_approach.h"
#include "guard/action/process_control.h"
#include "guard/action/shed_request.h"
#include "guard/action/unit_properties.h"
#include "guard/policy/caps.h"
#include "guard/source/docker/client.h"
#include "guard/source/process/tree.h"

namespace guard {
namespace {

using base::Code;
using base::Result;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

// All that an action needs to know of its target, copied for the worker's thread.
struct Scene {
  std::string root;
  std::string engine_socket;
  base::SystemdBusOptions systemd;
  sample::Workload target;
  std::stop_token stop;
  milliseconds approach;

  [[nodiscard]] bool is_container() const { return !target.identity.container_id.empty(); }
  [[nodiscard]] action::EngineControl engine() const { return action::EngineControl({.socket = engine_socket}, stop); }
  [[nodiscard]] source::EngineClient engine_reader() const {
    return source::EngineClient({.socket = engine_socket}, stop);
  }
};

Result<sample::Cgroup> cgroup_of(const Scene& scene) {
  if (scene.target.cgroup) return *scene.target.cgroup;
  return base::fail(Code::not_found, "the workload has no cgroup of its own that could be found");
}

// Setting a cap may have given the cgroup a controller that it did not have before.
sample::Caps caps_in_force(const Scene& scene, const sample::Cgroup& cgroup) {
  return source::CgroupTree(scene.root).read_caps(source::refresh_controllers(cgroup));
}

std::string drifted_names(const sample::Caps& desired, const sample::ObservedCaps& observed) {
  std::string names;
  for (const policy::CapDrift& drift : policy::find_drift(desired, observed)) {
    if (drift.drifted) names += (names.empty() ? "" : ", ") + drift.resource;
  }
  return names;
}

// Whether the memory cap may be written: what is in use fits below it, or comes below it within `patience`.
base::Status check_memory_cap(const Scene& scene, const sample::Caps& caps, milliseconds patience) {
  if (!caps.memory || caps.force) return {};
  const auto cgroup = cgroup_of(scene);
  if (cgroup) return action::approach_memory_cap(*cgroup, *caps.memory, patience);
  if (!scene.is_container()) return {};
  const auto statistics = scene.engine_reader().stats(scene.target.identity.container_id);
  if (!statistics) return base::fail(statistics.error().within("memory cap not applied"));
  return action::fits_memory_cap(statistics->memory, *caps.memory);
}

// Sets the caps by `set`, the memory cap last and by itself where what is in use does not fit yet: the others must not
// wait for it. When it does not fit in the end, `caps` is left without it. Returns why.
template <class Set>
Result<base::Status> set_caps(const Scene& scene, sample::Caps& caps, Set set) {
  if (check_memory_cap(scene, caps, milliseconds(0))) {
    if (auto done = set(caps); !done) return base::fail(done.error());
    return base::Status();
  }
  sample::Caps others = caps;
  others.memory.reset();
  if (auto done = set(others); !done) return base::fail(done.error());
  const base::Status fits = check_memory_cap(scene, caps, scene.approach);
  if (!fits) {
    caps.memory.reset();
    return fits;
  }
  sample::Caps memory;
  memory.memory = caps.memory;
  if (auto done = set(memory); !done) return base::fail(done.error());
  return base::Status();
}

// `first`, when it failed, with what came after it.
base::Error joined(const base::Status& first, base::Error second) {
  if (first) return second;
  second.message = first.error().message + "; " + second.message;
  second.is_permanent = second.is_permanent && first.error().is_permanent;
  return second;
}

// What was set, against what the engine and the kernel say now.
Result<std::string> verify_container(const Scene& scene, const sample::Caps& caps) {
  sample::ObservedCaps observed = scene.target.caps;
  const auto is_podman = scene.engine_reader().is_podman();
  const auto container = scene.engine_reader().inspect(scene.target.identity.container_id);
  if (!container) return base::fail(container.error().within("caps were set, but could not be verified"));
  observed.engine = container->caps;
  if (is_podman && *is_podman) observed.engine.reset();  // it tells the limits of the beginning
  const auto cgroup = cgroup_of(scene);
  if (cgroup) observed.kernel = caps_in_force(scene, *cgroup);
  if (const std::string names = drifted_names(caps, observed); !names.empty()) {
    return base::fail(Code::conflict, "the engine took the caps, but these are not in force: " + names);
  }
  if (cgroup) return "in force in the engine and in the cgroup";
  if (!observed.engine) return "accepted by the engine; not verified: the limits in force cannot be read";
  return "in force in the engine; the cgroup cannot be read";
}

Result<std::string> apply_to_container(const Scene& scene, sample::Caps caps) {
  const auto fits = set_caps(scene, caps, [&](const sample::Caps& some) {
    return scene.engine().update_caps(scene.target.identity.container_id, some);
  });
  if (!fits) return base::fail(fits.error());
  // memory.high is the kernel's alone; engines know no such setting.
  if (caps.memory_high) {
    const auto cgroup = cgroup_of(scene);
    if (!cgroup) return base::fail(joined(*fits, cgroup.error()));
    sample::Caps high;
    high.memory_high = caps.memory_high;
    if (auto written = action::apply_caps(*cgroup, high); !written) return base::fail(joined(*fits, written.error()));
  }
  auto verified = verify_container(scene, caps);
  if (!verified) return base::fail(joined(*fits, verified.error()));
  if (!*fits) return base::fail(fits->error());
  return verified;
}

Result<std::string> apply_to_cgroup(const Scene& scene, sample::Caps caps, const sample::Cgroup& cgroup) {
  std::string how = "in force in the cgroup";
  const std::string& unit = scene.target.identity.unit;
  const auto fits = set_caps(scene, caps, [&](const sample::Caps& some) {
    return unit.empty() ? action::apply_caps(cgroup, some)
                        : action::apply_unit_caps(unit, cgroup, some, scene.systemd, how);
  });
  if (!fits) return base::fail(fits.error());
  sample::ObservedCaps observed;
  observed.kernel = caps_in_force(scene, cgroup);
  observed.has_memory_high = cgroup.memory.version == 2;
  if (const std::string names = drifted_names(caps, observed); !names.empty())
    return base::fail(joined(*fits, {Code::conflict, "written, but these are not in force: " + names}));
  if (!*fits) return base::fail(fits->error());
  return how;
}

// The recheck saw the engine's view, which may be seconds old; a container keeps its id across restarts, and only its
// process tells one run from the next.
base::Status is_same_run(const Scene& scene) {
  const auto now = scene.engine_reader().inspect(scene.target.identity.container_id);
  if (!now) return base::fail(now.error());
  if (now->pid == scene.target.identity.pid) return {};
  return base::fail(Code::conflict, "it has been restarted or stopped meanwhile; nothing was done");
}

Result<std::string> restart_container(const Scene& scene, std::chrono::nanoseconds drain) {
  const std::string& id = scene.target.identity.container_id;
  if (auto same = is_same_run(scene); !same) return base::fail(same.error());
  if (auto restarted = scene.engine().restart(id, drain); !restarted) return base::fail(restarted.error());
  const auto container = scene.engine_reader().inspect(id);
  if (!container) return base::fail(container.error().within("restarted, but could not be verified"));
  if (container->state != source::ContainerState::running || container->pid == scene.target.identity.pid) {
    return base::fail(Code::conflict,
                      "the engine said restarted, but it is " + std::string(source::name_of(container->state)));
  }
  return "runs again as process " + std::to_string(container->pid);
}

Result<std::string> stop_container(const Scene& scene, std::chrono::nanoseconds drain) {
  if (auto same = is_same_run(scene); !same) return base::fail(same.error());
  if (auto stopped = scene.engine().stop(scene.target.identity.container_id, drain); !stopped) {
    return base::fail(stopped.error());
  }
  return "stopped";
}

Result<action::ProcessHandle> open_process(const Scene& scene) {
  const sample::Identity& identity = scene.target.identity;
  if (identity.pid <= 0) return base::fail(Code::not_found, "the workload has no process that is known");
  return action::ProcessHandle::open(identity.pid, [&] {
    const auto now = source::process_identity(scene.root, identity.pid);
    return now && (*now == identity.key || !identity.key.starts_with("pid:"));
  });
}

Result<std::string> stop_process(const Scene& scene, std::chrono::nanoseconds drain) {
  const auto process = open_process(scene);
  if (!process) return base::fail(process.error());
  const auto outcome = action::stop_process(*process, 15, duration_cast<milliseconds>(drain));
  if (!outcome) return base::fail(outcome.error());
  return *outcome == action::StopOutcome::ended ? "ended by itself" : "killed after the drain";
}

Result<std::string> send_signal(const Scene& scene, int number) {
  if (scene.is_container()) {
    if (auto sent = scene.engine().kill(scene.target.identity.container_id, number); !sent)
      return base::fail(sent.error());
    return "signal " + std::to_string(number) + " sent by the engine";
  }
  const auto process = open_process(scene);
  if (!process) return base::fail(process.error());
  if (auto sent = process->signal(number); !sent) return base::fail(sent.error());
  return "signal " + std::to_string(number) + " sent";
}

// One overload for each action, on a worker's thread.
struct Perform {
  const Scene& scene;

  Result<std::string> operator()(const policy::Notify&) const {
    return base::fail(Code::internal, "a notification is not an action on this host");
  }
  Result<std::string> operator()(const policy::Shed& request) const {
    if (auto answered = action::request_shed(request, scene.stop); !answered) return base::fail(answered.error());
    return "the workload took the request";
  }
  Result<std::string> operator()(const policy::Reclaim& request) const {
    const auto cgroup = cgroup_of(scene);
    if (!cgroup) return base::fail(cgroup.error());
    if (auto reclaimed = action::reclaim(*cgroup, request.amount); !reclaimed) return base::fail(reclaimed.error());
    return "reclaimed " + base::format_bytes(request.amount);
  }
  Result<std::string> operator()(const policy::Restart& request) const {
    if (scene.is_container()) return restart_container(scene, request.drain);
    return base::fail(Code::invalid_argument, "only containers and supervised commands can be restarted by the guard");
  }
  Result<std::string> operator()(const policy::Stop& request) const {
    return scene.is_container() ? stop_container(scene, request.drain) : stop_process(scene, request.drain);
  }
  Result<std::string> operator()(const policy::Signal& request) const { return send_signal(scene, request.number); }
  Result<std::string> operator()(const policy::ApplyCaps& request) const {
    if (scene.is_container()) return apply_to_container(scene, request.caps);
    const auto cgroup = cgroup_of(scene);
    if (!cgroup) return base::fail(cgroup.error());
    return apply_to_cgroup(scene, request.caps, *cgroup);
  }
};

Children::Done in_words(std::string success, std::shared_ptr<const bool> alive, Executor::Done done) {
  return [success = std::move(success), alive = std::move(alive), done = std::move(done)](const base::Status& status) {
    if (!*alive) return;
    if (status)
      done(success);
    else
      done(base::fail(status.error()));
  };
}

}  // namespace

MachineExecutor::MachineExecutor(MachineExecutorOptions options, base::EventLoop& loop)
    : options_(std::move(options)), loop_(loop) {}

MachineExecutor::~MachineExecutor() {
  *alive_ = false;
  stopping_.request_stop();
}

void MachineExecutor::execute(const policy::Decision& decision, const sample::Workload& target, Done done) {
  if (target.kind == sample::TargetKind::command && options_.children != nullptr) {
    if (const auto* restart = std::get_if<policy::Restart>(&decision.action)) {
      return options_.children->restart(decision.workload, restart->drain,
                                        in_words("runs again", alive_, std::move(done)));
    }
    if (const auto* stop = std::get_if<policy::Stop>(&decision.action)) {
      return options_.children->stop(decision.workload, stop->drain, in_words("stopped", alive_, std::move(done)));
    }
  }
  auto shared_done = std::make_shared<Done>(std::move(done));
  const Scene scene{options_.root, options_.engine_socket, options_.systemd,
                    target,        stopping_.get_token(),  options_.approach};
  base::WorkerPool& workers = std::holds_alternative<policy::ApplyCaps>(decision.action) ? caps_ : actions_;
  auto result = std::make_shared<Result<std::string>>(base::fail(Code::internal, "not carried out"));
  const bool taken =
      workers.submit([scene, action = decision.action, result] { *result = std::visit(Perform{scene}, action); },
                     [&loop = loop_, alive = alive_, shared_done, result] {
                       loop.post([alive, shared_done, result] {
                         if (*alive) (*shared_done)(std::move(*result));
                       });
                     });
  if (!taken) {
    loop_.post([alive = alive_, shared_done] {
      if (*alive) (*shared_done)(base::fail(Code::exhausted, "all workers for actions are busy"));
    });
  }
}

void MachineExecutor::notify(const telemetry::ActionRecord& record, const sample::Workload&, Done done) {
  auto reply = [alive = alive_, done = std::move(done)](base::Result<std::string> result) {
    if (*alive) done(std::move(result));
  };
  if (options_.notifications != nullptr) return options_.notifications->notify(record, std::move(reply));
  loop_.post([reply = std::move(reply)] {
    reply(base::fail(Code::not_found, "not sent: no receiver is configured; add one under notify"));
  });
}

}  // namespace guard
