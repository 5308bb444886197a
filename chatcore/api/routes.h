#pragma once
// The table of routes, and the way of a request to its handler: known path, right method, allowed to, right kind of
// body.

#include "base/http_server.h"
#include "chatcore/api/handlers.h"

namespace chatcore::api {

// The handler of an HTTP server. `parts` must outlive it.
base::HttpHandler route_requests(const ApiParts& parts);
// How the HTTP server answers what never reaches the handler: in the same form, and counted. `metrics` must outlive it.
std::function<base::HttpResponse(int status)> refuse_requests(Metrics& metrics);

}  // namespace chatcore::api
