#include "base/http_connections.h"

#include "base/http_text.h"

namespace base {

namespace {

constexpr auto kRetryAfterSeconds = "1";

}  // namespace

void HttpConnections::add(const std::shared_ptr<HttpClientSlot>& connection, bool waits) {
  const std::lock_guard lock(mutex_);
  if (abandoned_) return;
  Slots& slots = waits ? waiting_ : busy_;
  connection->place_ = slots.insert(slots.end(), connection);
  connection->waits_ = waits;
}

void HttpConnections::remove(HttpClientSlot& connection) {
  std::function<void()> when_empty;
  std::shared_ptr<HttpClientSlot> removed;  // let go of after the lock
  {
    const std::lock_guard lock(mutex_);
    if (abandoned_) return;
    removed = *connection.place_;
    (connection.waits_ ? waiting_ : busy_).erase(connection.place_);
    if (waiting_.empty() && busy_.empty()) when_empty.swap(when_empty_);
  }
  if (when_empty) when_empty();
}

// The nodes change lists, and nothing is allocated.
void HttpConnections::move(HttpClientSlot& connection, bool waits) {
  const std::lock_guard lock(mutex_);
  if (abandoned_) return;
  Slots& to = waits ? waiting_ : busy_;
  to.splice(to.end(), connection.waits_ ? waiting_ : busy_, connection.place_);
  connection.waits_ = waits;
}

void HttpConnections::request_came(HttpClientSlot& connection) { move(connection, false); }

void HttpConnections::waits_again(HttpClientSlot& connection) { move(connection, true); }

bool HttpConnections::cut_longest_waiting() {
  std::shared_ptr<HttpClientSlot> longest;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) return false;
    longest = waiting_.front();
    // No longer to be chosen; it leaves for good when the cut has reached its thread.
    busy_.splice(busy_.end(), waiting_, waiting_.begin());
    longest->waits_ = false;
  }
  longest->give_up_place();
  return true;
}

std::size_t HttpConnections::count() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size() + busy_.size();
}

HttpResponse HttpConnections::refusal(int status) const {
  HttpResponse response{status, {{"Content-Type", "text/plain"}}, {}};
  response.body = std::to_string(status) + " " + std::string(reason_phrase(status)) + "\n";
  if (options.refusal) response = options.refusal(status);
  if (status == 503) response.headers.emplace_back("Retry-After", kRetryAfterSeconds);
  return response;
}

std::vector<std::shared_ptr<HttpClientSlot>> HttpConnections::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<HttpClientSlot>> connections;
  connections.reserve(waiting_.size() + busy_.size());
  for (const Slots* slots : {&waiting_, &busy_}) connections.insert(connections.end(), slots->begin(), slots->end());
  return connections;
}

void HttpConnections::drain(const std::function<void()>& when_empty) {
  bool empty = false;
  {
    const std::lock_guard lock(mutex_);
    draining_ = true;
    empty = waiting_.empty() && busy_.empty();
    if (!empty) when_empty_ = when_empty;
  }
  if (empty) return when_empty();
  for (const auto& connection : all()) connection->drain();
}

void HttpConnections::cut() {
  for (const auto& connection : all()) connection->cut();
}

void HttpConnections::abandon() {
  std::function<void()> forgotten;
  // Let go of here, since connections own this register: if the loop never runs again, nothing else would.
  Slots left;
  {
    const std::lock_guard lock(mutex_);
    draining_ = true;
    abandoned_ = true;
    forgotten.swap(when_empty_);
    left.splice(left.end(), waiting_);
    left.splice(left.end(), busy_);
  }
  for (const auto& connection : left) connection->cut();
}

}  // namespace base
