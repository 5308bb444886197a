#pragma once
// Finds the chain of responses that ends with a given history. Some clients keep the history and send all of it with
// each request (LangChain, the AI SDK, the Agents SDK). If it were stored each time, n turns would store n² messages.
// When a request's history is the whole history of a chain, the request continues that chain instead.
//
// A bounded LRU map in memory. An entry that is evicted, or lost in a restart, costs one more stored copy of its
// history.

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>

#include "base/digest.h"
#include "chatcore/conversation/message.h"

namespace chatcore::api {

// A digest of a user's history: roles and texts in their order. Only identical histories of one user have the same
// digest.
class HistoryDigest {
 public:
  explicit HistoryDigest(const std::string& user);
  void add(conversation::Role role, std::string_view content);
  // The same for a message that arrives in pieces: begin(), more() …, end().
  void begin(conversation::Role role);
  void more(std::string_view piece) { step_.add(piece); }
  void end() { digest_ = step_.value(); }
  // The digest of all complete messages.
  [[nodiscard]] const base::Digest& value() const { return digest_; }

 private:
  base::Digest digest_;
  base::Sha256 step_;
};

// Thread-safe.
class ChainIndex {
 public:
  struct End {
    std::string conversation_id;
    std::int64_t last_sequence = 0;
  };
  // The part of a request's history that is stored, and the chain that has it.
  struct Known {
    std::size_t messages = 0;  // number of leading messages of the request that are stored there
    End end;
  };

  explicit ChainIndex(std::size_t most = kMost) : most_(most) {}

  // Finds the longest prefix of `messages` that ends with an answer and is a chain's whole history; absent: none.
  [[nodiscard]] std::optional<Known> find(const std::string& user, std::span<const conversation::Message> messages);
  // Records that the chain now ends at `end` with this history. Replaces the chain's earlier entry.
  void put(const base::Digest& history, End end);

  // Number of chains; about 250 bytes each.
  static constexpr std::size_t kMost = 8192;

 private:
  struct Entry {
    std::string history;  // the digest's bytes
    End end;
  };
  using ByUse = std::list<Entry>;  // the last used first

  void erase(ByUse::iterator entry);

  const std::size_t most_;
  std::mutex mutex_;
  ByUse by_use_;
  std::unordered_map<std::string, ByUse::iterator> by_history_;
  std::unordered_map<std::string, ByUse::iterator> by_chain_;
};

}  // namespace chatcore::api
