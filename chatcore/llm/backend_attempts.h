#pragma once
// Internal to this folder: one call of a Backend, from its place in line to its end, over as many attempts as it takes.

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/event_loop.h"
#include "base/serial.h"
#include "base/stream_client.h"
#include "chatcore/llm/backend.h"

namespace chatcore::llm {

class Backend::Attempts : public std::enable_shared_from_this<Attempts> {
 public:
  Attempts(std::shared_ptr<Backend> backend, CallRequest request, CallEvents events);

  void begin();       // asks for a place
  void take_place();  // one has become free
  // For the caller; from any thread.
  void pause();
  void resume();
  void cancel();

 private:
  void ask_for_place();
  void try_once();
  base::StreamRequest http_request(base::Duration left) const;
  void take_head(const base::StreamHead& head);
  void take_data(std::string_view bytes);
  void wait_for_end(base::Duration patience);
  void take_end(base::Status status);
  [[nodiscard]] bool is_good() const;
  void read_refusal_of(const base::Status& status);
  void fail_good_answer(base::Error error);
  void remember_beginning(std::string_view bytes);
  [[nodiscard]] bool amend();
  [[nodiscard]] base::Error error_of_refusal() const;
  [[nodiscard]] base::Status judge(base::Status status);
  [[nodiscard]] bool may_retry(const base::Error& error) const;
  void retry_or_end(base::Error error);
  void ask_again_after(base::Error error, base::Duration delay);
  void close_attempt();
  void end(base::Status status);
  [[nodiscard]] base::Error from_this_side(base::Error error) const;
  void give_back_place();
  base::Duration time_left() const;

  void in_order(std::function<void()> step);  // from a loop thread

  const std::shared_ptr<Backend> backend_;
  const base::SteadyTime deadline_;
  std::atomic<bool> cancelled_{false};

  base::Serial serial_;  // guards all below
  CallRequest request_;  // with the body that is sent next
  CallEvents events_;
  bool has_place_ = false;
  bool has_ended_ = false;
  bool is_paused_ = false;
  base::Pending timer_;  // for a place, for a retry, for the end of an answer that is complete
  int attempt_ = 0;      // from 1
  int retries_ = 0;      // attempts that followed a failure
  int amendments_ = 0;   // attempts that followed a refusal
  bool is_trying_ = false;
  bool is_admitted_ = false;  // by the breaker, which must get the outcome
  bool is_probe_ = false;
  Outcome outcome_ = Outcome::gave_up;
  std::unique_ptr<base::HttpStream> stream_;
  int status_ = 0;  // of the attempt's answer; 0: none yet
  bool is_right_type_ = false;
  std::chrono::seconds retry_after_{0};
  std::string beginning_;  // the first bytes of an answer that may be an error
  std::optional<BackendRefusal> refusal_;
  bool has_begun_ = false;  // a byte of a good answer has been handed on
  bool is_finished_ = false;
  bool is_complete_ = false;
};

}  // namespace chatcore::llm
