#include "chatcore/api/problem.h"

#include <cctype>
#include <map>
#include <utility>

#include <nlohmann/json.hpp>

#include "chatcore/storage/outage.h"

namespace chatcore::api {
namespace {

using base::Code;

// Long enough that a crowd of clients does not come back at once, short enough not to be felt as an outage.
constexpr int kRetryAfterSeconds = 2;
// A drain ends with another instance or a restart.
constexpr int kRetryAfterDrainSeconds = 5;

const char* type_of(int status) {
  switch (status) {
    case 401: return "authentication_error";
    case 403: return "permission_error";
    case 429: return "rate_limit_error";
    default: return status < 500 ? "invalid_request_error" : "server_error";
  }
}

}  // namespace

Problem bad_request(std::string code, std::string message, std::string param) {
  return {.status = 400, .message = std::move(message), .code = std::move(code), .param = std::move(param)};
}

Problem conversation_not_found(std::string param) {
  return {
      .status = 404, .message = "No such conversation", .code = "conversation_not_found", .param = std::move(param)};
}

namespace {

// "the language model" at the beginning of a sentence.
std::string subject_of(const base::Error& error) {
  std::string side = error.remote && !error.remote->side.empty() ? error.remote->side : "this server";
  side[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(side[0])));
  return side;
}

Problem refused_by_remote(const base::Error& error) {
  const base::Remote& remote = *error.remote;
  const bool is_too_long = remote.code == "context_length_exceeded";
  return {.status = 400,
          .message = subject_of(error) + (is_too_long ? " refuses this request: it is longer than the model's context"
                                                      : " refuses this request"),
          .code = remote.code.empty() ? "backend_refused" : remote.code,
          .type = remote.type,
          .param = remote.param};
}

Problem too_large_for_remote(const base::Error& error) {
  return {.status = 413,
          .message = subject_of(error) + " is behind a proxy that refuses a request of this size",
          .code = error.remote->code};
}

const char* timeout_code(const base::Error& error) {
  if (!error.remote) return "timeout";
  return error.remote->side == storage::kSide ? "storage_timeout" : "backend_timeout";
}

bool is_refused_by_backend(const base::Error& error) { return error.remote && error.remote->side != storage::kSide; }

// A client may try again: the disk may have room then.
Problem no_room(const base::Error& error) {
  if (storage::is_full_disk(error)) {
    return {.status = 503,
            .message = "Storage is full: nothing can be stored until this server's operator makes room on its disk",
            .code = std::string(storage::kFullCode),
            .retry_after_seconds = kRetryAfterSeconds};
  }
  const bool is_storage = error.remote && error.remote->side == storage::kSide;
  return {.status = 503,
          .message = is_storage ? "Storage is busy: too many requests wait for it"
                                : "This server has no memory for this request at present",
          .code = "overloaded",
          .retry_after_seconds = kRetryAfterSeconds};
}

Problem problem_of_code(const base::Error& error) {
  switch (error.code) {
    case Code::invalid_argument:
      if (is_refused_by_backend(error)) return refused_by_remote(error);
      return {.status = 400, .message = error.message, .code = "invalid_argument"};
    case Code::not_found: return {.status = 404, .message = error.message, .code = "not_found"};
    case Code::conflict:
      return {.status = 409,
              .message = "The conversation is in use by another writer",
              .code = "conflict",
              .retry_after_seconds = kRetryAfterSeconds};
    case Code::too_large:
      if (is_refused_by_backend(error)) return too_large_for_remote(error);
      return {.status = 413, .message = "Too large", .code = "too_large"};
    case Code::exhausted: return no_room(error);
    case Code::corrupt:  // what the database holds: whoever asks can do nothing about it
    case Code::unavailable:
      return {.status = 503,
              .message = subject_of(error) + " fails or cannot be reached at present",
              .code = "unavailable",
              .retry_after_seconds = kRetryAfterSeconds};
    case Code::deadline_exceeded:
      return {.status = 504, .message = subject_of(error) + " did not answer in time", .code = timeout_code(error)};
    case Code::cancelled: return {.status = 499, .message = "The request was cancelled", .code = "cancelled"};
    case Code::permission_denied:
      return {.status = 502,
              .message = subject_of(error) +
                         " refuses this server's key, account or model: its operator finds the reason in the log",
              .code = "backend_refused"};
    default: return {.status = 500, .message = "Internal error", .code = "internal"};
  }
}

}  // namespace

Problem problem_of(const base::Error& error) {
  Problem problem = problem_of_code(error);
  // Whoever is down knows best when it will be back.
  if (problem.status == 503 && error.retry_after.count() > 0) {
    problem.retry_after_seconds = static_cast<int>(error.retry_after.count());
  }
  return problem;
}

bool is_out_of_memory(const base::Error& error) { return error.code == Code::exhausted && !error.remote; }

Problem problem_of(Refusal refusal) {
  if (refusal == Refusal::drain) {
    return {.status = 503,
            .message = "This server is shutting down",
            .code = "draining",
            .retry_after_seconds = kRetryAfterDrainSeconds};
  }
  return {.status = 503,
          .message = refusal == Refusal::memory || refusal == Refusal::bytes
                         ? "No room for this request at present"
                         : "Too many requests are being answered at present",
          .code = "overloaded",
          .retry_after_seconds = kRetryAfterSeconds};
}

Problem problem_of_status(int status) {
  switch (status) {
    case 408: return {.status = 408, .message = "The request did not come in time", .code = "request_timeout"};
    case 413: return {.status = 413, .message = "The request body is too large", .code = "too_large"};
    case 431: return {.status = 431, .message = "The request header is too large", .code = "header_too_large"};
    case 503: return {.status = 503, .message = "No room for this request at present", .code = "overloaded"};
    default: return {.status = status, .message = "The request is not understood", .code = "invalid_http"};
  }
}

std::string error_json(const Problem& problem) {
  nlohmann::json error{{"message", problem.message},
                       {"type", problem.type.empty() ? type_of(problem.status) : problem.type},
                       {"code", problem.code}};
  error["param"] = problem.param.empty() ? nlohmann::json() : nlohmann::json(problem.param);
  // Replaces what is not UTF-8: an error about bad bytes must itself be readable.
  return nlohmann::json{{"error", error}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

base::HttpResponse response_of(const Problem& problem) {
  base::HttpResponse response{
      .status = problem.status, .headers = {{"content-type", "application/json"}}, .body = error_json(problem)};
  if (problem.status == 401) {
    response.headers.emplace_back("www-authenticate",
                                  problem.challenge.empty() ? "Bearer realm=\"chatcore\"" : problem.challenge);
  }
  if (problem.retry_after_seconds > 0) {
    response.headers.emplace_back("retry-after", std::to_string(problem.retry_after_seconds));
  }
  return response;
}

const base::HttpResponse& response_of(Refusal refusal) {
  static const auto responses = [] {
    std::map<Refusal, base::HttpResponse> all;
    for (const auto each : {Refusal::turns, Refusal::bytes, Refusal::memory, Refusal::concurrency, Refusal::drain}) {
      all.emplace(each, response_of(problem_of(each)));
    }
    return all;
  }();
  return responses.at(refusal);
}

}  // namespace chatcore::api
