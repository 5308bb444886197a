#include "chatcore/llm/word_stream.h"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <utility>

#include "base/units.h"

namespace chatcore::llm {
namespace {

// So many words go out in one visit of the loop when there is no pace to keep: a post a word would double the cost of
// a turn, the whole answer in one visit would make other turns wait.
constexpr int kWordsPerVisit = 16;
constexpr std::string_view kWhiteSpace = " \t\r\n";

// Outlives its Generation for as long as a visit of the loop is on its way.
class Stream : public std::enable_shared_from_this<Stream> {
 public:
  Stream(WholeAnswer answer, double words_per_second, GenerationEvents events, base::EventLoop& loop)
      : text_(std::move(answer.text)),
        is_cut_(answer.is_cut),
        words_per_second_(words_per_second),
        events_(std::move(events)),
        loop_(loop) {}

  void pause() {
    const std::lock_guard lock(mutex_);
    if (state_ != State::flowing) return;
    state_ = State::paused;
    drop_visit();
  }

  void resume() {
    const std::lock_guard lock(mutex_);
    if (state_ != State::paused) return;
    state_ = State::flowing;
    // A callback that pauses and resumes is still inside a visit, which goes on by itself.
    if (!is_visiting_) schedule_visit(next_delay());
  }

  void start() {
    const std::lock_guard lock(mutex_);
    schedule_visit(base::Duration::zero());
  }

  void cancel() {
    GenerationEvents dropped;  // destroyed after the lock is let go: what it holds may own this generation
    const std::lock_guard lock(mutex_);
    if (state_ == State::ended) return;
    state_ = State::ended;
    drop_visit();
    if (!is_visiting_) dropped = std::exchange(events_, {});
  }

 private:
  enum class State { flowing, paused, ended };

  [[nodiscard]] base::Duration next_delay() const {
    return words_per_second_ > 0 ? base::from_seconds(1.0 / words_per_second_) : base::Duration::zero();
  }

  // A visit that is already on its way finds another number and does nothing.
  void drop_visit() {
    ++visit_number_;
    timer_ = base::Pending();
  }

  void schedule_visit(base::Duration delay) {
    const std::uint64_t number = ++visit_number_;
    const auto visit = [self = shared_from_this(), number] { self->visit(number); };
    if (delay > base::Duration::zero()) {
      timer_ = loop_.after(delay, visit);
    } else {
      loop_.post(visit);
    }
  }

  void visit(std::uint64_t number) {
    std::unique_lock lock(mutex_);
    if (number != visit_number_ || is_visiting_ || state_ != State::flowing) return;
    is_visiting_ = true;
    const int words = words_per_second_ > 0 ? 1 : kWordsPerVisit;
    for (int word = 0; word < words && state_ == State::flowing && position_ < text_.size(); ++word) {
      const std::string_view piece = take_piece();
      lock.unlock();
      events_.on_text(piece);
      lock.lock();
    }
    const bool is_complete = state_ == State::flowing && position_ == text_.size();
    if (is_complete) {
      state_ = State::ended;
      lock.unlock();
      events_.on_end({.is_cut = is_cut_});
      lock.lock();
    }
    is_visiting_ = false;
    GenerationEvents dropped;  // destroyed after the lock is let go, as in cancel()
    if (state_ == State::flowing) {
      schedule_visit(next_delay());
    } else if (state_ == State::ended) {
      drop_visit();
      dropped = std::exchange(events_, {});
    }
    lock.unlock();
  }

  // The next word and the white space that follows it.
  std::string_view take_piece() {
    const std::string_view rest = std::string_view(text_).substr(position_);
    const std::size_t word_end = rest.find_first_of(kWhiteSpace, rest.find_first_not_of(kWhiteSpace));
    const std::size_t end =
        word_end == std::string_view::npos ? rest.size() : rest.find_first_not_of(kWhiteSpace, word_end);
    const std::string_view piece = rest.substr(0, end);
    position_ += piece.size();
    return piece;
  }

  const std::string text_;
  const bool is_cut_;
  const double words_per_second_;
  GenerationEvents events_;  // changed under the lock, and only while nobody visits
  base::EventLoop& loop_;

  std::mutex mutex_;
  State state_ = State::flowing;
  bool is_visiting_ = false;
  std::uint64_t visit_number_ = 0;
  std::size_t position_ = 0;
  base::Pending timer_;
};

class StreamGeneration final : public Generation {
 public:
  explicit StreamGeneration(std::shared_ptr<Stream> stream) : stream_(std::move(stream)) {}
  ~StreamGeneration() override { stream_->cancel(); }
  StreamGeneration(const StreamGeneration&) = delete;
  StreamGeneration& operator=(const StreamGeneration&) = delete;

  void pause() override { stream_->pause(); }
  void resume() override { stream_->resume(); }
  void cancel() override { stream_->cancel(); }

 private:
  const std::shared_ptr<Stream> stream_;
};

}  // namespace

std::unique_ptr<Generation> stream_words(WholeAnswer answer, double words_per_second, GenerationEvents events,
                                         base::EventLoop& loop) {
  auto stream = std::make_shared<Stream>(std::move(answer), words_per_second, std::move(events), loop);
  stream->start();
  return std::make_unique<StreamGeneration>(std::move(stream));
}

}  // namespace chatcore::llm
