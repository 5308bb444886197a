// Loads a running chatcore with clients that each ask one question after another, as fast as the answers come, and
// prints turns per second and latencies as one JSON line:
//
//   chatcore_load PORT [CLIENTS] [SECONDS] [CONVERSATIONS_EACH]
//
// One thread a client with a blocking socket: the clients together cost a few per cent of what the server spends, so
// the generator is not what is measured.

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;

struct Load {
  int port = 0;
  int clients = 32;
  int seconds = 10;
  int conversations_each = 10;
};

struct Outcome {
  std::vector<double> milliseconds;
  std::size_t refused = 0;  // answered, but not with 200
  std::size_t broken = 0;   // not answered
};

int connect_to(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const timeval patience{.tv_sec = 30, .tv_usec = 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

std::string request_text(int client, int turn, const Load& load) {
  const std::string id = "load-" + std::to_string(client) + "-" + std::to_string(turn % load.conversations_each);
  const std::string body = R"({"message":"What keeps the memory of this server bounded, turn )" + std::to_string(turn) +
                           R"(?","conversationId":")" + id + "\"}";
  return "POST /api/assistant HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

// Reads one answer to its end: the last chunk of a stream, or (refusals are short) whatever has come by then. Returns
// the HTTP status, 0 when the connection broke.
int read_answer(int fd) {
  std::string answer;
  std::array<char, 16384> buffer{};
  for (;;) {
    const ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
    if (got <= 0) return 0;
    answer.append(buffer.data(), static_cast<std::size_t>(got));
    if (!answer.starts_with("HTTP/1.1 200") && answer.find("\r\n\r\n") != std::string::npos) break;
    if (answer.ends_with("\r\n0\r\n\r\n")) break;
  }
  return std::atoi(answer.c_str() + std::string_view("HTTP/1.1 ").size());
}

Outcome run_client(int client, const Load& load, Clock::time_point until) {
  Outcome outcome;
  int fd = connect_to(load.port);
  for (int turn = 0; Clock::now() < until; ++turn) {
    const std::string request = request_text(client, turn, load);
    const auto began = Clock::now();
    int status = 0;
    if (fd >= 0 && send(fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size())) {
      status = read_answer(fd);
    }
    const std::chrono::duration<double, std::milli> took = Clock::now() - began;
    if (status == 200) {
      outcome.milliseconds.push_back(took.count());
      continue;
    }
    ++(status == 0 ? outcome.broken : outcome.refused);
    if (fd >= 0) close(fd);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    fd = connect_to(load.port);
  }
  if (fd >= 0) close(fd);
  return outcome;
}

double quantile(const std::vector<double>& sorted, double part) {
  if (sorted.empty()) return 0;
  return sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(part * static_cast<double>(sorted.size())))];
}

void print(const Load& load, const std::vector<Outcome>& outcomes, double seconds) {
  std::vector<double> all;
  std::size_t refused = 0;
  std::size_t broken = 0;
  for (const auto& outcome : outcomes) {
    all.insert(all.end(), outcome.milliseconds.begin(), outcome.milliseconds.end());
    refused += outcome.refused;
    broken += outcome.broken;
  }
  std::ranges::sort(all);
  std::printf(
      "{\"clients\":%d,\"seconds\":%.1f,\"turns\":%zu,\"turns_per_second\":%.0f,\"p50_ms\":%.2f,\"p99_ms\":%.2f,"
      "\"max_ms\":%.2f,\"refused\":%zu,\"broken\":%zu}\n",
      load.clients, seconds, all.size(), static_cast<double>(all.size()) / seconds, quantile(all, 0.5),
      quantile(all, 0.99), all.empty() ? 0 : all.back(), refused, broken);
}

}  // namespace

int main(int argc, char** argv) {
  Load load;
  const auto number = [&](int index, int otherwise) { return argc > index ? std::atoi(argv[index]) : otherwise; };
  load.port = number(1, 0);
  load.clients = number(2, load.clients);
  load.seconds = number(3, load.seconds);
  load.conversations_each = number(4, load.conversations_each);
  if (load.port <= 0 || load.clients <= 0 || load.seconds <= 0 || load.conversations_each <= 0) {
    std::fputs("usage: chatcore_load PORT [CLIENTS] [SECONDS] [CONVERSATIONS_EACH]\n", stderr);
    return 2;
  }
  const auto began = Clock::now();
  std::vector<Outcome> outcomes(static_cast<std::size_t>(load.clients));
  std::vector<std::thread> threads;
  for (int client = 0; client < load.clients; ++client) {
    threads.emplace_back([&, client] {
      outcomes[static_cast<std::size_t>(client)] = run_client(client, load, began + std::chrono::seconds(load.seconds));
    });
  }
  for (auto& thread : threads) thread.join();
  print(load, outcomes, std::chrono::duration<double>(Clock::now() - began).count());
  return 0;
}
