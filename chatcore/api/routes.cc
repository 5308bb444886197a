#include "chatcore/api/routes.h"

#include <algorithm>
#include <array>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "base/http_text.h"
#include "chatcore/api/path.h"
#include "chatcore/api/random_id.h"

namespace chatcore::api {
namespace {

struct Route {
  std::string_view method;
  std::string_view path;  // a pattern (path.h); also the name in the metrics
  Access access;
  void (*handle)(const ApiParts&, const SharedCall&);
  bool takes_json = false;
};

constexpr std::array kRoutes{
    Route{"POST", "/api/assistant", Access::turn, answer_assistant, true},
    Route{"GET", "/api/conversations", Access::user, get_conversations},
    Route{"DELETE", "/api/conversations", Access::user, delete_conversation},
    Route{"POST", "/v1/chat/completions", Access::turn, answer_completion, true},
    Route{"POST", "/v1/completions", Access::turn, answer_text_completion, true},
    Route{"POST", "/v1/responses", Access::turn, create_response, true},
    Route{"POST", "/v1/responses/input_tokens", Access::user, count_input_tokens, true},
    Route{"POST", "/v1/responses/{id}/cancel", Access::user, cancel_response},
    Route{"GET", "/v1/responses/{id}/input_items", Access::user, list_input_items},
    Route{"GET", "/v1/responses/{id}", Access::user, show_response},
    Route{"DELETE", "/v1/responses/{id}", Access::user, remove_response},
    Route{"POST", "/v1/conversations", Access::user, create_conversation, true},
    Route{"GET", "/v1/conversations/{id}", Access::user, show_conversation},
    Route{"POST", "/v1/conversations/{id}", Access::user, update_conversation, true},
    Route{"DELETE", "/v1/conversations/{id}", Access::user, remove_conversation},
    Route{"GET", "/v1/conversations/{id}/items", Access::user, list_items},
    Route{"POST", "/v1/conversations/{id}/items", Access::user, add_items, true},
    Route{"GET", "/v1/conversations/{id}/items/{item}", Access::user, show_item},
    Route{"DELETE", "/v1/conversations/{id}/items/{item}", Access::user, remove_item},
    Route{"POST", "/v1/embeddings", Access::user, embed_texts, true},
    Route{"GET", "/v1/models", Access::user, list_models},
    Route{"GET", "/v1/models/{+model}", Access::user, show_model},
    Route{"GET", "/", Access::everyone, show_page},
    Route{"GET", "/metrics", Access::everyone, show_metrics},
    Route{"GET", "/-/healthy", Access::everyone, show_health},
    Route{"GET", "/-/ready", Access::everyone, show_ready},
    Route{"POST", "/admin/sweep", Access::admin, run_sweep},
    Route{"POST", "/admin/shed", Access::admin, run_shed},
    Route{"GET", "/admin/memory", Access::admin, show_memory},
    Route{"GET", "/admin/backend", Access::admin, show_backend},
};

constexpr std::string_view kOtherPaths = "other";

struct Found {
  const Route* route = nullptr;
  PathValues values;
  std::string methods;  // without a route: those that the path takes, as "GET, DELETE"; "" when the path is unknown
};

Found find_route(std::string_view method, std::string_view path) {
  // What may be got may be asked for its header alone; the server leaves out the body.
  if (method == "HEAD") method = "GET";
  for (const auto& route : kRoutes) {
    if (route.method != method) continue;
    if (auto values = match_path(route.path, path))
      return {.route = &route, .values = std::move(*values), .methods = ""};
  }
  Found found;
  for (const auto& route : kRoutes) {
    if (match_path(route.path, path)) found.methods += (found.methods.empty() ? "" : ", ") + std::string(route.method);
  }
  return found;
}

bool is_path(std::string_view path) {
  return std::ranges::any_of(kRoutes, [&](const Route& route) { return match_path(route.path, path).has_value(); });
}

// `path` with each run of slashes as one, and none at its end.
std::string without_extra_slashes(std::string_view path) {
  std::string tidy;
  for (const char c : path) {
    if (c != '/' || !tidy.ends_with('/')) tidy += c;
  }
  if (tidy.size() > 1 && tidy.ends_with('/')) tidy.pop_back();
  return tidy;
}

// A hint for an unknown path: the route that was probably meant; "" when there is none. The usual cause is a wrong base
// URL in the client.
std::string hint_for(std::string_view path) {
  const std::string tidy = without_extra_slashes(path);
  if (is_path(tidy)) return "; " + tidy + " exists: remove the extra slash from the client's base URL";
  if (is_path("/v1" + tidy)) return "; /v1" + tidy + " exists: the client's base URL must end with /v1";
  const auto under_v1 = tidy.rfind("/v1/");
  if (under_v1 != std::string::npos && under_v1 > 0 && is_path(tidy.substr(under_v1)))
    return "; " + tidy.substr(under_v1) +
           " exists: the client's base URL must end with one /v1, directly after the port";
  if (tidy == "/v1") return "; it is the base URL for clients, which add /chat/completions and the like themselves";
  return "";
}

void refuse_unknown(const SharedCall& call, const std::string& methods) {
  if (methods.empty()) {
    return call->refuse(
        {.status = 404, .message = "No such path" + hint_for(call->request().path), .code = "not_found"});
  }
  if (call->request().method == "OPTIONS")
    return call->respond({.status = 204, .headers = {{"allow", methods}}, .body = ""});
  auto response =
      response_of({.status = 405, .message = "This path takes " + methods + " only", .code = "method_not_allowed"});
  response.headers.emplace_back("allow", methods);
  call->respond(std::move(response));
}

// Of the first route of that path. An unknown path counts as a user route, so that pages of allowed origins can read
// its 404.
Access access_of(std::string_view path) {
  const auto* found =
      std::ranges::find_if(kRoutes, [&](const Route& route) { return match_path(route.path, path).has_value(); });
  return found == kRoutes.end() ? Access::user : found->access;
}

void answer_preflight(const ApiParts& parts, const SharedCall& call, Access access, const std::string& methods) {
  if (!parts.auth.allowed_origin(access, call->request()).empty())
    return call->respond(preflight_response(call->request(), methods));
  if (const auto problem = check_same_site(call->request(), {})) return call->refuse(*problem);
  // A page of this server needs no permission, so the answer is that to any OPTIONS.
  call->respond({.status = 204, .headers = {{"allow", methods}}, .body = ""});
}

void run(const Route& route, const ApiParts& parts, const SharedCall& call) {
  const auto& request = call->request();
  if (route.access == Access::turn) {
    // In a crowd most are turned away: they must cost next to nothing, not even the look at who they are.
    if (const auto refusal = parts.admission.closed()) {
      parts.admission.turned_away();
      parts.turn.metrics.request_shed(name_of(*refusal));
      return call->respond(response_of(*refusal));
    }
  }
  if (route.access == Access::admin || route.method == "DELETE") call->set_audited();
  auto principal =
      parts.auth.enter(route.access, request, {.steady = parts.clock.steady_now(), .wall = parts.clock.wall_now()});
  if (!principal) {
    if (principal.error().status == 429) parts.turn.metrics.request_shed(principal.error().code);
    return call->refuse(principal.error());
  }
  call->set_principal(std::move(*principal));
  if (const std::string coding = base::lower_case(request.header("content-encoding"));
      !coding.empty() && coding != "identity") {
    auto response = response_of({.status = 415,
                                 .message = "The body has the encoding " + coding + ": send it uncompressed",
                                 .code = "unsupported_content_encoding"});
    response.headers.emplace_back("accept-encoding", "identity");
    return call->respond(std::move(response));
  }
  const std::string_view type = request.header("content-type");
  if (route.takes_json && !type.empty() && !is_json(type)) {
    return call->refuse(
        {.status = 415, .message = "The body must be application/json", .code = "unsupported_media_type"});
  }
  route.handle(parts, call);
}

}  // namespace

base::HttpHandler route_requests(const ApiParts& parts) {
  return [&parts](const std::shared_ptr<base::HttpExchange>& exchange) {
    auto [route, values, methods] = find_route(exchange->request().method, exchange->request().path);
    const auto call = std::make_shared<Call>(exchange, route ? route->path : kOtherPaths, parts.turn.metrics);
    if (!route) {
      const Access access = access_of(exchange->request().path);
      call->set_allowed_origin(parts.auth.allowed_origin(access, exchange->request()));
      if (!methods.empty() && is_preflight(exchange->request())) return answer_preflight(parts, call, access, methods);
      return refuse_unknown(call, methods);
    }
    call->set_allowed_origin(parts.auth.allowed_origin(route->access, exchange->request()));
    call->set_path_values(std::move(values));
    try {
      run(*route, parts, call);
    } catch (const std::exception& exception) {
      // Only bad_alloc and bugs come this far. One request fails; the others go on.
      call->refuse(call->problem_of(base::Error{base::Code::internal, exception.what()}));
    }
  };
}

std::function<base::HttpResponse(int status)> refuse_requests(Metrics& metrics) {
  return [&metrics](int status) {
    metrics.request_began();
    metrics.request_ended(kOtherPaths, status, base::Duration(0));
    auto response = response_of(problem_of_status(status));
    response.headers.emplace_back("x-request-id", random_id("req_"));
    return response;
  };
}

}  // namespace chatcore::api
