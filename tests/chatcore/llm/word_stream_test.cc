#include "chatcore/llm/word_stream.h"

#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatcore::llm {
namespace {

using ::testing::ElementsAre;
using namespace std::chrono_literals;

// Long enough for many visits of the loop.
std::string hundred_words() {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "word" + std::to_string(i) + " ";
  return text;
}

class WordStream : public ::testing::Test {
 protected:
  void stream(std::string text, double words_per_second = 0) {
    generation_ = stream_words({std::move(text)}, words_per_second,
                               {[this](std::string_view piece) {
                                  pieces_.emplace_back(piece);
                                  if (on_piece_) on_piece_();
                                },
                                [this](const Generated& generated) {
                                  EXPECT_TRUE(generated.status);
                                  ++ends_;
                                  if (on_end_) on_end_();
                                }},
                               loop_);
  }
  // Lets the loop turn `rounds` times more, long enough for anything that was posted to have come up; then `next`.
  void after_rounds(int rounds, std::function<void()> next) {
    loop_.post([this, rounds, next = std::move(next)] { rounds > 0 ? after_rounds(rounds - 1, next) : next(); });
  }

  base::EventLoop loop_;
  std::unique_ptr<Generation> generation_;
  std::vector<std::string> pieces_;
  int ends_ = 0;
  std::function<void()> on_piece_;
  std::function<void()> on_end_ = [this] { loop_.stop(); };
};

TEST_F(WordStream, ComesWordByWordWithItsWhiteSpace) {
  stream(" One  two\n\nthree");
  loop_.run();
  EXPECT_THAT(pieces_, ElementsAre(" One  ", "two\n\n", "three"));
  EXPECT_EQ(ends_, 1);
}

TEST_F(WordStream, BeginsOnlyOnTheLoop) {
  stream("one");
  EXPECT_TRUE(pieces_.empty());
  loop_.run();
  EXPECT_THAT(pieces_, ElementsAre("one"));
}

TEST_F(WordStream, EndsOnceAlsoWithoutAWord) {
  stream("");
  loop_.run();
  EXPECT_TRUE(pieces_.empty());
  EXPECT_EQ(ends_, 1);
}

TEST_F(WordStream, LosesNothingOfALongText) {
  stream(hundred_words());
  loop_.run();
  std::string together;
  for (const auto& piece : pieces_) together += piece;
  EXPECT_EQ(together, hundred_words());
  EXPECT_EQ(pieces_.size(), 100U);
}

TEST_F(WordStream, LetsOtherWorkHaveItsTurn) {
  std::size_t seen_between = 0;
  stream(hundred_words());
  after_rounds(1, [&] { seen_between = pieces_.size(); });
  loop_.run();
  EXPECT_GT(seen_between, 0U);
  EXPECT_LT(seen_between, 100U);
}

TEST_F(WordStream, PausedInACallbackSaysNoWordMore) {
  on_piece_ = [&] { generation_->pause(); };
  stream("one two three");
  after_rounds(20, [&] { loop_.stop(); });
  loop_.run();
  EXPECT_THAT(pieces_, ElementsAre("one "));
  EXPECT_EQ(ends_, 0);
}

TEST_F(WordStream, PausedBeforeItBeganSaysNothing) {
  stream("one two");
  generation_->pause();
  after_rounds(20, [&] { loop_.stop(); });
  loop_.run();
  EXPECT_TRUE(pieces_.empty());
}

TEST_F(WordStream, GoesOnWhereItWasPaused) {
  on_piece_ = [&] {
    generation_->pause();
    after_rounds(3, [&] { generation_->resume(); });
  };
  stream("one two three");
  loop_.run();
  EXPECT_THAT(pieces_, ElementsAre("one ", "two ", "three"));
  EXPECT_EQ(ends_, 1);
}

TEST_F(WordStream, PausedAtTheLastWordEndsOnlyWhenResumed) {
  on_piece_ = [&] { generation_->pause(); };
  stream("one");
  int ends_while_paused = -1;
  after_rounds(20, [&] {
    ends_while_paused = ends_;
    generation_->resume();
  });
  loop_.run();
  EXPECT_EQ(ends_while_paused, 0);
  EXPECT_EQ(ends_, 1);
}

TEST_F(WordStream, PausedAndResumedAtOnceSaysEachWordOnce) {
  on_piece_ = [&] {
    for (int i = 0; i < 3; ++i) {
      generation_->pause();
      generation_->resume();
    }
  };
  stream("one two three");
  loop_.run();
  EXPECT_THAT(pieces_, ElementsAre("one ", "two ", "three"));
  EXPECT_EQ(ends_, 1);
}

TEST_F(WordStream, ResumedWithoutAPauseGoesNoFaster) {
  stream("one two");
  for (int i = 0; i < 5; ++i) generation_->resume();
  loop_.run();
  EXPECT_THAT(pieces_, ElementsAre("one ", "two"));
}

TEST_F(WordStream, CancelledInACallbackNeverEnds) {
  on_piece_ = [&] { generation_->cancel(); };
  stream("one two three");
  after_rounds(20, [&] { loop_.stop(); });
  loop_.run();
  EXPECT_THAT(pieces_, ElementsAre("one "));
  EXPECT_EQ(ends_, 0);
}

TEST_F(WordStream, CancelledWhilePausedStaysSilentWhenResumed) {
  stream("one two three");
  generation_->pause();
  generation_->cancel();
  generation_->resume();
  after_rounds(20, [&] { loop_.stop(); });
  loop_.run();
  EXPECT_TRUE(pieces_.empty());
  EXPECT_EQ(ends_, 0);
}

TEST_F(WordStream, DestroyedInACallbackIsCancelled) {
  on_piece_ = [&] { generation_.reset(); };
  stream("one two three");
  after_rounds(20, [&] { loop_.stop(); });
  loop_.run();
  EXPECT_THAT(pieces_, ElementsAre("one "));
  EXPECT_EQ(ends_, 0);
}

TEST_F(WordStream, DestroyedInItsEndIsFine) {
  on_end_ = [&] {
    generation_.reset();
    loop_.stop();
  };
  stream("one");
  loop_.run();
  EXPECT_EQ(ends_, 1);
}

// What the callbacks hold (a turn, with its client's connection) must be let go with the generation.
TEST_F(WordStream, LetsGoOfItsCallbacksWhenCancelled) {
  const auto held = std::make_shared<int>(0);
  auto generation = stream_words({"one two"}, 0, {[held](std::string_view) {}, [held](const Generated&) {}}, loop_);
  EXPECT_EQ(held.use_count(), 3);
  generation->cancel();
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(WordStream, LetsGoOfItsCallbacksWhenEnded) {
  const auto held = std::make_shared<int>(0);
  auto generation = stream_words({"one two"}, 0, {[held](std::string_view) {}, [held](const Generated&) {}}, loop_);
  after_rounds(5, [&] { loop_.stop(); });
  loop_.run();
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(WordStream, KeepsItsPace) {
  const auto begin = std::chrono::steady_clock::now();
  stream("one two three four", 1000);
  loop_.run();
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 3ms) << "three waits between four words";
  EXPECT_EQ(pieces_.size(), 4U);
}

// Long after the next word was due.
TEST_F(WordStream, PausedSaysNoWordWhenTheNextIsDue) {
  on_piece_ = [&] { generation_->pause(); };
  stream("one two", 1000);
  const auto later = loop_.after(5ms, [&] { loop_.stop(); });
  loop_.run();
  EXPECT_THAT(pieces_, ElementsAre("one "));
}

TEST_F(WordStream, PausedBetweenTwoWordsGoesOnAfterOneMoreWait) {
  stream("one two", 1000);
  on_piece_ = [&] {
    if (pieces_.size() > 1) return;
    loop_.post([&] {
      generation_->pause();
      generation_->resume();
    });
  };
  loop_.run();
  EXPECT_THAT(pieces_, ElementsAre("one ", "two"));
  EXPECT_EQ(ends_, 1);
}

TEST_F(WordStream, CancelledSaysNoWordWhenTheNextIsDue) {
  stream("one two", 1000);
  on_piece_ = [&] { loop_.post([&] { generation_->cancel(); }); };
  const auto later = loop_.after(5ms, [&] { loop_.stop(); });
  loop_.run();
  EXPECT_THAT(pieces_, ElementsAre("one "));
  EXPECT_EQ(ends_, 0);
}

// Two loop threads and a third that pauses, resumes and at last cancels: words stay in order, one at a time.
TEST(WordStreamThreads, KeepsOrderUnderPausesFromAnotherThread) {
  base::EventLoop loop(2);
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "w" + std::to_string(i) + " ";
  std::string received;
  std::atomic<int> running{0};
  std::atomic<bool> overlapped{false};
  std::atomic<bool> ended{false};
  const auto generation = stream_words({text}, 0,
                                       {[&](std::string_view piece) {
                                          if (running.fetch_add(1) != 0) overlapped = true;
                                          received += piece;
                                          running.fetch_sub(1);
                                        },
                                        [&](const Generated&) {
                                          ended = true;
                                          loop.stop();
                                        }},
                                       loop);
  std::jthread meddler([&] {
    while (!ended) {
      generation->pause();
      generation->resume();
    }
  });
  loop.run();
  EXPECT_EQ(received, text);
  EXPECT_FALSE(overlapped);
}

}  // namespace
}  // namespace chatcore::llm
