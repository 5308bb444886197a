#include "guard/source/docker/container_log.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include <pthread.h>

#include "guard/source/docker/log_frames.h"
#include "guard/source/docker/log_position.h"
#include "guard/source/docker/retry.h"

namespace guard::source {
namespace {

// The engine answers a container that says nothing with silence, and a log that it cannot read with an error: a stream
// that has been open for so long is taken to work.
constexpr std::chrono::seconds kTakenToWork{1};
// A line that is this old when it is read shows that the follower is behind, until no such line has come for as long.
constexpr std::chrono::seconds kBehind{3};
// What may have been written since the last look beside the lines that are known.
constexpr std::size_t kSpareLines = 64;

std::optional<base::Duration> age_of(base::SteadyTime at) {
  if (at == base::SteadyTime::min()) return std::nullopt;
  return std::chrono::steady_clock::now() - at;
}

bool is_running(const Container& container) {
  return container.state == ContainerState::running || container.state == ContainerState::paused;
}

}  // namespace

struct ContainerLog::State {
  State(ContainerLogOptions given, std::function<void(std::string_view line, base::WallTime at)> deliver)
      : options(std::move(given)),
        on_line(std::move(deliver)),
        retry(options.retry_first, options.retry_most),
        position(options.since),
        thread([this](const std::stop_token& stop) { run(stop); }) {}
  ~State() {
    thread.request_stop();
    thread.join();
  }

  void run(const std::stop_token& stop) {
    pthread_setname_np(pthread_self(), "container-log");
    EngineOptions engine = options.engine;
    engine.stream_idle = options.audit;
    const EngineClient client(engine, stop);
    while (!stop.stop_requested()) {
      const auto wait = look(client);
      std::unique_lock lock(mutex);
      wake_up.wait_for(lock, stop, wait, [this] { return is_woken; });
      is_woken = false;
    }
  }

  // Looks at the container once and reads its log as long as that goes on. Returns how long to wait before the next
  // look.
  std::chrono::milliseconds look(const EngineClient& client) {
    const auto container = client.inspect(options.container_id);
    if (!container && container.error().code == base::Code::not_found) return be_quiet();  // nobody writes any more
    if (!container) return be_broken(container.error().message);
    if (!is_running(*container)) return look_at_stopped(client, *container);
    const bool is_same_run = std::exchange(followed_run, container->started_at) == container->started_at;
    if (std::exchange(has_ended, false) && is_same_run)
      return be_broken("the engine ended the log stream although the container runs");
    if (const auto caught_up = catch_up(client, *container); !caught_up) return be_broken(caught_up.error().message);
    const auto followed = follow(client, *container);
    if (!followed && followed.error().code == base::Code::deadline_exceeded) {
      note_works();  // the log was read to its end, and then nothing came
      return std::chrono::milliseconds(0);
    }
    if (!followed) {
      is_all_due = true;
      return be_broken(followed.error().message);
    }
    has_ended = true;
    return std::chrono::milliseconds(0);  // to see why it has ended
  }

  // Reads what it wrote last, once.
  std::chrono::milliseconds look_at_stopped(const EngineClient& client, const Container& container) {
    has_ended = false;
    if (container.finished_at && std::exchange(read_run, container.finished_at) != container.finished_at) {
      if (const auto rest = catch_up(client, container); !rest) {
        read_run.reset();
        return be_broken(rest.error().message);
      }
    }
    return be_quiet();
  }

  // Reads from the last settled line to the end.
  base::Status catch_up(const EngineClient& client, const Container& container) {
    const base::SteadyTime began = std::chrono::steady_clock::now();
    position.notice_clock(std::chrono::system_clock::now());
    LogQuestion question = question_of(false);
    const bool knows_lines = position.unsettled() > 0;
    const base::WallTime known_until = audited_until == base::WallTime::min() ? latest : audited_until;
    std::size_t lines = 0;
    std::size_t known_lines = 0;
    const auto count = [&](std::string_view line, base::WallTime at) {
      if (!take(line, at) && at <= known_until) ++known_lines;
      ++lines;
    };
    auto status = read(client, container, question, count);
    if (status && question.tail > 0 && lines >= question.tail) {  // there may be more
      question.tail = 0;
      status = read(client, container, question, count);
    }
    if (!status) return status;
    // The last line of the audit before is no longer in the log, so lines after it may be lost, too. Lines that the
    // stream has brought since prove nothing: it goes on after a gap.
    if (knows_lines && known_lines == 0) lost_at = std::chrono::steady_clock::now();
    is_all_due = false;
    audited_until = latest;
    position.settle();
    last_audit = std::chrono::steady_clock::now();
    read_at = began;
    return {};
  }

  base::Status follow(const EngineClient& client, const Container& container) {
    note_opened();
    const auto take_line = [this](std::string_view line, base::WallTime at) {
      if (take(line, at)) note_works();
    };
    // Between two pieces of the stream; a log that gets no lines is audited when its silence has it opened anew.
    const auto audit = [&]() -> base::Status {
      if (std::chrono::steady_clock::now() - last_audit < options.audit) return {};
      return catch_up(client, container);
    };
    return read(client, container, question_of(true), take_line, audit);
  }

