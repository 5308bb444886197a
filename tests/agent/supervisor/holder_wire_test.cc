#include "agent/supervisor/holder_wire.h"

#include <string>

#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "agent/supervisor/child_record.h"

namespace agent {
namespace {

class SocketPair {
 public:
  SocketPair() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0); }
  ~SocketPair() {
    for (const int end : ends) {
      if (end >= 0) ::close(end);
    }
  }
  int ends[2] = {-1, -1};
};

SpawnRequest request() {
  SpawnRequest request;
  request.argv = {"sh", "-c", "echo 'two\nlines'", ""};
  request.environment = {"A=1", "EMPTY="};
  request.working_dir = "/tmp";
  request.cgroup_files = {"/sys/fs/cgroup/x/cgroup.procs"};
  request.data_limit = base::mebibytes(64);
  return request;
}

TEST(Request, ComesOutOfTheFileAsItWentIn) {
  const auto fd = write_request(request());
  ASSERT_TRUE(fd);
  const auto read = read_request(*fd);
  ::close(*fd);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->argv, request().argv);
  EXPECT_EQ(read->environment, request().environment);
  EXPECT_EQ(read->working_dir, "/tmp");
  EXPECT_EQ(read->user, "");
  EXPECT_EQ(read->cgroup_files, request().cgroup_files);
  EXPECT_EQ(read->data_limit, base::mebibytes(64));
  EXPECT_EQ(read->open_files, std::nullopt);
}

TEST(Request, ThatIsCutOffIsNone) {
  const auto fd = write_request(request());
  ASSERT_TRUE(fd);
  for (off_t size = ::lseek(*fd, 0, SEEK_END) - 1; size >= 0; --size) {
    ASSERT_EQ(::ftruncate(*fd, size), 0);
    EXPECT_FALSE(read_request(*fd)) << size;
  }
  ::close(*fd);
}

TEST(Request, WithoutAFileIsNone) { EXPECT_FALSE(read_request(-1)); }

TEST(Message, ArrivesWithItsNoteAndItsDescriptor) {
  const SocketPair sockets;
  HolderMessage message;
  message.kind = HolderMessage::launch;
  message.number = 15;
  message.set_note("what was");
  EXPECT_TRUE(send_message(sockets.ends[0], message, STDERR_FILENO));
  const Received received = receive_message(sockets.ends[1]);
  ASSERT_EQ(received.kind, Received::Kind::message);
  EXPECT_EQ(received.message.kind, HolderMessage::launch);
  EXPECT_EQ(received.message.number, 15);
  EXPECT_EQ(received.message.get_note(), "what was");
  EXPECT_GE(received.fd, 0);
  ::close(received.fd);
}

TEST(Message, IsNotWaitedFor) {
  const SocketPair sockets;
  EXPECT_EQ(receive_message(sockets.ends[0]).kind, Received::Kind::nothing_yet);
}

TEST(Message, OfAPeerThatIsGoneIsTheEnd) {
  SocketPair sockets;
  ::close(std::exchange(sockets.ends[1], -1));
  EXPECT_EQ(receive_message(sockets.ends[0]).kind, Received::Kind::closed);
  EXPECT_FALSE(send_message(sockets.ends[0], {}));
}

TEST(Message, HoldsNoMoreOfANoteThanFits) {
  HolderMessage message;
  message.set_note(std::string(2 * HolderMessage::kMostNote, 'x'));
  EXPECT_EQ(message.get_note().size(), HolderMessage::kMostNote);
  message.note_size = 1U << 30;
  EXPECT_EQ(message.get_note().size(), HolderMessage::kMostNote);
}

TEST(Note, ComesBackAsItWasWritten) {
  const ChildRecord note{0xfedcba9876543210ULL,  7, guard::sample::ExitReason::oom_kill, 137, 3,
                         std::chrono::seconds(8)};
  EXPECT_EQ(read_note(write_note(note)), note);
  EXPECT_EQ(read_note(write_note({})), ChildRecord{});
}

TEST(Note, OfAnotherKindIsNone) {
  for (const char* text : {"", "nonsense", "2 1 1 0 0 0 0 0", "1 1 1 9 0 0 0 0", "1 1 1 0 0 -5 0 0", "1 1 1 0 0"})
    EXPECT_FALSE(read_note(text)) << text;
}

}  // namespace
}  // namespace agent
