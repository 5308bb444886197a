// The HTTP layer alone, and the client that loads it. http_bench.py puts it beside Node's bare server.
//
//   http_bench serve [THREADS]              answers every request with a small JSON; prints its port
//   http_bench load PORT [CONNECTIONS] [SECONDS]   asks on kept connections as fast as answers come; prints one JSON
//   line
//
// The client is one thread with epoll, the same for both servers.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/event_loop.h"
#include "base/http_server.h"

// As chatcore sets its allocator.
extern "C" {
const char* malloc_conf = "background_thread:true,dirty_decay_ms:1000,narenas:2";
}

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kRequest =
    "GET /hello HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench\r\nAccept: application/json\r\n\r\n";

int serve(int threads) {
  base::EventLoop loop(threads);
  base::HttpServer server(loop, {}, [](const std::shared_ptr<base::HttpExchange>& exchange) {
    exchange->respond({200, {{"content-type", "application/json"}}, R"({"hello":"world"})"});
  });
  const auto port = server.listen("127.0.0.1:0");
  if (!port) return 1;
  std::printf("%d\n", *port);
  std::fflush(stdout);
  loop.run();
  return 0;
}

struct Connection {
  int fd = -1;
  Clock::time_point asked;
};

int connect_to(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

// Every answer here is far below one buffer, and comes whole: the servers write head and body at once.
bool is_whole(std::string_view answer) {
  return answer.starts_with("HTTP/1.1 200") && answer.ends_with(R"({"hello":"world"})");
}

bool ask(Connection& connection) {
  connection.asked = Clock::now();
  return send(connection.fd, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(kRequest.size());
}

int load(int port, int connections, int seconds) {
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  std::vector<Connection> all(static_cast<std::size_t>(connections));
  for (auto& connection : all) {
    connection.fd = connect_to(port);
    epoll_event event{.events = EPOLLIN, .data = {.ptr = &connection}};
    if (connection.fd < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, connection.fd, &event) != 0 || !ask(connection)) return 1;
  }
  std::vector<float> microseconds;
  microseconds.reserve(10'000'000);
  const auto began = Clock::now();
  const auto until = began + std::chrono::seconds(seconds);
  std::array<epoll_event, 256> events{};
  std::array<char, 16384> buffer{};
  auto now = began;
  while (now < until) {
    const int ready = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 1000);
    if (ready <= 0) return 1;
    for (int i = 0; i < ready; ++i) {
      auto& connection = *static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      const ssize_t got = recv(connection.fd, buffer.data(), buffer.size(), 0);
      if (got <= 0 || !is_whole({buffer.data(), static_cast<std::size_t>(got)})) {
        std::fputs("an answer was broken\n", stderr);
        return 1;
      }
      now = Clock::now();
      microseconds.push_back(std::chrono::duration<float, std::micro>(now - connection.asked).count());
      if (!ask(connection)) return 1;
    }
  }
  const double took = std::chrono::duration<double>(now - began).count();
  std::ranges::sort(microseconds);
  const auto quantile = [&](double part) {
    return microseconds[static_cast<std::size_t>(part * static_cast<double>(microseconds.size() - 1))];
  };
  std::printf("{\"requests_per_second\":%.0f,\"p50_us\":%.0f,\"p99_us\":%.0f}\n",
              static_cast<double>(microseconds.size()) / took, static_cast<double>(quantile(0.5)),
              static_cast<double>(quantile(0.99)));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  const auto number = [&](int index, int otherwise) { return argc > index ? std::atoi(argv[index]) : otherwise; };
  if (mode == "serve") return serve(number(2, 2));
  if (mode == "load" && argc > 2) return load(number(2, 0), number(3, 32), number(4, 5));
  std::fputs("usage: http_bench serve [THREADS] | load PORT [CONNECTIONS] [SECONDS]\n", stderr);
  return 2;
}
