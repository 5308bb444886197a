#include "guard/history/recording.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/log.h"
#include "guard/history/fields.h"
#include "guard/history/reader.h"

namespace guard::history {
namespace {

// A block ends with its minute, or its so many ticks, or when it holds so many samples that encoding it anew with every
// write would cost too much memory and time.
constexpr std::size_t kMostSamples = 16384;
constexpr std::size_t kMinutesOfBlock = 60;
constexpr std::size_t kQuartersOfBlock = 32;
// Closed blocks that wait for a disk to be well again: an hour of 20 workloads at 1 s.
constexpr std::int64_t kMostWaitingBytes = 1 << 20;

std::size_t most_ticks(Resolution resolution) {
  switch (resolution) {
    case Resolution::raw: return Block::kMostTicks;
    case Resolution::minute: return kMinutesOfBlock;
    case Resolution::quarter: return kQuartersOfBlock;
  }
  return 1;
}

}  // namespace

Recording::Recording(RecordingOptions options, RecordingCounters& counters)
    : options_(std::move(options)),
      counters_(counters),
      raw_{Resolution::raw},
      minute_{Resolution::minute},
      quarter_{Resolution::quarter},
      minutes_(step_of(Resolution::minute)),
      quarters_(step_of(Resolution::quarter)) {}

void Recording::take(const sample::Snapshot& snapshot) {
  if (!written_at_) {
    written_at_ = snapshot.at;
    newest_ = snapshot.wall;
    // What the run before left unsummed comes before the first sample of this one.
    if (open()) catch_up(snapshot.wall);
    counters_.bytes = store_ ? store_->bytes_on_disk() : 0;
  }
  const bool is_next_minute = minutes_.end_of(snapshot.wall) != minutes_.end_of(newest_);
  if (is_next_minute) close(raw_);
  newest_ = snapshot.wall;
  summarize(snapshot, base::WallTime::min(), base::WallTime::min());
  append_to(raw_, snapshot, {});
  if (snapshot.at - *written_at_ < options_.write_every && snapshot.at >= *written_at_) return;
  written_at_ = snapshot.at;
  write();
}

void Recording::summarize(const sample::Snapshot& snapshot, base::WallTime from_minute, base::WallTime from_quarter) {
  if (snapshot.wall >= from_minute)
    if (const auto period = minutes_.add(snapshot)) append_to(minute_, period->last, period->summaries);
  if (snapshot.wall >= from_quarter)
    if (const auto period = quarters_.add(snapshot)) append_to(quarter_, period->last, period->summaries);
}

void Recording::append_to(OpenBlock& open_block, const sample::Snapshot& snapshot,
                          const std::vector<Summary>& summaries) {
  Row& row = open_block.row;
  if (open_block.block.empty()) row.since = row.until = snapshot.wall;
  append(snapshot, summaries, open_block.block);
  row.resolution = open_block.resolution;
  row.since = std::min(row.since, snapshot.wall);
  row.until = std::max(row.until, snapshot.wall);
  row.ticks = open_block.block.ticks();
  row.samples += snapshot.workloads.size();
  open_block.has_changed = true;
  if (row.ticks >= most_ticks(open_block.resolution) || row.samples >= kMostSamples) close(open_block);
}

void Recording::close(OpenBlock& open_block) {
  if (open_block.block.empty()) return;
  if (open_block.has_changed) {
    open_block.row.data = open_block.block.encode();
    waiting_.push_back(std::move(open_block.row));
    bound_waiting();
  }
  open_block = {open_block.resolution};
}

void Recording::bound_waiting() {
  std::int64_t bytes = 0;
  for (const Row& row : waiting_) bytes += static_cast<std::int64_t>(row.data.size());
  while (bytes > kMostWaitingBytes && waiting_.size() > 1) {
    bytes -= static_cast<std::int64_t>(waiting_.front().data.size());
    counters_.samples_dropped += waiting_.front().samples;
    waiting_.pop_front();
  }
  counters_.bytes_waiting = bytes;
}

bool Recording::write() {
  const bool has_news = raw_.has_changed || minute_.has_changed || quarter_.has_changed || !waiting_.empty();
  if (!has_news) return true;
  if (!open()) return false;
  std::vector<Row> rows(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(waiting_.end()));
  waiting_.clear();
  const std::size_t closed = rows.size();
  std::vector<OpenBlock*> changed;
  for (OpenBlock* open_block : {&raw_, &minute_, &quarter_}) {
    if (!open_block->has_changed) continue;
    changed.push_back(open_block);
    rows.push_back(open_block->row);
    rows.back().data = open_block->block.encode();
  }
  const auto written = store_->write(rows, newest_);
  note(written);
  counters_.bytes = store_->bytes_on_disk();
  if (!written) {
    waiting_.assign(std::make_move_iterator(rows.begin()),
                    std::make_move_iterator(rows.begin() + static_cast<std::ptrdiff_t>(closed)));
    bound_waiting();
    // A full or locked disk may be well again with the next write; what else is wrong is looked at anew from the file
    // on.
    const base::Code code = written.error().code;
    if (code != base::Code::exhausted && code != base::Code::unavailable) store_.reset();
    return false;
  }
  counters_.bytes_waiting = 0;
  for (std::size_t i = 0; i < changed.size(); ++i) {
    changed[i]->row.id = rows[closed + i].id;
    changed[i]->has_changed = false;
  }
  return true;
}

bool Recording::open() {
  std::error_code ignored;
  if (store_ && std::filesystem::exists(options_.path, ignored)) return true;
  auto opened = Store::open(options_.path, options_.limits);
  if (!opened && opened.error().code == base::Code::corrupt) {
    base::log_error(
        "the history is damaged: it is set aside, and a new one begun",
        {{"path", options_.path}, {"set_aside_as", options_.path + ".corrupt"}, {"error", opened.error().message}});
    const auto moved = Store::set_aside(options_.path);
    opened = moved ? Store::open(options_.path, options_.limits) : base::Result<Store>(base::fail(moved.error()));
  }
  if (!opened) {
    store_.reset();
    note(base::fail(opened.error()));
    return false;
  }
  store_.emplace(std::move(*opened));
  // The file is not the one that the ids were given in.
  for (Row& row : waiting_) row.id.reset();
  for (OpenBlock* open_block : {&raw_, &minute_, &quarter_}) {
    open_block->row.id.reset();
    open_block->has_changed = !open_block->block.empty();
  }
  return true;
}

void Recording::note(const base::Status& result) {
  ++(result ? counters_.writes_done : counters_.writes_failed);
  if (!result && !std::exchange(is_failing_, true)) {
    base::log_warning("the history cannot be written; guarding goes on, and it is tried again",
                      {{"path", options_.path}, {"error", result.error().message}});
  }
  if (result && std::exchange(is_failing_, false)) {
    base::log_info("the history is written again",
                   {{"path", options_.path}, {"samples_dropped", counters_.samples_dropped.load()}});
  }
}

void Recording::catch_up(base::WallTime now) {
  const auto end_of_newest = [this](Resolution resolution, const Rollup& rollup) {
    const auto newest = store_->newest(resolution);
    return newest && *newest ? rollup.end_of(**newest) : base::WallTime::min();
  };
  const auto from_minute = end_of_newest(Resolution::minute, minutes_);
  const auto from_quarter = end_of_newest(Resolution::quarter, quarters_);
  auto reader = Reader::open(options_.path);
  if (!reader) return;
  if (!reader->seek({.since = std::min(from_minute, from_quarter),
                     .until = now,
                     .resolution = Resolution::raw,
                     .keeps_steady_times = true}))
    return;
  for (auto moment = reader->next(); moment && *moment; moment = reader->next())
    summarize((*moment)->snapshot, from_minute, from_quarter);
  if (const auto period = minutes_.end_before(now)) append_to(minute_, period->last, period->summaries);
  if (const auto period = quarters_.end_before(now)) append_to(quarter_, period->last, period->summaries);
  // What follows was seen by another run of the agent, perhaps of the machine: its steady times stand in other blocks.
  close(minute_);
  close(quarter_);
  minutes_.forget_cpu();
  quarters_.forget_cpu();
}

}  // namespace guard::history
