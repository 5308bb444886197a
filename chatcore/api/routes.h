#pragma once
// The table of routes, and the way of a request to its handler: known path, right method, allowed to, right kind of
// body.

#include "base/http_server.h"
#include "chatcore/api/handlers.h"

namespace chatcore::api {

// The handler of an HTTP server. `parts` must outlive it.
base::HttpHandler route_requests(const ApiParts& parts);

}  // namespace chatcore::api
