#include "guard/source/docker/watch.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/log.h"
#include "base/worker.h"
#include "guard/source/docker/event_stream.h"
#include "guard/source/docker/inventory.h"
#include "guard/source/docker/retry.h"

namespace guard::source {
namespace {

constexpr std::size_t kMaxWaitingQuestions = 64;
constexpr std::chrono::milliseconds kShortestGap{50};
constexpr std::chrono::milliseconds kLongestGap{2'000};
constexpr std::chrono::milliseconds kStreamCheck{1'100};

// Events after which the list or an inspection says something else than before. Not among them: exec_*, health_status,
// kill, attach, resize, top …, of which a busy host has thousands.
bool changes_a_container(const EngineEvent& event) {
  constexpr std::array<std::string_view, 10> kKinds{"create", "start", "die",     "destroy", "update",
                                                    "rename", "pause", "unpause", "oom",     "restart"};
  return std::find(kKinds.begin(), kKinds.end(), event.kind) != kKinds.end();
}

}  // namespace

struct EngineWatch::State : std::enable_shared_from_this<EngineWatch::State> {
  State(EngineWatchOptions given, base::EventLoop& event_loop, std::function<void(const EngineEvent&)> event_callback,
        std::function<void()> view_callback)
      : options(std::move(given)),
        loop(event_loop),
        on_event(std::move(event_callback)),
        on_view(std::move(view_callback)),
        retry(options.retry_first, options.retry_most),
        inventory(options.engine, stop.get_token()),
        events(options.engine, retry, std::chrono::system_clock::now(), loop,
               [this](EngineEventStream::Report report) { hear(std::move(report)); }),
        worker("engine-list", kMaxWaitingQuestions) {}
  ~State() { stop.request_stop(); }

  void start() {
    refresh();
    // The stream cannot say that it is open and quiet: look.
    stream_check = loop.every(kStreamCheck, [this](int) { notice_open_stream(); });
  }

  void refresh() {
    if (is_reading || is_resting)
      is_read_again = true;
    else
      read();
  }

  void read() {
    is_resting = false;
    is_read_again = false;
    is_reading = true;
    next.cancel();
    EngineInventory::Question question{.inspect_all = is_all_due,
                                       .changed = std::exchange(changed, {}),
                                       .wanted = options.wanted,
                                       .max_inspected = options.max_inspected,
                                       .targets = options.targets};
    is_all_due = false;
    const bool is_taken = worker.submit([this, weak = weak_from_this(), question = std::move(question)] {
      const auto begun = std::chrono::steady_clock::now();
      auto answer = inventory.read(question);
      const auto took = std::chrono::steady_clock::now() - begun;
      loop.post([weak, answer = std::move(answer), took]() mutable {
        if (const auto state = weak.lock()) state->finish(std::move(answer), took);
      });
    });
    if (!is_taken) {  // the worker is stuck behind other questions
      is_reading = false;
      is_all_due = true;
      go_down(base::Error{base::Code::exhausted, "too many questions wait for the engine"});
    }
  }

  void finish(base::Result<EngineInventory::Answer> answer, base::Duration took) {
    is_reading = false;
    view.took = took;
    if (!answer) return go_down(answer.error());
    std::set<std::string> ids;
    for (const Container& container : answer->containers) {
      ids.insert(container.id);
      const auto inspected = answer->inspected_at.find(container.id);
      if (inspected != answer->inspected_at.end()) counts.on_inspection(container, inspected->second);
    }
    counts.keep_only(ids, answer->asked_at);
    view.errors += answer->failed_inspections;
    note_skipped(*answer);
    view.containers = std::move(answer->containers);
    view.refreshed_at = std::chrono::steady_clock::now();
    if (!std::exchange(view.up, true)) {
      base::log_info("container engine answers", {{"socket", options.engine.socket}});
      view.why.clear();
    }
    is_said_down = false;
    retry.succeeded();
    // A storm of events must not keep the engine busy with our questions: rest as long as the answer took.
    rest(std::clamp<base::Duration>(took, kShortestGap, kLongestGap));
    tell_view();
  }

  // Counted and said when there are more than before: a bad entry stays in the list for as long as its container does.
  void note_skipped(const EngineInventory::Answer& answer) {
    if (answer.skipped > view.skipped) {
      view.errors += answer.skipped - view.skipped;
      base::log_warning("entries of the container list cannot be read; the configured containers are asked for by name",
                        {{"skipped", std::to_string(answer.skipped)}, {"why", answer.why_skipped}});
    }
    view.skipped = answer.skipped;
    view.why_skipped = answer.why_skipped;
  }

  void rest(base::Duration gap) {
    is_resting = true;
    next = loop.after(gap, [this] {
      is_resting = false;
      if (is_read_again)
        read();
      else
        next = loop.after(options.reconcile, [this] { reconcile(); });
    });
  }

  void reconcile() {
    is_all_due = true;
    refresh();
  }

  void go_down(const base::Error& error) {
    view.up = false;
    view.why = error.message;
    ++view.errors;
    if (!std::exchange(is_said_down, true))
      base::log_warning("container engine is down", {{"socket", options.engine.socket}, {"why", error.message}});
    is_all_due = true;
    is_resting = true;  // until the next try: whoever asks meanwhile waits for it
    next = loop.after(retry.failed(), [this] { read(); });
    tell_view();
  }

  void hear(EngineEventStream::Report report) {
    const auto self = shared_from_this();  // on_event may destroy the watch
    if (report.broken) return hear_broken(*report.broken);
    notice_open_stream();
    if (report.lost) is_all_due = true;
    const EngineEvent& event = *report.event;
    if (!counts.on_event(event)) return;
    if (on_event) on_event(event);
    if (!changes_a_container(event) && !report.lost) return;
    changed.insert(event.container_id);
    refresh();
  }

  void hear_broken(const base::Error& error) {
    ++view.errors;
    is_gap = true;
    const bool was_up = std::exchange(view.events_up, false);
    view.events_why = error.message;
    // The first break may be the engine's end, which the refresh finds out and says; only more of them are the
    // stream's.
    if (!was_up && view.up && !std::exchange(is_said_deaf, true))
      base::log_warning("container events are not delivered", {{"why", error.message}});
    if (was_up)
      reconcile();
    else
      tell_view();
  }

  void notice_open_stream() {
    if (view.events_up || !events.is_open()) return;
    view.events_up = true;
    view.events_why.clear();
    if (std::exchange(is_said_deaf, false)) base::log_info("container events are delivered again");
    if (!std::exchange(is_gap, false)) return tell_view();
    is_all_due = true;  // what happened while it was closed
    if (is_reading)
      is_read_again = true;
    else
      read();  // also when the engine was down: it is back
  }

  void tell_view() const {
    if (on_view) on_view();
  }

  EngineWatchOptions options;
  base::EventLoop& loop;
  const std::function<void(const EngineEvent&)> on_event;
  const std::function<void()> on_view;
  EngineView view;
  EngineCounts counts;
  EngineRetry retry;
  std::set<std::string> changed;  // ids named by events since the last question
  bool is_all_due = true;         // the next question inspects all
  bool is_reading = false;        // one refresh at a time …
  bool is_read_again = false;     // … and at most one to follow
  bool is_resting = false;        // between two refreshes
  bool is_gap = false;            // the event stream was closed since the last refresh that saw it open
  bool is_said_down = false;
  bool is_said_deaf = false;
  std::stop_source stop;
  EngineInventory inventory;  // of the worker's thread
  EngineEventStream events;
  base::Pending next;
  base::Pending stream_check;
  base::Worker worker;  // last: it ends before what its jobs use
};

EngineWatch::EngineWatch(EngineWatchOptions options, base::EventLoop& loop,
                         std::function<void(const EngineEvent&)> on_event, std::function<void()> on_view)
    : state_(std::make_shared<State>(std::move(options), loop, std::move(on_event), std::move(on_view))) {
  state_->start();
}

EngineWatch::~EngineWatch() = default;

const EngineView& EngineWatch::view() const { return state_->view; }

const Container* EngineWatch::find(std::string_view name_or_id) const {
  const auto& containers = state_->view.containers;
  const auto found = std::find_if(containers.begin(), containers.end(), [&](const Container& container) {
    return container.name == name_or_id || container.id == name_or_id;
  });
  return found == containers.end() ? nullptr : &*found;
}

void EngineWatch::refresh() { state_->refresh(); }

void EngineWatch::set_wanted(std::function<bool(const Container&)> wanted, std::vector<sample::Target> targets) {
  state_->options.wanted = std::move(wanted);
  state_->options.targets = std::move(targets);
  state_->refresh();
}

void EngineWatch::read_stats(const std::string& container_id,
                             std::function<void(base::Result<sample::Resources>)> done) {
  const auto ask = [state = state_.get(), weak = state_->weak_from_this(), container_id, done] {
    auto stats = EngineClient(state->options.engine, state->stop.get_token()).stats(container_id);
    if (stats) stats->read_at = std::chrono::steady_clock::now();
    state->loop.post([weak, stats = std::move(stats), done] {
      if (weak.lock()) done(stats);
    });
  };
  if (state_->worker.submit(ask)) return;
  state_->loop.post([weak = state_->weak_from_this(), done] {
    if (weak.lock()) done(base::fail(base::Code::exhausted, "too many questions wait for the engine"));
  });
}

std::uint64_t EngineWatch::starts_of(const std::string& container_id) const {
  return state_->counts.starts_of(container_id);
}
std::uint64_t EngineWatch::oom_events_of(std::string_view name) const { return state_->counts.oom_kills_of(name); }
std::optional<LastExit> EngineWatch::last_exit_of(std::string_view name) const {
  return state_->counts.last_exit_of(name);
}

}  // namespace guard::source
