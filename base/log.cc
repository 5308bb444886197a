#include "base/log.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "base/log_line.h"

namespace base {

namespace {

using TimePoint = spdlog::log_clock::time_point;

// A second bound beside the number of lines: 8192 long ones would be 32 MiB.
constexpr std::size_t kMaxQueuedBytes = 4u << 20;
constexpr auto kStopPatience = std::chrono::seconds(1);
constexpr int kPollMs = 100;

struct Line {
  LogLevel level = LogLevel::info;
  TimePoint time;
  std::string text;
};

// True when stderr is the very socket that systemd gave us; a JOURNAL_STREAM inherited by a process whose stderr
// was redirected since does not count (systemd.exec(5)).
bool stderr_is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");  // NOLINT(concurrency-mt-unsafe): read once, before threads
  struct stat status = {};
  if (stream == nullptr || ::fstat(STDERR_FILENO, &status) != 0) return false;
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) == stream;
}

// sd-daemon(3): the journal reads the syslog priority from a prefix.
std::string_view journal_prefix(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "<7>";
    case LogLevel::info: return "<6>";
    case LogLevel::warning: return "<4>";
    case LogLevel::error: return "<3>";
  }
  return "<3>";
}

// spdlog's sink on stderr with the time stamp as a pattern around the line's text.
class Output {
 public:
  Output() { choose(LogFormat::logfmt); }

  void choose(LogFormat format) {
    format_ = format;
    journal_ = stderr_is_journal();
    const std::string_view time = "%Y-%m-%dT%H:%M:%S.%eZ";
    std::string pattern = "%v";
    if (!journal_) {
      pattern = format == LogFormat::json ? R"({"ts":")" : "ts=";
      pattern.append(time).append(format == LogFormat::json ? R"(",%v)" : " %v");
    }
    sink_.set_formatter(std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc, "\n"));
  }
  [[nodiscard]] std::string render(LogLevel level, std::string_view message, LogFields fields) const {
    std::string text(journal_ ? journal_prefix(level) : std::string_view());
    if (format_ == LogFormat::logfmt) return text.append(logfmt_line(level, message, fields));
    return text.append(journal_ ? "{" : "").append(json_line_tail(level, message, fields));
  }
  void write(const Line& line) {
    sink_.log(spdlog::details::log_msg(line.time, {}, {}, spdlog::level::info, line.text));
  }

 private:
  LogFormat format_ = LogFormat::logfmt;
  bool journal_ = false;
  spdlog::sinks::stderr_sink_st sink_;
};

// The queue and its writer. spdlog's own asynchronous logger is not used: it drops the oldest line, not the newest,
// and keeps its whole queue allocated (3 MiB for 8192 lines, in a program that promises to stay small).
class Log {
 public:
  void start(const LogOptions& options) {
    stop();
    const std::lock_guard lock(mutex_);
    level = options.level;
    capacity_ = options.queue_lines;
    output_.choose(options.format);
    stopping_ = false;
    writer_ = std::thread([this] { run(); });
    started_ = true;
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      if (!started_) return;
      started_ = false;
      stopping_ = true;
      stop_by_ = std::chrono::steady_clock::now() + kStopPatience;
    }
    wake_.notify_one();
    writer_.join();
  }

  void add(LogLevel line_level, std::string_view message, LogFields fields) {
    const std::lock_guard lock(mutex_);
    Line line{line_level, spdlog::log_clock::now(), output_.render(line_level, message, fields)};
    if (!started_) {
      output_.write(line);
    } else if (queue_.size() >= capacity_ || queued_bytes_ + line.text.size() > kMaxQueuedBytes) {
      ++dropped;
    } else {
      push(std::move(line));
      wake_.notify_one();
    }
  }

  std::atomic<LogLevel> level{LogLevel::info};
  std::atomic<std::uint64_t> dropped{0};

 private:
  void push(Line line) {
    queued_bytes_ += line.text.size();
    queue_.push_back(std::move(line));
  }

  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      if (!wait_until_writable(lock)) return give_up();
      const Line line = std::move(queue_.front());
      queue_.pop_front();
      queued_bytes_ -= line.text.size();
      lock.unlock();
      output_.write(line);
      lock.lock();
      report_dropped();
    }
  }

  // False when the log is being stopped and stderr has taken nothing for too long.
  bool wait_until_writable(std::unique_lock<std::mutex>& lock) {
    while (true) {
      lock.unlock();
      pollfd watched{STDERR_FILENO, POLLOUT, 0};
      const int ready = ::poll(&watched, 1, kPollMs);
      lock.lock();
      if (ready > 0) return true;
      if (stopping_ && std::chrono::steady_clock::now() >= stop_by_) return false;
    }
  }

  void give_up() {
    dropped += queue_.size();
    queue_.clear();
    queued_bytes_ = 0;
  }

  // Once half of the queue is free again, so that one burst is one report.
  void report_dropped() {
    const auto lost = dropped.load();
    if (lost == reported_ || queue_.size() > capacity_ / 2) return;
    push({LogLevel::warning, spdlog::log_clock::now(),
          output_.render(LogLevel::warning, "log lines dropped", {{"lines", lost - reported_}, {"total", lost}})});
    reported_ = lost;
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Line> queue_;
  std::size_t queued_bytes_ = 0;
  std::size_t capacity_ = 0;
  std::uint64_t reported_ = 0;  // of `dropped`, what the log itself has told
  bool started_ = false;
  bool stopping_ = false;
  std::chrono::steady_clock::time_point stop_by_;
  Output output_;
  std::thread writer_;
};

// Never destroyed: threads that outlive main may still log.
Log& the_log() {
  static auto* const log = new Log;
  return *log;
}

}  // namespace

void start_log(const LogOptions& options) { the_log().start(options); }

void stop_log() { the_log().stop(); }

void set_log_level(LogLevel level) { the_log().level = level; }

void log(LogLevel level, std::string_view message, LogFields fields) {
  auto& log = the_log();
  if (level >= log.level.load(std::memory_order_relaxed)) log.add(level, message, fields);
}

std::uint64_t dropped_log_lines() { return the_log().dropped; }

}  // namespace base
