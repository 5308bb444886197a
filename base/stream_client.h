#pragma once
// HTTP requests whose answers are streams, without a thread for any of them: libcurl's multi-socket interface on the
// event loop. An answer is handed on piece by piece as it comes, stands still while its reader is slow (the peer's
// socket fills up, nothing here does), and is hung up at once when nobody wants it any more. Connections are kept
// and used again, within bounds. For single blocking requests from a Worker there is http_client.h.
//
// Names are resolved by a short-lived thread of libcurl's; nothing here blocks the loop.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/event_loop.h"
#include "base/http_client.h"
#include "base/result.h"

namespace base {

// What one stream costs while it is open, apart from its request's body: libcurl's handle, its connection and buffers.
// Measured with 500 of them by tests/bench/backend_streams.py.
inline constexpr std::size_t kStreamCostBytes = 64u << 10;

struct StreamClientOptions {
  std::size_t max_connections = 256;             // open at once, kept ones included; a stream more waits
  std::size_t max_connections_per_host = 256;    //
  std::string ca_file = {};                      // certificates to trust, in PEM; empty: the system's
  std::size_t receive_buffer_bytes = 64u << 10;  // the kernel's, for each connection: what a stalled stream costs it
};

// Deadlines and bounds of 0 are off.
struct StreamRequest {
  std::string method = "POST";
  std::string url;  // http:// or https:// only; redirects are not followed, proxies of the environment not used
  HttpHeaders headers;
  std::string body;
  std::chrono::milliseconds connect_timeout{5'000};      // name, connection and TLS; off is libcurl's 5 minutes
  std::chrono::milliseconds first_byte_timeout{30'000};  // from the beginning to the body's first byte
  // true: the first bytes may be keep-alives only; first_byte_timeout applies until the reader calls answer_begun().
  bool reader_says_begun = false;
  std::chrono::milliseconds idle_timeout{30'000};    // between bytes of the body, except while paused
  std::chrono::milliseconds total_timeout{300'000};  // for all of it, pauses included
  std::size_t max_header_bytes = 64u << 10;
  std::size_t max_body_bytes = 16u << 20;
};

struct StreamHead {
  int status = 0;       // an HTTP status is a value whatever it is
  HttpHeaders headers;  // names in lower case
};

// Called on a loop thread, one at a time. on_head at most once, then on_data, then on_end exactly once unless the
// stream is cancelled. Errors: unavailable (no connection, reset, cut off), deadline_exceeded, too_large,
// invalid_argument (URL, header), permission_denied. Messages name the origin of the URL and nothing else of it.
struct StreamEvents {
  std::function<void(const StreamHead&)> on_head;
  std::function<void(std::string_view bytes)> on_data;  // 16 KiB at most each time
  std::function<void(Status)> on_end;
};

// A stream under way. Destroying it cancels it. Thread-safe, also within its own events.
class HttpStream {
 public:
  virtual ~HttpStream() = default;
  virtual void pause() = 0;  // no on_data begins after this returns, except one already running
  virtual void resume() = 0;
  virtual void answer_begun() = 0;  // from now on idle_timeout applies (StreamRequest::reader_says_begun)
  virtual void cancel() = 0;        // no event begins after this returns, except one already running
};

// Thread-safe. The loop must outlive it; streams still open when it is destroyed end without an event.
class StreamClient {
 public:
  StreamClient(EventLoop& loop, StreamClientOptions options);
  ~StreamClient();
  StreamClient(const StreamClient&) = delete;
  StreamClient& operator=(const StreamClient&) = delete;

  // Begins at once. No event comes before this has returned.
  [[nodiscard]] std::unique_ptr<HttpStream> open(StreamRequest request, StreamEvents events);

  [[nodiscard]] std::size_t open_streams() const;
  [[nodiscard]] std::uint64_t connections_made() const;

 private:
  struct Impl;
  class Handle;
  std::shared_ptr<Impl> impl_;
};

}  // namespace base
