#include "agent/supervisor/supervisor.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <future>
#include <utility>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

namespace agent {
namespace {

// A reader that takes nothing for so long loses what was to be written; nothing else waits for it.
constexpr auto kReaderPatience = std::chrono::seconds(2);
constexpr auto kReaderPoll = std::chrono::milliseconds(100);
// What children wrote last is passed on for so long at the end.
constexpr auto kLastWords = std::chrono::milliseconds(500);

bool wait_writable(const std::atomic<bool>& stopping) {
  for (auto waited = kReaderPoll; waited <= kReaderPatience && !stopping; waited += kReaderPoll) {
    pollfd out = {STDOUT_FILENO, POLLOUT, 0};
    if (::poll(&out, 1, static_cast<int>(kReaderPoll.count())) > 0) return true;
  }
  return false;
}

void write_all(std::string_view bytes, const std::atomic<bool>& stopping) {
  while (!bytes.empty() && wait_writable(stopping)) {
    // A pipe that polls as writable takes this much without blocking.
    const ssize_t written = ::write(STDOUT_FILENO, bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

base::Status no_such(const std::string& workload) {
  return base::fail(base::Code::not_found, "no supervised command is called " + workload);
}

}  // namespace

Supervisor::Supervisor(base::EventLoop& loop, const base::Clock& clock,
                       std::function<void(const std::string&, std::string_view)> on_line,
                       std::function<void()> on_change, std::string holder_folder)
    : context_{loop,
               clock,
               std::move(on_line),
               [this](std::string_view bytes, std::function<void()> done) { pass_on(bytes, std::move(done)); },
               std::move(on_change),
               std::move(holder_folder)} {}

Supervisor::~Supervisor() {
  auto written = std::make_shared<std::promise<void>>();
  auto done = written->get_future();
  if (output_.submit([written] { written->set_value(); })) done.wait_for(kLastWords);
  stopping_ = true;
}

void Supervisor::add(ChildOptions options) {
  children_.push_back(std::make_unique<Child>(std::move(options), context_));
}

void Supervisor::start_all(const std::vector<std::string>& except) {
  for (const auto& child : children_) {
    if (std::ranges::find(except, child->options().name) == except.end())
      child->start();
    else if (child->options().outlives_agent)
      child->end_leftover([](const base::Status&) {});
  }
  end_what_is_not_configured();
}

void Supervisor::end_what_is_not_configured() {
  for (const std::string& name : holder_names(context_.holder_folder)) {
    if (find(name) != nullptr) continue;
    base::log_info("a command of an earlier agent is not configured any more: it is stopped", {{"workload", name}});
    ChildOptions options;
    options.name = name;
    options.outlives_agent = true;
    retire(std::make_unique<Child>(std::move(options), context_));
  }
}

void Supervisor::start(const std::string& workload) {
  if (Child* child = find(workload)) child->start();
}

void Supervisor::replace(std::vector<ChildOptions> wanted) {
  std::vector<std::unique_ptr<Child>> kept;
  std::vector<Child*> added;
  for (ChildOptions& options : wanted) {
    const auto same = std::ranges::find_if(children_, [&](const auto& child) {
      return child != nullptr && child->options().name == options.name && child->options().runs_the_same(options);
    });
    if (same != children_.end()) {
      (*same)->update(std::move(options));
      kept.push_back(std::move(*same));
    } else {
      kept.push_back(std::make_unique<Child>(std::move(options), context_));
      added.push_back(kept.back().get());
    }
  }
  for (auto& child : children_) {
    if (child) retire(std::move(child));
  }
  children_ = std::move(kept);
  // Only these: one that waits out its back-off, or was stopped by an action, stays as it is. One that takes the place
  // of another is started when that one has ended.
  for (Child* child : added) {
    if (!is_retiring(child->options().name)) child->start();
  }
}

bool Supervisor::is_retiring(const std::string& name) const {
  return std::ranges::any_of(retiring_, [&](const auto& child) { return child->options().name == name; });
}

void Supervisor::retire(std::unique_ptr<Child> child) {
  Child* leaving = child.get();
  retiring_.push_back(std::move(child));
  const auto erase = [this, leaving](const base::Status&) {
    // Not from within the child's own call.
    context_.loop.post([this, leaving] {
      const auto gone = std::ranges::find(retiring_, leaving, &std::unique_ptr<Child>::get);
      if (gone == retiring_.end()) return;  // everything is being stopped meanwhile, this one too
      const std::string name = leaving->options().name;
      Child* successor = find(name);
      if (successor == nullptr) leaving->remove_cgroup();
      retiring_.erase(gone);  // and lets go of its cgroup, which a successor takes over
      if (successor != nullptr) successor->start();
    });
  };
  if (leaving->options().argv.empty())
    leaving->end_leftover(erase);
  else
    leaving->stop(leaving->options().command.stop_timeout, erase);
}

void Supervisor::stop_all(std::function<void()> done) {
  // Those on their way out since a reload are asked again, and waited for like the others.
  for (auto& child : retiring_) children_.push_back(std::move(child));
  retiring_.clear();
  auto waiting = std::make_shared<std::size_t>(children_.size());
  auto shared_done = std::make_shared<std::function<void()>>(std::move(done));
  if (*waiting == 0) return (*shared_done)();
  for (const auto& child : children_) {
    Child* stopped = child.get();
    if (stopped->is_left_running()) {
      stopped->leave();
      if (--*waiting == 0) (*shared_done)();
      continue;
    }
    stopped->stop(stopped->options().command.stop_timeout, [waiting, shared_done, stopped](const base::Status&) {
      stopped->remove_cgroup();
      if (--*waiting == 0) (*shared_done)();
    });
  }
}

void Supervisor::forward(int signal) {
  for (const auto& child : children_) child->signal(signal);
}

void Supervisor::check() {
  for (const auto& child : children_) child->check();
}

void Supervisor::reap() {
  int status = 0;
  for (pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0; pid = ::waitpid(-1, &status, WNOHANG)) {
    if (Child* child = find(pid))
      child->on_exit(status);
    else if (on_other_end_)
      on_other_end_(pid, status);
  }
}

bool Supervisor::is_settling() const {
  return std::ranges::any_of(children_, [](const auto& child) { return child->is_settling(); });
}

bool Supervisor::is_over() const {
  return std::ranges::all_of(children_, [](const auto& child) { return child->is_over(); });
}

int Supervisor::exit_code() const { return children_.empty() ? 0 : children_.front()->exit_code(); }

Child* Supervisor::find(pid_t pid) const {
  for (const auto* group : {&children_, &retiring_}) {
    const auto found = std::ranges::find(*group, pid, [](const auto& child) { return child->pid(); });
    if (found != group->end()) return found->get();
  }
  return nullptr;
}

Child* Supervisor::find(const std::string& workload) const {
  const auto found =
      std::ranges::find_if(children_, [&](const auto& child) { return child->options().name == workload; });
  return found == children_.end() ? nullptr : found->get();
}

std::optional<guard::ChildView> Supervisor::view(const std::string& workload) const {
  const Child* child = find(workload);
  return child == nullptr ? std::nullopt : std::optional(child->view());
}

void Supervisor::restart(const std::string& workload, std::chrono::nanoseconds drain, Done done) {
  if (Child* child = find(workload))
    child->restart(drain, std::move(done));
  else
    done(no_such(workload));
}

void Supervisor::stop(const std::string& workload, std::chrono::nanoseconds drain, Done done) {
  if (Child* child = find(workload))
    child->stop(drain, std::move(done));
  else
    done(no_such(workload));
}

void Supervisor::pass_on(std::string_view bytes, std::function<void()> done) {
  const bool is_taken = output_.submit([this, text = std::string(bytes), done] {
    write_all(text, stopping_);
    done();
  });
  if (!is_taken) done();
}

}  // namespace agent