  // The engine finds the end of a log at once and its middle only by reading from the start: ask for as many of the
  // last lines as are known. It counts the parts of a long line each, and would begin in the middle of one.
  [[nodiscard]] LogQuestion question_of(bool follows) const {
    const bool is_whole = is_all_due || has_long_lines;
    return {.container = options.container_id,
            .since = position.since(),
            .follow = follows,
            .tail = is_whole ? 0 : position.unsettled() + kSpareLines};
  }

  base::Status read(const EngineClient& client, const Container& container, const LogQuestion& question,
                    const ContainerLogFrames::OnLine& take_line, const std::function<base::Status()>& between = {}) {
    ContainerLogFrames frames(container.tty, options.max_line_bytes);
    base::Status sound;
    const auto ended = client.read_log(question, [&](std::string_view bytes) {
      sound = frames.feed(bytes, take_line);
      has_long_lines = has_long_lines || frames.has_joined();
      if (sound && between) sound = between();
      return sound.has_value();
    });
    if (!sound) return sound;
    return ended;
  }

  // True when the line is new.
  bool take(std::string_view line, base::WallTime at) {
    if (!position.accept(at, line)) return false;
    on_line(line, at);
    latest = std::max(latest, at);
    if (std::chrono::system_clock::now() - at > kBehind) last_old_line = std::chrono::steady_clock::now();
    return true;
  }

  void note_opened() {
    const std::lock_guard lock(mutex);
    opened_at = std::chrono::steady_clock::now();
  }

  void note_works() {
    const std::lock_guard lock(mutex);
    broken_why.clear();
  }

  std::chrono::milliseconds be_quiet() {
    const std::lock_guard lock(mutex);
    broken_why.clear();
    opened_at.reset();
    retry.succeeded();
    read_at = std::chrono::steady_clock::now();  // nothing was written meanwhile
    return options.stopped_poll;
  }

  std::chrono::milliseconds be_broken(std::string reason) {
    const std::lock_guard lock(mutex);
    if (works()) retry.succeeded();
    broken_why = std::move(reason);
    opened_at.reset();
    return retry.failed();
  }

  // With the mutex held.
  [[nodiscard]] bool works() const {
    return broken_why.empty() || (opened_at && std::chrono::steady_clock::now() - *opened_at >= kTakenToWork);
  }

  const ContainerLogOptions options;
  const std::function<void(std::string_view line, base::WallTime at)> on_line;

  // Of the follower's thread.
  EngineRetry retry;
  ContainerLogPosition position;
  bool is_all_due = true;       // nothing is known of the log's end: read from since() whatever it takes
  bool has_long_lines = false;  // the engine splits some
  base::SteadyTime last_audit;
  base::WallTime latest = base::WallTime::min();         // of the lines delivered
  base::WallTime audited_until = base::WallTime::min();  // latest when the log was last read to its end
  std::optional<base::WallTime> followed_run;            // started_at of the run that was followed last
  std::optional<base::WallTime> read_run;                // finished_at of the run whose end was read
  bool has_ended = false;                                // the stream of followed_run ended by itself

  mutable std::mutex mutex;
  std::condition_variable_any wake_up;
  bool is_woken = false;
  std::string broken_why = "not opened yet";
  std::optional<base::SteadyTime> opened_at;  // of the stream that is open

  // When a line arrived that had been written more than kBehind before.
  std::atomic<base::SteadyTime> last_old_line{base::SteadyTime::min()};
  std::atomic<base::SteadyTime> read_at{base::SteadyTime::min()};  // when the last reading to the log's end began
  std::atomic<base::SteadyTime> lost_at{base::SteadyTime::min()};  // when lines were last found to be gone
  std::jthread thread;                                             // last: it uses all of the above
};

ContainerLog::ContainerLog(ContainerLogOptions options,
                           std::function<void(std::string_view line, base::WallTime at)> on_line)
    : state_(std::make_unique<State>(std::move(options), std::move(on_line))) {}

ContainerLog::~ContainerLog() = default;

bool ContainerLog::up() const {
  const std::lock_guard lock(state_->mutex);
  return state_->works();
}

std::string ContainerLog::why() const {
  const std::lock_guard lock(state_->mutex);
  return state_->works() ? std::string() : state_->broken_why;
}

bool ContainerLog::is_behind() const {
  const base::SteadyTime last = state_->last_old_line;
  return last != base::SteadyTime::min() && std::chrono::steady_clock::now() - last < kBehind;
}

std::optional<base::Duration> ContainerLog::since_read() const { return age_of(state_->read_at); }

std::optional<base::Duration> ContainerLog::since_lost() const { return age_of(state_->lost_at); }

void ContainerLog::wake() {
  const std::lock_guard lock(state_->mutex);
  state_->is_woken = true;
  state_->wake_up.notify_all();
}

}  // namespace guard::source
