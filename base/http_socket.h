#pragma once
// The socket of one HTTP client, and what is done to it when it is new. A private part of the server.

#include <chrono>
#include <cstddef>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace base {

// It belongs to one lane of the loop, whose one thread is its strand. The executor is named by type: to go through
// any_io_executor costs a request several allocations.
using HttpSocket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

inline void make_ready(HttpSocket& socket) {
  boost::system::error_code ignored;
  socket.non_blocking(true, ignored);
  socket.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  socket.set_option(boost::asio::socket_base::keep_alive(true), ignored);
}

// What a connection keeps at hand for the beginning of a request. Most requests fit, and idle connections are many.
inline constexpr std::size_t kFirstBytes = 512;
// What an idle connection costs, measured with ten thousand of them (tests/bench/idle_connections.py).
inline constexpr std::size_t kConnectionBytes = 2u << 10;
// After an error the client may still be sending. Closing at once would reset the connection and destroy the answer
// on its way, so that what comes is read and thrown away for a moment.
inline constexpr auto kLingerTime = std::chrono::seconds(2);

inline bool has_unread(const HttpSocket& socket) {
  boost::system::error_code ignored;
  return socket.available(ignored) > 0;
}

// An IPv4 client of a socket for both families is an IPv4 client.
inline boost::asio::ip::address peer_of(const HttpSocket& socket) {
  boost::system::error_code ignored;
  const auto address = socket.remote_endpoint(ignored).address();
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
}

}  // namespace base
