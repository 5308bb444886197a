#include "guard/source/log/file_log_reader.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <thread>
#include <utility>
#include <vector>

#include <pthread.h>

#include "base/units.h"

namespace guard::source {
namespace {

// How long one file is read before the others have their turn.
constexpr std::chrono::milliseconds kTurn{50};
// A turn that has not ended after this long hangs in the kernel: one read is at most 1 MiB.
constexpr std::chrono::seconds kHangs{5};
constexpr std::chrono::milliseconds kPatience{250};

base::SteadyTime real_now() { return std::chrono::steady_clock::now(); }

}  // namespace

struct FileLogReader::State {
  struct Asked {
    std::uint64_t number = 0;
    base::SteadyTime now;
    base::WallTime wall;
  };
  struct Entry {
    std::weak_ptr<FollowedFile> file;
    std::uint64_t done = 0;  // number of the last request up to which all was read
  };

  mutable std::mutex mutex;
  std::condition_variable wake;   // of the thread
  std::condition_variable rests;  // the thread has read all, or has ended
  std::vector<Entry> entries;
  Asked asked;
  std::string turn_of;  // path of the file that is being read
  std::optional<base::SteadyTime> turn_since;
  bool is_stopping = false;
  bool has_ended = false;
  std::thread thread;

  // With the mutex held: the next file that has not been read since the last request, after `from`; null when none.
  std::shared_ptr<FollowedFile> next_due(std::size_t& from) {
    std::erase_if(entries, [](const Entry& entry) { return entry.file.expired(); });
    for (std::size_t step = 0; step < entries.size(); ++step) {
      const std::size_t index = (from + step) % entries.size();
      if (entries[index].done >= asked.number) continue;
      from = index + 1;
      if (auto file = entries[index].file.lock()) return file;
    }
    return nullptr;
  }
  [[nodiscard]] bool all_read() const {
    return std::ranges::all_of(entries,
                               [&](const Entry& entry) { return entry.done >= asked.number || entry.file.expired(); });
  }
};

FollowedFile::FollowedFile(std::string path, std::shared_ptr<LogCounters> counters)
    : path_(std::move(path)), counters_(std::move(counters)), log_(path_) {}

FollowedFile::Seen FollowedFile::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

FileLogReader::FileLogReader() : state_(std::make_shared<State>()) {}

FileLogReader::~FileLogReader() {
  std::unique_lock lock(state_->mutex);
  state_->is_stopping = true;
  state_->wake.notify_all();
  if (!state_->thread.joinable()) return;
  const bool ended = state_->rests.wait_for(lock, kPatience, [&] { return state_->has_ended; });
  std::thread thread = std::move(state_->thread);
  lock.unlock();
  if (ended)
    thread.join();
  else
    thread.detach();  // it hangs in the kernel; it ends when the file system answers
}

void FileLogReader::add(const std::shared_ptr<FollowedFile>& file) {
  const std::lock_guard lock(state_->mutex);
  const auto is_same = [&](const State::Entry& entry) { return entry.file.lock() == file; };
  if (std::ranges::none_of(state_->entries, is_same)) state_->entries.push_back({file});
}

void FileLogReader::read(base::SteadyTime now, base::WallTime wall) {
  const std::lock_guard lock(state_->mutex);
  if (state_->entries.empty()) return;
  state_->asked = {state_->asked.number + 1, now, wall};
  if (!state_->thread.joinable()) state_->thread = std::thread([state = state_] { run(state); });
  state_->wake.notify_all();
}

FollowedFile::Seen FileLogReader::seen(const FollowedFile& file) const {
  FollowedFile::Seen seen = file.seen();
  const std::lock_guard lock(state_->mutex);
  if (!state_->turn_since) return seen;
  const base::Duration hanging = real_now() - *state_->turn_since;
  if (hanging < kHangs) return seen;
  seen.up = false;
  seen.why = state_->turn_of + ": the file system has not answered for " + base::format_duration(hanging);
  if (state_->turn_of != file.path()) seen.why += "; other log files wait for it";
  return seen;
}

bool FileLogReader::wait_until_read() const {
  std::unique_lock lock(state_->mutex);
  return state_->rests.wait_for(lock, kHangs, [&] { return state_->all_read(); });
}

void FileLogReader::run(const std::shared_ptr<State>& state) {
  pthread_setname_np(pthread_self(), "log-files");
  std::size_t turn = 0;
  std::unique_lock lock(state->mutex);
  while (!state->is_stopping) {
    auto file = state->next_due(turn);
    if (!file) {
      state->rests.notify_all();
      state->wake.wait(lock);
      continue;
    }
    const State::Asked asked = state->asked;
    state->turn_of = file->path();
    state->turn_since = real_now();
    lock.unlock();
    const bool is_read = take_turn(*file, asked.now, asked.wall);
    lock.lock();
    state->turn_since.reset();
    for (State::Entry& entry : state->entries)
      if (is_read && entry.file.lock() == file) entry.done = asked.number;
  }
  state->has_ended = true;
  state->rests.notify_all();
}

// True when the file has been read to its end.
bool FileLogReader::take_turn(FollowedFile& file, base::SteadyTime now, base::WallTime wall) {
  const auto end = real_now() + kTurn;
  const auto on_line = [&](std::string_view line) { file.counters_->take(line, now, wall); };
  bool is_read = false;
  while (!is_read && real_now() < end) is_read = file.log_.poll(on_line);
  const std::lock_guard lock(file.mutex_);
  file.seen_.up = file.log_.up();
  file.seen_.why = file.log_.why();
  file.seen_.lag_bytes = file.log_.lag_bytes();
  if (is_read && file.seen_.lag_bytes == 0) file.seen_.read_until = now;
  return is_read;
}

}  // namespace guard::source
