#pragma once
// The socket of one HTTP client, and what is done to it when it is new. A private part of the server.

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

// An IPv4 client of a socket for both families is an IPv4 client.
inline boost::asio::ip::address peer_of(const HttpSocket& socket) {
  boost::system::error_code ignored;
  const auto address = socket.remote_endpoint(ignored).address();
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
}

}  // namespace base
