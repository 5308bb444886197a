#pragma once
// An engine's socket that misbehaves on demand: for what a real engine cannot be made to do, such as to answer with
// garbage, to hang, or to cut a stream in the middle of a frame. Its well-behaved answers are recordings of a real one.

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace engine_test {

// One question being answered, on a thread of its own. The connection closes when the script returns.
class Answer {
 public:
  Answer(int fd, std::string target, const std::function<bool()>& is_ending)
      : fd_(fd), target_(std::move(target)), is_ending_(is_ending) {}
  [[nodiscard]] const std::string& target() const { return target_; }  // path and query as asked
  void json(int status, const std::string& body);                      // a whole answer
  void start_stream();                                                 // its header; then write()
  void write(std::string_view bytes);
  void hang();  // says nothing more, until the other side or the test ends
 private:
  int fd_;
  std::string target_;
  const std::function<bool()>& is_ending_;
};

using Script = std::function<void(Answer&)>;

class FakeEngine {
 public:
  FakeEngine();
  ~FakeEngine();
  FakeEngine(const FakeEngine&) = delete;
  FakeEngine& operator=(const FakeEngine&) = delete;

  [[nodiscard]] const std::string& socket() const { return socket_; }
  // For targets that begin so, from the next question on; the longest beginning wins. Others get a 404.
  void on(const std::string& beginning, Script script);
  // Every target asked for so far that begins so, oldest first.
  [[nodiscard]] std::vector<std::string> asked(const std::string& beginning) const;

 private:
  void accept();
  void answer(int fd);
  [[nodiscard]] bool is_ending() const;

  std::string folder_;
  std::string socket_;
  int listener_ = -1;
  int ending_ = -1;  // an eventfd that becomes readable at the end
  mutable std::mutex mutex_;
  std::map<std::string, Script> scripts_;
  std::vector<std::string> asked_;
  std::vector<std::thread> answers_;
  std::thread accepter_;
};

}  // namespace engine_test
