#pragma once
// What went wrong, as a client sees it: an HTTP status and OpenAI's {"error":{message,type,code,param}}, so that its
// official clients raise their typed exceptions.

#include <string>

#include <tl/expected.hpp>

#include "base/http_server.h"
#include "base/result.h"
#include "chatcore/admission.h"

namespace chatcore::api {

struct Problem {
  int status = 500;
  std::string message = {};
  std::string code = {};        // stable, for programs: "invalid_json", "conversation_not_found"
  std::string type = {};        // empty: OpenAI's type for the status
  std::string param = {};       // the field at fault; empty: null
  int retry_after_seconds = 0;  // 0: no Retry-After
  std::string challenge = {};   // of a 401: WWW-Authenticate; empty: an API key
};

template <class T>
using Parsed = tl::expected<T, Problem>;

Problem bad_request(std::string code, std::string message, std::string param = "");
Problem conversation_not_found(std::string param = "conversationId");
// invalid_argument 400, not_found 404, conflict 409, too_large 413, exhausted and unavailable 503 with Retry-After,
// deadline_exceeded 504, permission_denied 502 (by a backend), cancelled 499, all others 500. Only the first three show
// the error's own words: the rest may name files and hosts, which are the log's business. The message
// of a backend's error (error.remote) names the backend; its refusal of a request is 400 with its code, type and param.
Problem problem_of(const base::Error& error);
// Whether this server's memory budget has no room, rather than storage.
bool is_out_of_memory(const base::Error& error);
Problem problem_of(Refusal refusal);
// For what the HTTP server refuses before a route is reached: 400, 408, 413, 431, 503 and the like.
Problem problem_of_status(int status);

// {"error":{…}}; its type follows from the status as OpenAI has it.
std::string error_json(const Problem& problem);
base::HttpResponse response_of(const Problem& problem);
// The response to a refused turn, created once: under overload it is the most frequent response.
const base::HttpResponse& response_of(Refusal refusal);

}  // namespace chatcore::api
