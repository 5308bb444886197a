#pragma once
// One client of base/http_server.cc: reads requests, hands them to the handler one at a time, writes the answers,
// and holds every bound of HttpServerOptions. A private part of the server.

#include <memory>

#include "base/http_connections.h"
#include "base/http_socket.h"

namespace base {

// Serves the client behind `socket`, whose executor is a strand, until one side closes.
void serve(HttpSocket socket, const std::shared_ptr<HttpConnections>& connections);
// Tells the client 503 with Retry-After and closes.
void turn_away(HttpSocket socket, const std::shared_ptr<HttpConnections>& connections);

}  // namespace base
