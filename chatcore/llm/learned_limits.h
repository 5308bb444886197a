#pragma once
// Limits of a backend, learned from its refusals, and how requests are adapted to them: refused fields are left out or
// renamed, the system message goes into the first question if the model's template has none, and the oldest turns are
// left out of a prompt that is longer than the context.
//
//   amended()  after a refusal: returns the changed request, and adds what was learned to the request's BackendLimits
//   learn()    once the backend has accepted the changed request, since an error's text may quote a user
//   fitted()   applies all that is known to a later request
//
// Kept in memory only: after a restart the limits are learned again.

#include <atomic>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "chatcore/llm/backend_refusal.h"
#include "chatcore/llm/backend_statistics.h"

namespace chatcore::llm {

struct BackendLimits {
  std::map<std::string, std::string> fields = {};  // name → its other name; "": left out
  bool no_system_role = false;
  std::size_t context_tokens = 0;    // 0: nothing
  double tokens_per_estimate = 1.0;  // the backend's token count divided by estimate_tokens()
  std::size_t folded_bytes = 0;  // length of the system message at the start of this request's first question; 0: none
  [[nodiscard]] bool is_empty() const { return fields.empty() && !no_system_role && context_tokens == 0; }
};

// Changes `body`, a request in JSON, as `refusal` requires, and adds the change to `learned`. Absent: nothing
// (more) can be left out. Each call leaves something out, so repeated calls end. Pure.
std::optional<std::string> amended(const std::string& body, const BackendRefusal& refusal, BackendLimits& learned);
// Returns `body` with all of `learned` applied; sets learned.folded_bytes for this body. Pure.
std::string applied(BackendLimits& learned, const std::string& body);

// Thread-safe. Shared by all answerers of one backend and model.
class LearnedLimits {
 public:
  // `backend` is its name in the log.
  explicit LearnedLimits(std::string backend) : backend_(std::move(backend)) {}

  // Returns `body` adapted to the known limits. `learned` receives this request's state, for amended().
  [[nodiscard]] std::string fitted(std::string body, BackendLimits& learned) const;
  // Logs each new limit once.
  void learn(const BackendLimits& learned);
  [[nodiscard]] LearnedReport report() const;

 private:
  const std::string backend_;
  std::atomic<bool> is_taught_{false};
  mutable std::mutex mutex_;  // guards all below
  BackendLimits known_;
};

}  // namespace chatcore::llm
