// Opens many streams on a running chatcore and reads them until told to stop by the end of its input. Prints one JSON
// line when all are open (`{"open":N}`), and one at the end with the events that came.
//
//   streams_load PORT STREAMS

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

int open_stream(int port, int number) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const std::string body =
      R"({"message":"Tell me all about the memory of a chat server, slowly.","conversationId":"s)" +
      std::to_string(number) + "\"}";
  const std::string request =
      "POST /api/assistant HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      send(fd, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) {
    close(fd);
    return -1;
  }
  return fd;
}

struct Counts {
  int open = 0;
  int refused = 0;
  int ended = 0;
  std::uint64_t events = 0;
};

// One read of one stream. A stream that has begun is open; a refusal is closed, to be tried again.
void read_stream(int epoll, int fd, std::vector<bool>& begun, Counts& counts) {
  std::array<char, 16384> buffer{};
  const ssize_t got = recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  const std::string_view text(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  const auto place = static_cast<std::size_t>(fd);
  if (begun.size() <= place) begun.resize(place + 1);
  if (!begun[place]) {
    if (text.starts_with("HTTP/1.1 200")) {
      begun[place] = true;
      ++counts.open;
    } else {
      ++counts.refused;
      epoll_ctl(epoll, EPOLL_CTL_DEL, fd, nullptr);
      close(fd);
      return;
    }
  } else if (got <= 0) {
    ++counts.ended;
    epoll_ctl(epoll, EPOLL_CTL_DEL, fd, nullptr);
    close(fd);
    return;
  }
  for (auto at = text.find("data: "); at != std::string_view::npos; at = text.find("data: ", at + 1)) ++counts.events;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: streams_load PORT STREAMS\n", stderr);
    return 2;
  }
  const int port = std::atoi(argv[1]);
  const int streams = std::atoi(argv[2]);
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  epoll_event input{.events = EPOLLIN, .data = {.fd = STDIN_FILENO}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &input);
  std::vector<bool> begun;
  Counts counts;
  int asked = 0;
  int number = 0;
  bool told = false;
  // Few at a time, as clients come: the door keeps a crowd out.
  constexpr int kAtOnce = 12;
  while (true) {
    while (asked - counts.refused < streams && asked - counts.refused - counts.open < kAtOnce) {
      const int fd = open_stream(port, number++);
      if (fd < 0) return 1;
      ++asked;
      if (begun.size() > static_cast<std::size_t>(fd)) begun[static_cast<std::size_t>(fd)] = false;
      epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
      epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    }
    std::array<epoll_event, 256> events{};
    const int ready = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 1000);
    for (int i = 0; i < ready; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == STDIN_FILENO) {
        std::printf("{\"open\":%d,\"ended\":%d,\"refused\":%d,\"events\":%llu}\n", counts.open - counts.ended,
                    counts.ended, counts.refused, static_cast<unsigned long long>(counts.events));
        return 0;
      }
      read_stream(epoll, fd, begun, counts);
    }
    if (!told && counts.open == streams) {
      told = true;
      std::printf("{\"open\":%d}\n", counts.open);
      std::fflush(stdout);
    }
  }
}
