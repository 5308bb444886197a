// How often the passage that answers a question is among those that retrieval finds: thirty questions, asked in other
// words than the texts use, over the texts in tests/fixtures/texts.

#include <cstdio>
#include <span>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "chatcore/retrieval/hashed_embedder.h"
#include "chatcore/retrieval/ingest.h"
#include "chatcore/retrieval/query_embedder.h"
#include "chatcore/retrieval/retriever.h"
#include "tests/chatcore/retrieval/asking.h"
#include "tests/chatcore/retrieval/questions.h"
#include "tests/chatcore/retrieval/scratch_folder.h"

namespace chatcore::retrieval {
namespace {

constexpr Question kQuestions[] = {
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

struct HitRate {
  double in_first = 0;
  double in_top = 0;
  std::size_t chunks = 0;
};

std::string on_one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const char shown = c == '\n' ? ' ' : c;
    if (shown != ' ' || line.empty() || line.back() != ' ') line.push_back(shown);
  }
  return line;
}

HitRate measure(const char* texts, std::span<const Question> asked, SplitOptions split) {
  const ScratchFolder folder;
  IngestOptions options;
  options.paths = {std::string(FIXTURES) + texts};
  options.store_file = folder.path("store");
  options.split = split;
  const auto report = ingest(options, HashedEmbedder(), {});
  EXPECT_TRUE(report) << (report ? "" : report.error().message);

  Retriever retriever(RetrieverOptions{options.store_file}, make_built_in_query_embedder());
  HitRate rate;
  for (const Question& question : asked) {
    const auto passages = ask(retriever, question.text).value();
    std::size_t rank = 0;
    while (rank < passages.size() && on_one_line(passages[rank].text).find(question.answer) == std::string::npos)
      ++rank;
    rate.in_first += rank == 0 && !passages.empty() ? 1 : 0;
    rate.in_top += rank < passages.size() ? 1 : 0;
    if (rank == passages.size()) std::printf("  missed: %s\n", question.text);
  }
  const auto questions = static_cast<double>(asked.size());
  rate.in_first /= questions;
  rate.in_top /= questions;
  rate.chunks = retriever.chunks();
  std::printf("%.0f questions, %zu chunks: top-1 %.0f %%, top-5 %.0f %%\n", questions, rate.chunks, rate.in_first * 100,
              rate.in_top * 100);
  return rate;
}

TEST(HitRate, FindsTheAnswerAmongFiveChunksOfTheDefaultSize) {
  const HitRate rate = measure("/texts", kQuestions, SplitOptions{});
  EXPECT_GE(rate.in_top, 0.95);
  EXPECT_GE(rate.in_first, 0.75);
}

// Harder: the same five passages hold a third of the text, out of four times as many.
TEST(HitRate, FindsTheAnswerAmongFiveSmallChunks) {
  const HitRate rate = measure("/texts", kQuestions, SplitOptions{300, 60});
  EXPECT_GT(rate.chunks, 60U);
  EXPECT_GE(rate.in_top, 0.85);
}

// Real texts, in which the answer is one of many passages about much the same, and other words than the texts'.
TEST(HitRate, FindsTheAnswersInAManualAndInLicences) {
  const HitRate rate = measure("/manual", kManualQuestions, SplitOptions{});
  EXPECT_GT(rate.chunks, 80U);
  EXPECT_GE(rate.in_top, 0.85);
}

TEST(HitRate, FindsTheAnswersToQuestionsThatNothingWasTunedTo) {
  EXPECT_GE(measure("/manual", kLaterQuestions, SplitOptions{}).in_top, 0.55);
}

}  // namespace
}  // namespace chatcore::retrieval
