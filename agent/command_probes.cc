#include "agent/command_probes.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include <sys/wait.h>
#include <unistd.h>

#include "agent/supervisor/file_limit.h"
#include "agent/supervisor/spawn.h"
#include "base/units.h"

namespace agent {
namespace {

using guard::source::ProbeAnswer;
using guard::source::ProbeDone;

// What a reason shows of the output.
constexpr std::size_t kMostWords = 200;
// Output is read in pieces of what a pipe holds; after the first it waits so long between two.
constexpr std::size_t kPieceBytes = 64u << 10;
constexpr auto kPause = std::chrono::milliseconds(10);
// A process that was killed is waited for so long before it is given up: the disk it waits for may never answer.
constexpr auto kLastGrace = std::chrono::seconds(1);

// The first line, fit to be shown: no control characters, no more than kMostWords.
std::string first_line(std::string_view output) {
  std::string line(output.substr(0, std::min(output.find('\n'), kMostWords)));
  std::ranges::replace_if(
      line, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, ' ');
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

}  // namespace

class CommandProbes::Run {
 public:
  Run(base::EventLoop& loop, guard::CommandQuestion question, ProbeDone done)
      : loop_(loop), question_(std::move(question)), done_(std::move(done)) {}
  ~Run() { close(); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  [[nodiscard]] const std::string& name() const { return question_.name; }

  // The process's id; 0 when it could not be started, which is then the answer.
  pid_t begin() {
    SpawnRequest request;
    request.argv = question_.argv;
    request.environment = command_environment({}, true);
    request.open_files = original_file_limit();
    auto begun = begin_spawn(request);
    if (!begun) {
      finish_later(ProbeAnswer::unable(begun.error().message));
      return 0;
    }
    process_ = *begun;
    watch_output();
    timer_ = loop_.after(question_.timeout, [this] { time_out(); });
    return process_.pid;
  }
  void finish_later(ProbeAnswer answer) {
    timer_ = loop_.after(base::Duration(0), [this, answer = std::move(answer)] { finish(answer); });
  }

  // Kills the running command; its result is discarded.
  void abandon() {
    done_ = nullptr;
    timer_.cancel();
    output_watch_.cancel();
    kill_group();
  }

  // The process has been reaped. What it started and left behind goes now.
  void end(int status) {
    kill_group();
    has_ended_ = true;
    read_output();
    timer_.cancel();
    output_watch_.cancel();
    const auto executed = status_of(read_spawn_report(process_.report), "its command");  // not its words: secrets
    finish(executed ? answer_of(status) : ProbeAnswer::unable(executed.error().message));
  }

 private:
  [[nodiscard]] ProbeAnswer answer_of(int status) const {
    if (timed_out_) return timeout_answer();
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return ProbeAnswer::passed();
    std::string why = WIFSIGNALED(status) ? "ended by signal " + std::to_string(WTERMSIG(status))
                                          : "exit status " + std::to_string(WEXITSTATUS(status));
    return ProbeAnswer::failed(with_words(std::move(why)));
  }
  [[nodiscard]] ProbeAnswer timeout_answer() const {
    return ProbeAnswer::failed(with_words("did not end within " + base::format_duration(question_.timeout)));
  }
  [[nodiscard]] std::string with_words(std::string why) const {
    const std::string words = first_line(output_);
    return words.empty() ? why : why + ": " + words;
  }

  void time_out() {
    timed_out_ = true;
    kill_group();
    timer_ = loop_.after(kLastGrace, [this] { finish(timeout_answer()); });
  }

  void watch_output() {
    output_watch_ = loop_.readable(process_.output, [this] {
      const bool goes_on = read_output();
      output_watch_.cancel();
      if (goes_on) output_watch_ = loop_.after(kPause, [this] { watch_output(); });
    });
  }

  // One piece; false when there will be no more.
  bool read_output() {
    std::array<char, kPieceBytes> piece;
    const ssize_t size = ::read(process_.output, piece.data(), piece.size());
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    output_.append(piece.data(), std::min(static_cast<std::size_t>(size), kMostWords - output_.size()));
    return size > 0;
  }

  // The group's number is its leader's: nobody else's while a member lives, but anybody's some time after the leader
  // has been reaped.
  void kill_group() const {
    if (process_.pid > 0 && !has_ended_) ::kill(-process_.pid, SIGKILL);
  }

  void finish(ProbeAnswer answer) {
    if (auto done = std::exchange(done_, nullptr)) done(std::move(answer));
  }

  void close() {
    output_watch_.cancel();
    for (int* fd : {&process_.output, &process_.report}) {
      if (*fd >= 0) ::close(std::exchange(*fd, -1));
    }
  }

  base::EventLoop& loop_;
  const guard::CommandQuestion question_;
  ProbeDone done_;
  Begun process_;
  std::string output_;
  bool timed_out_ = false;
  bool has_ended_ = false;
  base::Pending timer_;
  base::Pending output_watch_;
};

// State that the asking thread holds.
class CommandProbes::Attempt final : public guard::source::ProbeAttempt {
 public:
  explicit Attempt(std::shared_ptr<Run> run) : run_(std::move(run)) {}
  ~Attempt() override { run_->abandon(); }

 private:
  const std::shared_ptr<Run> run_;
};

CommandProbes::CommandProbes(base::EventLoop& loop) : loop_(loop) {}

CommandProbes::~CommandProbes() {
  for (const auto& [pid, run] : runs_) run->abandon();
}

bool CommandProbes::is_busy(const std::string& name) const {
  return std::ranges::any_of(runs_, [&](const auto& entry) { return entry.second->name() == name; });
}

std::unique_ptr<guard::source::ProbeAttempt> CommandProbes::ask(const guard::CommandQuestion& question,
                                                                ProbeDone done) {
  auto run = std::make_shared<Run>(loop_, question, std::move(done));
  if (is_busy(question.name))
    run->finish_later(ProbeAnswer::unable("its last run was killed and has not ended yet"));
  else if (const pid_t pid = run->begin(); pid > 0)
    runs_[pid] = run;
  return std::make_unique<Attempt>(std::move(run));
}

void CommandProbes::on_end(pid_t pid, int wait_status) {
  const auto found = runs_.find(pid);
  if (found == runs_.end()) return;
  const auto run = std::move(found->second);
  runs_.erase(found);
  run->end(wait_status);
}

}  // namespace agent
