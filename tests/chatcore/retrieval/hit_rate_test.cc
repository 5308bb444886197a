// How often the chunk that answers a question is among those that retrieval finds.

#include "tests/chatcore/retrieval/hit_rate.h"

#include <gtest/gtest.h>

#include "tests/chatcore/retrieval/questions.h"

namespace chatcore::retrieval {
namespace {

const Question kQuestions[] = {
    {"Which port does the server listen on?", "port 8080"},
    {"What wins if a flag and an environment variable say different things?", "wins over an environment variable"},
    {"What happens when I send SIGTERM?", "begins to drain"},
    {"How do I make a backup of the database?", "copying the main file alone"},
    {"Can I go back to an older version after an upgrade?", "written by a later version is refused"},
    {"How many people can chat at once on two cores?", "about two hundred people"},
    {"Are secrets written to the logs?", "Message contents and secrets never appear"},
    {"Why did the container run out of memory in the incident?", "Four mistakes worked together"},
    {"After how long do unused conversations leave memory?", "leaves memory two hours"},
    {"How big is the memory budget for conversations?", "It is 256 MiB or forty per cent"},
    {"How many messages of a conversation are kept?", "only the last fifty messages"},
    {"Why is the cleanup line logged even if nothing was removed?", "even when the number is zero"},
    {"What does shedding do?", "may ask the server to shed"},
    {"Which allocator is used and how is it configured?", "linked with jemalloc"},
    {"How does resident memory compare to the accounted bytes?", "between 1.2 and 1.9 times"},
    {"What can be a workload?", "A workload may be a container"},
    {"What is the working set?", "usage minus the inactive file pages"},
    {"How does a rule avoid flapping?", "To stop flapping"},
    {"Which actions can the guard carry out?", "Actions are deliberately few"},
    {"When is something called a restart loop?", "three times within ten minutes"},
    {"What is cap drift?", "Such a difference is called drift"},
    {"How do you tell a leak from a cache that fills up?", "The verdict of leaking is reserved"},
    {"What does exit code 78 mean?", "ends with 78"},
    {"When do clients get 503?", "the answer is 503"},
    {"What is the difference between healthy and ready?", "Healthy means that the process is alive"},
    {"Which algorithm are tokens signed with?", "pinned to HS256"},
    {"How large are the pieces that texts are split into?", "pieces of a thousand characters"},
    {"How are durations written in the configuration?", "Durations are written with a unit"},
    {"What does an absent memory limit look like in cgroup v1?", "a number so huge"},
    {"How can I tell a recreated container from the old one?", "The inode number of its folder"},
    {"Why should throttled time be preferred over throttled periods?", "The time spent throttled"},
    {"What happens to an answer when the backend breaks in the middle?", "marked as interrupted"},
    {"What happens when the disk is full?", "the append fails with an error that says so"},
    {"How does group commit work?", "one writer thread collects"},
};

TEST(HitRate, FindsTheAnswerAmongFiveChunksOfTheDefaultSize) {
  const HitRate rate = measure("texts", {"/texts"}, kQuestions);
  EXPECT_GE(rate.in_top, 0.95);
  EXPECT_GE(rate.in_first, 0.75);
}

// Harder: the same five chunks hold a third of the text, out of four times as many.
TEST(HitRate, FindsTheAnswerAmongFiveSmallChunks) {
  const HitRate rate = measure("texts, small chunks", {"/texts"}, kQuestions, SplitOptions{300, 60});
  EXPECT_GT(rate.chunks, 60U);
  EXPECT_GE(rate.in_top, 0.85);
}

// Real texts, in which the answer is one of many chunks about much the same, and other words than the texts'.
TEST(HitRate, FindsTheAnswersInAManualAndInLicences) {
  const HitRate rate = measure("manual", {"/manual"}, kManualQuestions);
  EXPECT_GT(rate.chunks, 80U);
  EXPECT_GE(rate.in_top, 0.85);
}

TEST(HitRate, FindsTheAnswersToQuestionsThatNothingWasTunedTo) {
  EXPECT_GE(measure("manual, later", {"/manual"}, kLaterQuestions).in_top, 0.65);
}

// What operators and users type: every second question is for choosing how to search, the others were never looked at
// in doing so, and their misses are not told so that this stays true.
TEST(HitRate, FindsTheAnswersToOperators) {
  const auto questions = read_questions("operators.tsv");
  const std::vector<std::string> paths = {"/operators", "/texts"};
  const HitRate tuned = measure("operators, in view", paths, every_second(questions, 0));
  const HitRate held_out = measure("operators, held out", paths, every_second(questions, 1), {}, Misses::kept);
  EXPECT_GT(tuned.chunks, 80U);
  EXPECT_GE(tuned.in_top, 0.85);
  EXPECT_GE(held_out.in_top, 0.80);
}

// Small chunks, since the texts are short.
TEST(HitRate, FindsTheAnswersInOtherLanguages) {
  for (const std::string language : {"german", "persian"}) {
    const auto questions = read_questions(language + ".tsv");
    const HitRate rate =
        measure(language.c_str(), {"/languages/" + language + ".md"}, questions, SplitOptions{300, 60});
    EXPECT_GE(rate.in_top, 0.7);
  }
}

}  // namespace
}  // namespace chatcore::retrieval
