#pragma once
// One client of base/http_server.cc: reads requests, hands them to the handler one at a time, writes the answers,
// and holds every bound of HttpServerOptions. A private part of the server.

#include <memory>

#include "base/http_connections.h"

namespace boost::asio {
class io_context;
}

namespace base {

// Serves the client behind `socket`, which does not block and is owned from now on, on the thread of `context`, until
// one side closes. Without a place it gets 503 with Retry-After instead.
void serve(int socket, boost::asio::io_context& context, const std::shared_ptr<HttpConnections>& connections,
           bool has_place);

}  // namespace base
