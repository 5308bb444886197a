#pragma once
// What a backend's refusals have taught about it, and how a request is made that it does not refuse: fields that it
// does not take are left out or called by another name, a system message goes into the first question where its
// template knows none, and the oldest turns are left out of what is longer than its context.
//
//   amended()  after a refusal: the request anew, and what was learned, kept aside in a Lesson
//   learn()    once the new request has been taken, since an error's text can be a quoted user's
//   fitted()   every later request
//
// It lasts as long as the process: a backend that has changed teaches anew after a restart.

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

struct Lesson {
  std::map<std::string, std::string> fields = {};  // name → its other name; "": left out
  bool no_system_role = false;
  std::size_t context_tokens = 0;    // 0: nothing
  double tokens_per_estimate = 1.0;  // the backend's for each of estimate_tokens()
  std::size_t folded_bytes = 0;      // of the first question of the request at hand: they were its system message
  [[nodiscard]] bool is_empty() const { return fields.empty() && !no_system_role && context_tokens == 0; }
};

// `body` is a chat request in JSON. What `refusal` asks for is taken out of it, and added to `lesson`; absent: there is
// nothing (more) that can be taken out. Each time something is, so it ends. Pure.
std::optional<std::string> amended(const std::string& body, const BackendRefusal& refusal, Lesson& lesson);
// `body` with all of the lesson applied, which notes what it did to this body. Pure.
std::string applied(Lesson& lesson, const std::string& body);

// Thread-safe. Shared by all who talk to one backend about one model.
class LearnedLimits {
 public:
  // `backend` is how the log calls it.
  explicit LearnedLimits(std::string backend) : backend_(std::move(backend)) {}

  // `lesson` is what this request has yet to teach, for amended().
  [[nodiscard]] std::string fitted(std::string body, Lesson& lesson) const;
  // Says each thing that is new once in the log.
  void learn(const Lesson& lesson);
  [[nodiscard]] LearnedReport report() const;

 private:
  const std::string backend_;
  std::atomic<bool> is_taught_{false};
  mutable std::mutex mutex_;  // guards all below
  Lesson known_;
};

}  // namespace chatcore::llm
