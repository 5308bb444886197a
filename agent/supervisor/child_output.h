#pragma once
// What a command prints, out of its pipe. A piece is looked at (tee), delivered, and taken out of the pipe only when it
// was dealt with: an agent that is killed in between leaves it to the next one. So a line may come twice, never not at
// all. The end of a line that is still being written stays in the pipe, for a second at most.

#include <cstddef>
#include <functional>
#include <string_view>

#include "base/clock.h"
#include "base/event_loop.h"
#include "guard/source/log/lines.h"

namespace agent {

class ChildOutput {
 public:
  using OnLine = std::function<void(std::string_view line)>;
  // The bytes as they came, for passing on; to call `done`, from any thread, when that was done or given up.
  using OnBytes = std::function<void(std::string_view bytes, std::function<void()> done)>;

  ChildOutput(base::EventLoop& loop, OnLine on_line, OnBytes on_bytes);
  // A line begun is not delivered: whoever took the lines may be gone already.
  ~ChildOutput();
  ChildOutput(const ChildOutput&) = delete;
  ChildOutput& operator=(const ChildOutput&) = delete;

  // Takes over the descriptor, which does not block. What came before is closed.
  void open(int fd);
  // Delivers what is there, also the end of a line, and closes. For a command that has ended.
  void finish();
  // Leaves what is there to the next agent.
  void abandon();

 private:
  void watch();
  void look();
  [[nodiscard]] long peek();
  void deliver(std::size_t size);
  void take();
  void wait_for_the_line();
  void read_rest();
  void close();

  base::EventLoop& loop_;
  const OnLine on_line_;
  const OnBytes on_bytes_;
  int fd_ = -1;
  int copy_[2] = {-1, -1};     // where what is looked at is copied to
  std::size_t delivered_ = 0;  // of what is in the pipe
  int waits_ = 0;              // for the end of a line
  std::string piece_;
  base::Pending readable_;
  base::Pending timer_;
  std::shared_ptr<int> piece_number_ = std::make_shared<int>(0);
  guard::source::LineSplitter lines_;
};

}  // namespace agent
