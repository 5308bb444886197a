#include "fake_engine.h"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace engine_test {
namespace {

constexpr int kPollMilliseconds = 10;

bool is_readable(int fd) {
  pollfd waiting{fd, POLLIN, 0};
  return poll(&waiting, 1, kPollMilliseconds) > 0;
}

}  // namespace

void Answer::json(int status, const std::string& body) {
  write("HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: application/json\r\nContent-Length: " +
        std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body);
}

void Answer::start_stream() { write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"); }

void Answer::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void Answer::hang() {
  while (!is_ending_() && !is_readable(fd_)) {
  }
}

FakeEngine::FakeEngine() {
  std::string pattern = (std::filesystem::temp_directory_path() / "fake-engine-XXXXXX").string();
  folder_ = mkdtemp(pattern.data());
  socket_ = folder_ + "/docker.sock";
  ending_ = eventfd(0, EFD_CLOEXEC);
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket_.c_str(), sizeof address.sun_path - 1);
  if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || listen(listener_, 64) != 0)
    std::abort();
  accepter_ = std::thread([this] { accept(); });
}

FakeEngine::~FakeEngine() {
  const std::uint64_t one = 1;
  if (write(ending_, &one, sizeof one) != sizeof one) std::abort();
  accepter_.join();
  for (auto& thread : answers_) thread.join();
  close(listener_);
  close(ending_);
  std::filesystem::remove_all(folder_);
}

void FakeEngine::on(const std::string& beginning, Script script) {
  const std::lock_guard lock(mutex_);
  scripts_[beginning] = std::move(script);
}

std::vector<std::string> FakeEngine::asked(const std::string& beginning) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> found;
  for (const auto& target : asked_)
    if (target.starts_with(beginning)) found.push_back(target);
  return found;
}

bool FakeEngine::is_ending() const {
  pollfd waiting{ending_, POLLIN, 0};
  return poll(&waiting, 1, 0) > 0;
}

void FakeEngine::accept() {
  while (!is_ending()) {
    if (!is_readable(listener_)) continue;
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) answers_.emplace_back([this, fd] { answer(fd); });
  }
}

void FakeEngine::answer(int fd) {
  std::string request;
  std::array<char, 4096> buffer{};
  while (request.find("\r\n\r\n") == std::string::npos) {
    const auto got = recv(fd, buffer.data(), buffer.size(), 0);
    if (got <= 0) break;
    request.append(buffer.data(), static_cast<std::size_t>(got));
  }
  const auto begin = request.find(' ') + 1;
  const std::string target = request.substr(begin, request.find(' ', begin) - begin);
  Script script = [](Answer& answer) { answer.json(404, R"({"message":"no script for this"})"); };
  {
    const std::lock_guard lock(mutex_);
    asked_.push_back(target);
    std::size_t longest = 0;
    for (const auto& [beginning, listed] : scripts_)
      if (target.starts_with(beginning) && beginning.size() >= longest) {
        longest = beginning.size();
        script = listed;
      }
  }
  const std::function<bool()> ending = [this] { return is_ending(); };
  Answer answer(fd, target, ending);
  script(answer);
  close(fd);
}

}  // namespace engine_test
