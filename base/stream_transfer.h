#pragma once
// Internal to this folder: one stream of StreamClient as libcurl's easy handle knows it, its deadlines, and what it has
// been told by its reader. All but the three requests of the reader happens on the client's strand.

#include <array>
#include <atomic>
#include <optional>

#include "base/clock.h"
#include "base/curl_parts.h"
#include "base/event_loop.h"
#include "base/stream_client.h"

namespace base {

class StreamTransfer {
 public:
  StreamTransfer(StreamRequest request, StreamEvents events);

  // What the reader asks for; from any thread. The client is told separately.
  std::atomic<bool> paused{false};
  std::atomic<bool> reader_has_begun{false};
  std::atomic<bool> cancelled{false};

  // Sets the handle up. Errors: invalid_argument, exhausted.
  Status prepare(const StreamClientOptions& options, SteadyTime now);
  [[nodiscard]] CURL* easy() const { return easy_.get(); }
  static StreamTransfer& of(CURL* easy);

  // Goes on after a pause. Runs the reader's events. An error ends the transfer: hand it to end().
  [[nodiscard]] CURLcode resume(SteadyTime now);
  // The deadline that has passed, if one has.
  [[nodiscard]] std::optional<Error> overdue(SteadyTime now) const;
  // When to look again; absent while paused and when no deadline of ours is set (those for connecting and for all of
  // it are libcurl's).
  [[nodiscard]] std::optional<SteadyTime> next_check(SteadyTime now) const;

  // The last event, for the two ways to end. The handle has left its multi handle by then.
  void end(CURLcode code);
  void end(Error error);
  // Lets go of what the events own, without an event. They may own the handle of this very stream.
  void forget_reader() { events_ = {}; }
  [[nodiscard]] long connections_made() const;

  Pending deadline;  // the client's timer for next_check()

 private:
  static std::size_t receive_header(char* data, std::size_t, std::size_t size, void* self);
  static std::size_t receive_body(char* data, std::size_t, std::size_t size, void* self);

  void set_options(const StreamClientOptions& options);
  void set_method();
  bool take_header(std::string_view line);
  std::size_t take_body(std::string_view data);
  bool give_up(Code code, std::string message);
  [[nodiscard]] bool has_begun() const;  // the answer: a byte has come, or the reader has called answer_begun()
  [[nodiscard]] SteadyTime patience_ends() const;

  StreamRequest request_;
  StreamEvents events_;
  Origin origin_;
  Owned<curl_slist> headers_;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  int receive_buffer_bytes_ = 0;
  StreamHead head_;
  bool head_told_ = false;
  bool held_ = false;             // libcurl keeps a piece back because the reader has paused
  std::optional<Error> failure_;  // why a callback ended the transfer
  std::size_t header_bytes_ = 0;
  std::size_t body_bytes_ = 0;
  SteadyTime began_;
  SteadyTime last_byte_;
  Owned<CURL> easy_;  // last, so that it goes first: it points into all of the above
};

}  // namespace base
