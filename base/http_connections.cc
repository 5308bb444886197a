#include "base/http_connections.h"

namespace base {

void HttpConnections::add(std::shared_ptr<HttpClientSlot> connection) {
  const std::lock_guard lock(mutex_);
  if (abandoned_) return;
  const auto* key = connection.get();
  connections_.emplace(key, std::move(connection));
}

void HttpConnections::remove(const HttpClientSlot* connection) {
  std::function<void()> when_empty;
  {
    const std::lock_guard lock(mutex_);
    connections_.erase(connection);
    if (connections_.empty()) when_empty.swap(when_empty_);
  }
  if (when_empty) when_empty();
}

std::size_t HttpConnections::count() const {
  const std::lock_guard lock(mutex_);
  return connections_.size();
}

bool HttpConnections::is_draining() const {
  const std::lock_guard lock(mutex_);
  return draining_;
}

bool HttpConnections::is_abandoned() const {
  const std::lock_guard lock(mutex_);
  return abandoned_;
}

std::vector<std::shared_ptr<HttpClientSlot>> HttpConnections::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<HttpClientSlot>> connections;
  connections.reserve(connections_.size());
  for (const auto& [key, connection] : connections_) connections.push_back(connection);
  return connections;
}

void HttpConnections::drain(const std::function<void()>& when_empty) {
  bool empty = false;
  {
    const std::lock_guard lock(mutex_);
    draining_ = true;
    empty = connections_.empty();
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
  decltype(connections_) left;
  {
    const std::lock_guard lock(mutex_);
    draining_ = true;
    abandoned_ = true;
    forgotten.swap(when_empty_);
    left.swap(connections_);
  }
  for (const auto& [key, connection] : left) connection->cut();
}

}  // namespace base
