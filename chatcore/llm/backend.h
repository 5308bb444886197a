#pragma once
// A server of language models or embeddings behind HTTP, with bounded concurrency, retries and a circuit breaker.
//
//   place     so many calls at once; a few more wait for a short time, the rest are sent away
//   breaker   a backend that keeps failing gets no requests for a while (circuit_breaker.h); counts calls, not attempts
//   attempt   one HTTP exchange; its answer is handed on as it comes
//   retry     with jitter, only while nothing of an answer has come, and within the call's total time
//   refusal   classified (backend_refusal.h); a request that can be amended is retried at once
//
// The key goes into the request's header and nowhere else. Of a backend's error only identifiers are repeated (code,
// type, param).

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "base/stream_client.h"
#include "chatcore/llm/backend_refusal.h"
#include "chatcore/llm/backend_statistics.h"
#include "chatcore/llm/circuit_breaker.h"

namespace chatcore::llm {

struct BackendOptions {
  std::string base_url;        // "https://host/v1", without a '/' at its end
  std::string api_key = {};    // empty: none is sent
  std::string ca_file = {};    // certificates to trust, in PEM; empty: the system's
  std::size_t max_calls = 64;  // at once, each with a connection; as many more may wait
  std::chrono::milliseconds queue_timeout{2'000};
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds first_byte_timeout{30'000};  // until on_data returns something other than `waiting`
  std::chrono::milliseconds idle_timeout{30'000};
  std::chrono::milliseconds total_timeout{300'000};  // of a call, waiting and retries included
  int max_retries = 2;
  BreakerOptions breaker = {};
};

// Called on a loop thread, one at a time; on_end exactly once unless cancelled, nothing after it.
struct CallEvents {
  // waiting: no part of the answer has come, first_byte_timeout still applies. more: a part has come. finished: the
  // answer has ended; token counts that follow are awaited for a short time. complete: ignore the rest of the bytes.
  enum class Progress { waiting, more, finished, complete };
  // The backend has accepted the request. May be empty.
  std::function<void()> on_accepted = {};
  // A piece of a good answer. An error ends the call with it.
  std::function<base::Result<Progress>(std::string_view bytes)> on_data;
  // The answer has come to its end without on_data having called it complete. An error makes it a failure.
  std::function<base::Status()> on_last_byte;
  // Errors: unavailable (cannot be reached, busy, broken answer, breaker open; with retry_after where known),
  // deadline_exceeded, permission_denied (it refuses our key, model or account), invalid_argument (it refuses this
  // request), too_large (a proxy in front of it refuses the request's size). Each has its `remote`.
  std::function<void(base::Status)> on_end;
  // The backend has refused the request with this body. Returns the body to send instead (at most a few times); absent:
  // the call ends with the refusal. The refusal may be part of an answer whose first bytes on_data received. May be
  // empty.
  std::function<std::optional<std::string>(const std::string& body, const BackendRefusal& refusal)> on_refused = {};
};

struct CallRequest {
  std::string path;             // after the base URL: "/chat/completions"
  std::string needed_for = {};  // the field that only this path supports: a backend without it refuses the field
  std::string body;             // JSON
  std::string content_type;     // that a good answer's begins with
  bool takes_any_type = false;  // accept any Content-Type: on_data checks the bytes
  Caller caller = {};
  bool is_repeat = false;  // Prompt::is_repeat (answerer.h)
};

// A call under way. Destroying it cancels it. Thread-safe, also within its own events.
class Call {
 public:
  virtual ~Call() = default;
  virtual void pause() = 0;
  virtual void resume() = 0;
  virtual void cancel() = 0;  // no event begins after this returns, except one already running
};

// Thread-safe. The loop must outlive it.
class Backend : public std::enable_shared_from_this<Backend> {
 public:
  // `name` is used in the log: "the language model, for a summary". Errors use the part before the comma.
  Backend(std::string name, BackendOptions options, base::EventLoop& loop);

  // No event comes before this has returned.
  [[nodiscard]] std::unique_ptr<Call> call(CallRequest request, CallEvents events);
  // The same for who never cancels: the call keeps itself alive until its end.
  void call_to_its_end(CallRequest request, CallEvents events);
  [[nodiscard]] BackendStatistics statistics() const;

  // For its calls.
  class Attempts;
  enum class Place { granted, waiting, none };
  Place enter(const std::shared_ptr<Attempts>& call);
  void leave();
  // Absent: the breaker admits the call; call_ended() must be called for it, with `is_probe` as set here.
  std::optional<base::Error> breaker_refusal(const Caller& caller, bool& is_probe);
  [[nodiscard]] bool is_open_for(const Caller& caller) const;
  enum class Outcome { succeeded, failed, gave_up };
  void call_ended(Outcome outcome, const Caller& caller, bool is_probe);
  base::Duration retry_delay(int retry);

  const std::string name;
  const BackendOptions options;
  base::EventLoop& loop;
  base::StreamClient client;

 private:
  mutable std::mutex mutex_;  // guards all below
  std::size_t calls_ = 0;
  std::deque<std::weak_ptr<Attempts>> waiting_;
  CircuitBreaker breaker_;
  std::uint64_t retries_ = 0;
  std::minstd_rand chance_;
};

}  // namespace chatcore::llm
