#pragma once
// One client of base/http_server.cc: reads requests, hands them to the handler one at a time, writes the answers,
// and holds every bound of HttpServerOptions. A private part of the server.

#include <memory>

#include "base/http_connections.h"
#include "base/http_socket.h"

namespace base {

// Serves the client behind `socket`, in its lane, until one side closes. One that has no place, or for which there is
// no memory, is told 503 with Retry-After instead.
void serve(HttpSocket socket, const std::shared_ptr<HttpConnections>& connections, bool has_place);

}  // namespace base
