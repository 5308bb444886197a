#pragma once
// Which HTTP clients of an io_context have sent something, or take bytes again: found out for a batch of them at once,
// and what the whole batch is answered goes out when all of it has been read. Asio's own sockets would each be read
// once more in vain before they are waited for, and a client that sleeps would be woken by every single answer;
// together that is a fifth of what a small request costs (tests/bench/http_bench.py). A private part of the server.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <sys/epoll.h>

#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

namespace base {

// One for each io_context. All members are called on its thread.
class HttpPoll final : public boost::asio::execution_context::service {
 public:
  class Client {
   public:
    // Bytes or their end may be read; there will be no more of them; bytes may be written; the connection is no more.
    // Told once for each change, and once after add() and read_again(): who leaves bytes unread asks to be told again.
    struct Events {
      bool readable;
      bool ended;
      bool writable;
      bool broken;
    };
    virtual void ready(Events events) = 0;
    // The end of the batch, asked for by at_end_of_batch().
    virtual void batch_ended() = 0;

   protected:
    ~Client() = default;
  };

  static inline boost::asio::execution_context::id id;  // by which an io_context finds it
  static HttpPoll& of(boost::asio::io_context& context);
  explicit HttpPoll(boost::asio::io_context& context);
  ~HttpPoll() override;

  // False when the kernel will not watch one more. The client is told until it is removed, which comes before its
  // socket is closed.
  [[nodiscard]] bool add(int socket, Client& client);
  void remove(int socket, Client& client);
  void read_again(int socket, Client& client);

  // Calls it when all that was ready together has been told so: right now when nothing is.
  void at_end_of_batch(Client& client);

 private:
  // Between two batches the context's other work has its turn.
  static constexpr std::size_t kBatch = 64;

  void shutdown() override;
  bool open();
  void wait();
  void tell();

  int epoll_ = -1;                               // with the first client
  boost::asio::posix::stream_descriptor waker_;  // the context waits for all of them as for one
  std::array<epoll_event, kBatch> ready_;
  std::size_t told_ = 0;  // so many of them
  std::size_t count_ = 0;
  bool in_batch_ = false;
  std::vector<Client*> at_end_;  // null: was removed
};

}  // namespace base
