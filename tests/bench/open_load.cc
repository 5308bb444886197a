// Open-loop load on a running chatcore: turns are asked at a fixed rate whether or not earlier ones were answered, as
// people do. Prints one JSON line. The latency of a turn counts from the time it was due, so that a server that makes
// the client wait before it can even ask does not look quick.
//
//   open_load PORT TURNS_PER_SECOND SECONDS [CONNECTIONS]
//
// One thread with epoll: refusing costs the server less than asking may cost the client.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<float, std::milli>;

struct Counts {
  std::vector<float> answered_ms;
  std::vector<float> refused_ms;          // 429 or 503
  std::uint64_t without_retry_after = 0;  // of these
  std::uint64_t other = 0;                // any other status
  std::uint64_t broken = 0;               // no answer
};

struct Connection {
  int fd = -1;
  bool busy = false;
  Clock::time_point due;
  std::string answer;
};

class Load {
 public:
  Load(int port, std::size_t connections) : port_(port), epoll_(epoll_create1(EPOLL_CLOEXEC)), all_(connections) {
    for (auto& connection : all_) open(connection);
  }

  void run(double per_second, double seconds) {
    const auto began = Clock::now();
    const auto end = began + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    const auto grace = end + std::chrono::seconds(5);
    std::uint64_t asked = 0;
    while (true) {
      const auto now = Clock::now();
      const double passed = std::chrono::duration<double>(std::min(now, end) - began).count();
      for (const auto due = static_cast<std::uint64_t>(passed * per_second); asked < due; ++asked) {
        waiting_.push_back(began + std::chrono::duration_cast<Clock::duration>(
                                       std::chrono::duration<double>(static_cast<double>(asked) / per_second)));
      }
      while (!waiting_.empty() && !free_.empty()) ask_next();
      if (now >= end && ((waiting_.empty() && in_flight_ == 0) || now >= grace)) break;
      take_answers();
    }
    counts.broken += waiting_.size() + in_flight_;
    seconds_ = std::chrono::duration<double>(Clock::now() - began).count();
    asked_ = asked;
  }

  void print() {
    std::ranges::sort(counts.answered_ms);
    std::ranges::sort(counts.refused_ms);
    const auto quantile = [](const std::vector<float>& sorted, double part) {
      const auto place =
          static_cast<std::size_t>(part * static_cast<double>(std::max<std::size_t>(sorted.size(), 1) - 1));
      return sorted.empty() ? 0.0 : static_cast<double>(sorted[place]);
    };
    const auto& answered = counts.answered_ms;
    const auto& refused = counts.refused_ms;
    std::printf(
        R"({"asked":%llu,"seconds":%.1f,"answered":%zu,"refused":%zu,"without_retry_after":%llu,"other":%llu,)"
        R"("broken":%llu,"p50_ms":%.2f,"p99_ms":%.2f,"max_ms":%.2f,"refused_p50_ms":%.2f,"refused_p99_ms":%.2f})"
        "\n",
        static_cast<unsigned long long>(asked_), seconds_, answered.size(), refused.size(),
        static_cast<unsigned long long>(counts.without_retry_after), static_cast<unsigned long long>(counts.other),
        static_cast<unsigned long long>(counts.broken), quantile(answered, 0.5), quantile(answered, 0.99),
        quantile(answered, 1), quantile(refused, 0.5), quantile(refused, 0.99));
  }

  Counts counts;

 private:
  void open(Connection& connection) {
    connection.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port_));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(connection.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      close(connection.fd);
      connection.fd = -1;
      return;
    }
    epoll_event event{.events = EPOLLIN, .data = {.ptr = &connection}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event);
    free_.push_back(&connection);
  }

  void reopen(Connection& connection) {
    if (connection.busy) {
      ++counts.broken;
      --in_flight_;
    } else {
      std::erase(free_, &connection);
    }
    connection.busy = false;
    connection.answer.clear();
    close(connection.fd);
    open(connection);
  }

  void ask_next() {
    Connection& connection = *free_.back();
    free_.pop_back();
    connection.due = waiting_.front();
    waiting_.pop_front();
    const std::string body = R"({"message":"What keeps the memory of this server bounded?","conversationId":"open-)" +
                             std::to_string(++number_ % 50'000) + "\"}";
    const std::string request =
        "POST /api/assistant HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body;
    connection.busy = true;
    ++in_flight_;
    if (send(connection.fd, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) {
      reopen(connection);
    }
  }

  void take_answers() {
    std::array<epoll_event, 256> events{};
    const int ready = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), waiting_.empty() ? 1 : 0);
    for (int i = 0; i < ready; ++i)
      take_answer(*static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr));
  }

  void take_answer(Connection& connection) {
    std::array<char, 16384> buffer{};
    const ssize_t got = recv(connection.fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got <= 0) return reopen(connection);
    connection.answer.append(buffer.data(), static_cast<std::size_t>(got));
    const std::string_view answer = connection.answer;
    const auto head_end = answer.find("\r\n\r\n");
    if (head_end == std::string_view::npos) return;
    const int status = std::atoi(connection.answer.c_str() + std::string_view("HTTP/1.1 ").size());
    if (status == 200 ? !answer.ends_with("\r\n0\r\n\r\n") : !answer.ends_with("}}")) return;
    if (status == 200) {
      counts.answered_ms.push_back(Milliseconds(Clock::now() - connection.due).count());
    } else if (status == 429 || status == 503) {
      counts.refused_ms.push_back(Milliseconds(Clock::now() - connection.due).count());
      const auto head = answer.substr(0, head_end);
      if (head.find("etry-") == std::string_view::npos) ++counts.without_retry_after;
    } else {
      ++counts.other;
    }
    const bool closes = answer.substr(0, head_end).find("Connection: close") != std::string_view::npos;
    connection.busy = false;
    --in_flight_;
    connection.answer.clear();
    free_.push_back(&connection);
    if (closes) reopen(connection);
  }

  const int port_;
  const int epoll_;
  std::vector<Connection> all_;
  std::vector<Connection*> free_;
  std::deque<Clock::time_point> waiting_;  // turns that are due
  std::size_t in_flight_ = 0;
  std::uint64_t number_ = 0;
  std::uint64_t asked_ = 0;
  double seconds_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs("usage: open_load PORT TURNS_PER_SECOND SECONDS [CONNECTIONS]\n", stderr);
    return 2;
  }
  Load load(std::atoi(argv[1]), static_cast<std::size_t>(argc > 4 ? std::atoi(argv[4]) : 400));
  load.run(std::atof(argv[2]), std::atof(argv[3]));
  load.print();
  return 0;
}
