#pragma once
// What the container engine has, kept up to date beside the loop: one thread follows the engine's events, one worker
// lists and inspects, and what they find is posted to the event loop, which owns the view. An engine that is down,
// slow or hung costs these two threads and nothing else; it is said once in the log, and picked up when it comes back.
//
//   EngineWatch watch({.engine = {.socket = path}}, loop, on_event, on_view);
//   for (const Container& container : watch.view().containers) …
//
// Events alone are not trusted (streams die silently): every `reconcile` the whole list is read again, and at once
// after each event that changes a container.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "guard/source/docker/client.h"
#include "guard/source/docker/counts.h"

namespace guard::source {

struct EngineWatchOptions {
  EngineOptions engine;
  std::chrono::milliseconds reconcile{10'000};
  std::chrono::milliseconds retry_first{250};  // after a failure; doubles, with jitter, up to
  std::chrono::milliseconds retry_most{10'000};
  std::size_t max_inspected = 512;  // more containers than that are listed but not inspected
  // Which listed containers to inspect; empty: all. Runs on the worker's thread: capture by value.
  std::function<bool(const Container&)> wanted;
  // What the configuration points at: names the labels that must be kept, and is asked for one by one when the list
  // cannot be read.
  std::vector<sample::Target> targets;
};

struct EngineView {
  bool up = false;
  std::string why = "not asked yet";  // when not up
  // The last good answer. While not up it is history: good for names and ids, never a reason to act.
  std::vector<Container> containers;
  base::SteadyTime refreshed_at;  // of the last good answer
  std::uint64_t errors = 0;       // counter: refreshes and streams that failed
  base::Duration took{0};         // of the last refresh
  std::uint64_t skipped = 0;      // entries of the last list that could not be read …
  std::string why_skipped;        // … and what is wrong with the first
  bool events_up = false;         // false: changes are seen only every `reconcile`
  std::string events_why = "not opened yet";
};

// All members on the loop's thread. Callbacks run there too, and never after the destructor, which waits for the
// two threads (up to 250 ms for one inside a call).
class EngineWatch {
 public:
  // `on_event`: each container event once, in the engine's order, before the refresh that it causes. Events from before
  // the watch was made are not repeated. `on_view`: after each change of view(); may be empty. The loop must outlive
  // the watch.
  EngineWatch(EngineWatchOptions options, base::EventLoop& loop, std::function<void(const EngineEvent&)> on_event,
              std::function<void()> on_view = {});
  ~EngineWatch();
  EngineWatch(const EngineWatch&) = delete;
  EngineWatch& operator=(const EngineWatch&) = delete;

  [[nodiscard]] const EngineView& view() const;
  // By name or by full id; null when there is none. Valid until the view changes.
  [[nodiscard]] const Container* find(std::string_view name_or_id) const;

  // Lists and inspects at once instead of at the next reconcile; while the engine is down, at the next retry. Calls
  // while one is under way, and shortly after, are one.
  void refresh();
  // From the next refresh on, which this causes.
  void set_wanted(std::function<bool(const Container&)> wanted, std::vector<sample::Target> targets = {});
  // One reading by the engine itself, for where the cgroup's files cannot be read, with the time of the answer
  // (Resources::read_at). `done` runs on the loop; exhausted when too many questions wait already.
  void read_stats(const std::string& container_id, std::function<void(base::Result<sample::Resources>)> done);

  // See docker/counts.h. 0 and nullopt for what was never seen.
  [[nodiscard]] std::uint64_t starts_of(const std::string& container_id) const;
  [[nodiscard]] std::uint64_t oom_events_of(std::string_view name) const;
  [[nodiscard]] std::optional<LastExit> last_exit_of(std::string_view name) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace guard::source
