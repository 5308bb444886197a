#include "guard/source/systemd/units.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "guard/source/systemd/user_units.h"

namespace guard::source {

using base::Code;
using base::Result;

struct SystemdUnits::State : std::enable_shared_from_this<State> {
  State(SystemdUnitsOptions given, base::EventLoop& on, std::function<void()> awake)
      : options(std::move(given)),
        loop(on),
        wake(std::move(awake)),
        wake_fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~State() { ::close(wake_fd); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  const SystemdUnitsOptions options;
  base::EventLoop& loop;

  // The loop's.
  SystemdView view;
  std::function<void()> wake;
  bool is_over = false;

  // Both threads'.
  std::mutex mutex;
  std::set<std::string> wanted;
  bool is_stopping = false;
  const int wake_fd;
  std::thread thread;

  // The thread's.
  struct Followed {
    std::string object;
    UnitEnds ends;
    bool was_user_unit = false;
    Result<SystemdUnit> unit = base::fail(Code::not_found, "systemd has not been asked yet");
  };
  std::map<std::string, Followed> followed;
  std::optional<base::SystemdBus> bus;
  std::uint64_t errors = 0;

  void poke() const {
    const std::uint64_t one = 1;
    (void)!::write(wake_fd, &one, sizeof one);
  }
  [[nodiscard]] bool drain_pokes() const {
    std::uint64_t count = 0;
    return ::read(wake_fd, &count, sizeof count) > 0;
  }

  bool stopping() {
    const std::lock_guard lock(mutex);
    return is_stopping;
  }

  void run();
  base::Status round(const std::set<std::string>* changed);
  base::Status read(const std::string& name, Followed& unit);
  void post(const base::Status& status, base::Duration took);
  void take(SystemdView next);
  void wait_without_bus() const;
  std::set<std::string> wait_for_ours(base::SteadyTime until);
};

// What is wanted is read, all of it or only what has changed. Fails when the bus does.
base::Status SystemdUnits::State::round(const std::set<std::string>* changed) {
  std::set<std::string> now;
  {
    const std::lock_guard lock(mutex);
    now = wanted;
  }
  std::erase_if(followed, [&](const auto& entry) { return !now.contains(entry.first); });
  if (!bus || !bus->is_usable()) {
    bus.reset();
    auto connected = base::SystemdBus::connect(options.bus);
    if (!connected) return base::fail(connected.error());
    bus.emplace(std::move(*connected));
    if (auto subscribed = bus->subscribe(); !subscribed) return subscribed;
    changed = nullptr;
  }
  for (const std::string& name : now) {
    Followed& unit = followed[name];
    if (changed != nullptr && !unit.object.empty() && !changed->contains(unit.object)) continue;
    if (auto done = read(name, unit); !done) return done;
    if (stopping()) return {};
  }
  return {};
}

base::Status SystemdUnits::State::read(const std::string& name, Followed& unit) {
  const auto failed = [&](const base::Error& error) -> base::Status {
    unit.unit = base::fail(error.within("systemd"));
    return bus->is_usable() ? base::Status() : base::fail(error);
  };
  auto object = bus->load_unit(name);
  if (!object) return failed(object.error());
  unit.object = std::move(*object);
  UnitProperties properties;
  for (const UnitProperty& property : properties_of(name)) {
    auto text = bus->property(unit.object, std::string(property.interface), std::string(property.name));
    if (!text) return failed(text.error().within(name));
    properties.emplace(property.name, std::move(*text));
  }
  unit.unit = read_unit(properties, unit.ends);
  // Users' own managers are not asked: what they run is found by its cgroup.
  if (unit.unit->state == sample::State::absent) {
    *unit.unit = find_user_unit(name, user_slice_of(options.root), unit.was_user_unit);
    if (unit.unit->state == sample::State::running) unit.was_user_unit = true;
  }
  return {};
}

void SystemdUnits::State::post(const base::Status& status, base::Duration took) {
  SystemdView next;
  next.up = status.has_value();
  next.why = status ? "" : status.error().message;
  next.took = took;
  next.errors = errors;
  if (status) {
    for (const auto& [name, unit] : followed) next.units.emplace(name, unit.unit);
  }
  loop.post([self = shared_from_this(), next = std::move(next)]() mutable { self->take(std::move(next)); });
}

void SystemdUnits::State::take(SystemdView next) {
  if (is_over) return;
  const auto is_same = [](const auto& a, const auto& b) {
    return a.first == b.first && a.second.has_value() == b.second.has_value() && (!a.second || *a.second == *b.second);
  };
  const bool changed = next.up != view.up || next.units.size() != view.units.size() ||
                       !std::equal(next.units.begin(), next.units.end(), view.units.begin(), is_same);
  if (next.up != view.up || (!next.up && view.errors == 0)) {
    if (next.up)
      base::log_info("systemd answers");
    else
      base::log_warning("systemd cannot be asked; its units are read from their cgroups where these are found",
                        {{"error", next.why}});
  }
  view = std::move(next);
  if (changed && wake) wake();
}

void SystemdUnits::State::wait_without_bus() const {
  pollfd fd{wake_fd, POLLIN, 0};
  (void)::poll(&fd, 1, static_cast<int>(options.retry.count()));
  (void)drain_pokes();
}

// The objects of followed units that changed; none when all are to be read: the time is over, others are wanted, or the
// bus is lost.
std::set<std::string> SystemdUnits::State::wait_for_ours(base::SteadyTime until) {
  while (bus->is_usable()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    std::set<std::string> changed = bus->wait_for_changes(left, wake_fd);
    if (drain_pokes()) break;
    std::erase_if(changed, [&](const std::string& object) {
      return std::ranges::none_of(followed, [&](const auto& entry) { return entry.second.object == object; });
    });
    if (!changed.empty()) return changed;
  }
  return {};
}

void SystemdUnits::State::run() {
  std::set<std::string> changed;
  bool all = true;
  auto last_whole = std::chrono::steady_clock::now();
  while (!stopping()) {
    const auto began = std::chrono::steady_clock::now();
    const base::Status status = round(all ? nullptr : &changed);
    if (!status) {
      bus.reset();
      ++errors;
    }
    if (all) last_whole = began;
    if (stopping()) return;
    post(status, std::chrono::steady_clock::now() - began);
    if (!status) {
      wait_without_bus();
      all = true;
      continue;
    }
    changed = wait_for_ours(last_whole + options.interval);
    all = changed.empty();
  }
}

SystemdUnits::SystemdUnits(SystemdUnitsOptions options, std::vector<std::string> units, base::EventLoop& loop,
                           std::function<void()> wake)
    : state_(std::make_shared<State>(std::move(options), loop, std::move(wake))) {
  state_->wanted.insert(units.begin(), units.end());
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

SystemdUnits::~SystemdUnits() {
  state_->is_over = true;
  {
    const std::lock_guard lock(state_->mutex);
    state_->is_stopping = true;
  }
  state_->poke();
  state_->thread.join();
}

void SystemdUnits::follow(std::vector<std::string> units, std::function<void()> wake) {
  state_->wake = std::move(wake);
  {
    const std::lock_guard lock(state_->mutex);
    state_->wanted = {units.begin(), units.end()};
  }
  state_->poke();
}

const SystemdView& SystemdUnits::view() const { return state_->view; }

}  // namespace guard::source
