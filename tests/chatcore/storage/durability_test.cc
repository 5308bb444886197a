// Acknowledged means durable: a process that appends is killed again and again, and every message that it was told
// is stored must be there when the database is opened next.

#include <array>
#include <csignal>
#include <random>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "chatcore/storage/store.h"
#include "tests/chatcore/storage/asking.h"

namespace chatcore::storage {
namespace {

constexpr int kKills = 12;
constexpr int kConversations = 6;

// Small enough for a pipe to take it whole.
struct Acknowledged {
  int conversation = 0;
  std::int64_t sequence = 0;
};

ConversationKey key_of(int conversation) { return {"user", "conversation " + std::to_string(conversation)}; }

std::string content_of(int conversation, std::int64_t sequence) {
  const std::string unit = std::to_string(conversation) + ":" + std::to_string(sequence) + " ";
  std::string content;
  while (content.size() < static_cast<std::size_t>(sequence * 37 % 6000)) content += unit;
  return content;
}

// Appends to one conversation, the next message as soon as the last is acknowledged, until the process dies.
void append_for_ever(Store& store, int conversation, std::int64_t after, int acknowledgements) {
  store.append({.key = key_of(conversation),
                .message = {.role = Role::user, .content = content_of(conversation, after + 1)},
                .after = after},
               [&store, conversation, acknowledgements](const base::Result<std::int64_t>& sequence) {
                 if (!sequence) _exit(3);
                 const Acknowledged record{conversation, *sequence};
                 if (write(acknowledgements, &record, sizeof record) != sizeof record) _exit(4);
                 append_for_ever(store, conversation, *sequence, acknowledgements);
               });
}

[[noreturn]] void run_child(const std::string& url, int acknowledgements) {
  const base::SystemClock clock{};
  auto store = open_store(url, clock);
  if (!store) _exit(1);
  for (int conversation = 0; conversation < kConversations; ++conversation) {
    const auto window = load_window(**store, key_of(conversation), 1);
    if (!window) _exit(2);
    append_for_ever(**store, conversation, window->last_sequence, acknowledgements);
  }
  while (true) pause();
}

struct DurabilityTest : testing::Test {
  // Lets a child append until it has had `enough` messages acknowledged, and kills it. Notes what it was told.
  void kill_a_writer(int enough) {
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(ends[0]);
      run_child(url, ends[1]);
    }
    close(ends[1]);
    Acknowledged record;
    for (int count = 0; read(ends[0], &record, sizeof record) == sizeof record; ++count) {
      acknowledged.at(static_cast<std::size_t>(record.conversation)) = record.sequence;
      if (count == enough) kill(child, SIGKILL);
    }
    close(ends[0]);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself with status " << WEXITSTATUS(status);
  }

  void expect_everything_acknowledged() {
    auto store = open_store(url, clock);
    ASSERT_TRUE(store) << store.error().message;
    for (int conversation = 0; conversation < kConversations; ++conversation) {
      const auto window = load_window(**store, key_of(conversation), 0);
      ASSERT_TRUE(window) << window.error().message;
      EXPECT_GE(window->last_sequence, acknowledged.at(static_cast<std::size_t>(conversation)));
      ASSERT_EQ(static_cast<std::int64_t>(window->messages.size()), window->last_sequence);
      std::int64_t sequence = 0;
      for (const Message& message : window->messages) {
        ASSERT_EQ(message.sequence, ++sequence);
        ASSERT_EQ(message.content, content_of(conversation, sequence));
      }
    }
  }

  const base::SystemClock clock{};
  const base::TemporaryFolder folder;
  const std::string url = sqlite_url(folder, "chatcore.db");
  std::array<std::int64_t, kConversations> acknowledged{};
};

TEST_F(DurabilityTest, KeepsEveryAcknowledgedMessageThroughRepeatedKills) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int kill = 0; kill < kKills; ++kill) {
    SCOPED_TRACE("kill " + std::to_string(kill));
    ASSERT_NO_FATAL_FAILURE(kill_a_writer(static_cast<int>(random() % 80)));
    ASSERT_NO_FATAL_FAILURE(expect_everything_acknowledged());
  }
}

}  // namespace
}  // namespace chatcore::storage
