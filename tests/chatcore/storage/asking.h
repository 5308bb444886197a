#pragma once
// A store's asynchronous calls, asked and waited for.

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "chatcore/storage/store.h"
#include "tests/base/temporary_folder.h"

namespace chatcore::storage {

using conversation::Role;

// Calls `ask` with a callback and waits until that has been called. The callback shares the promise, since it may still
// be returning from it when the wait is over.
template <class Value, class Ask>
base::Result<Value> wait_for(Ask ask) {
  const auto answered = std::make_shared<std::promise<base::Result<Value>>>();
  ask([answered](base::Result<Value> answer) { answered->set_value(std::move(answer)); });
  return answered->get_future().get();
}

inline base::Result<std::int64_t> append(Store& store, const ConversationKey& key, Message message,
                                         std::int64_t after) {
  return wait_for<std::int64_t>(
      [&](auto done) { store.append({.key = key, .message = std::move(message), .after = after}, done); });
}
inline base::Result<Window> load_window(Store& store, const ConversationKey& key, std::size_t max_messages) {
  return wait_for<Window>([&](auto done) { store.load_window(key, max_messages, done); });
}
inline base::Result<std::vector<ConversationSummary>> list(Store& store, const std::string& user, std::size_t limit) {
  return wait_for<std::vector<ConversationSummary>>([&](auto done) { store.list(user, limit, done); });
}
inline base::Result<bool> remove(Store& store, const ConversationKey& key) {
  return wait_for<bool>([&](auto done) { store.remove(key, done); });
}

inline base::Result<std::int64_t> append(Store& store, Append what) {
  return wait_for<std::int64_t>([&](auto done) { store.append(std::move(what), done); });
}
inline base::Result<std::int64_t> create(Store& store, NewConversation what) {
  return wait_for<std::int64_t>([&](auto done) { store.create(std::move(what), done); });
}
inline base::Result<std::int64_t> fork(Store& store, const ConversationKey& from, std::int64_t last,
                                       NewConversation to) {
  return wait_for<std::int64_t>([&](auto done) { store.fork(from, last, std::move(to), done); });
}
inline base::Result<bool> set_metadata(Store& store, const ConversationKey& key, std::string metadata) {
  return wait_for<bool>([&](auto done) { store.set_metadata(key, std::move(metadata), done); });
}
inline base::Result<bool> remove_message(Store& store, const ConversationKey& key, std::int64_t sequence) {
  return wait_for<bool>([&](auto done) { store.remove_message(key, sequence, done); });
}
inline base::Result<std::optional<Description>> describe(Store& store, const ConversationKey& key) {
  return wait_for<std::optional<Description>>([&](auto done) { store.describe(key, done); });
}
inline base::Result<std::optional<Page>> list_messages(Store& store, const ConversationKey& key, PageRequest page) {
  return wait_for<std::optional<Page>>([&](auto done) { store.list_messages(key, page, done); });
}
inline base::Result<std::optional<StoredResponse>> find_response(Store& store, const std::string& user,
                                                                 const std::string& response_id) {
  return wait_for<std::optional<StoredResponse>>([&](auto done) { store.find_response(user, response_id, done); });
}

// Appends a message for each letter of `roles` ("suaua"), its content the letter and its number: "u2".
inline void append_all(Store& store, const ConversationKey& key, std::string_view roles) {
  std::int64_t last = 0;
  for (const char letter : roles) {
    Message message;
    message.role = letter == 's' ? Role::system : letter == 'u' ? Role::user : Role::assistant;
    message.content = letter + std::to_string(last + 1);
    const auto appended = append(store, key, message, last);
    ASSERT_TRUE(appended) << appended.error().message;
    last = *appended;
  }
}

// "s1 u4 a5"
inline std::string contents(const std::vector<Message>& messages) {
  std::string all;
  for (const Message& message : messages) all += (all.empty() ? "" : " ") + message.content;
  return all;
}
inline std::string contents(const Window& window) { return contents(window.messages); }

inline std::string sqlite_url(const base::TemporaryFolder& folder, const std::string& name) {
  return "sqlite://" + folder.at(name);
}

}  // namespace chatcore::storage
