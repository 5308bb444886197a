#pragma once
// Which chains of responses end with which history. A client that keeps its own history sends all of it with each
// request (LangChain, the AI SDK, the Agents SDK): stored anew each time, n turns would cost n² messages. A history
// that is known here is the chain that ended with it, and the request goes on there.
//
// Held in memory and bounded: what is forgotten (the chain unused for longest, or all with a restart) costs one more
// copy of that history, nothing else.

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>

#include "chatcore/access/digest.h"
#include "chatcore/conversation/message.h"

namespace chatcore::api {

// A digest of who said what in which order, of whom: two histories have the same one only when they are the same.
class HistoryDigest {
 public:
  explicit HistoryDigest(const std::string& user);
  void add(conversation::Role role, std::string_view content);
  // The same for a message that comes in pieces: begin(), more() …, end().
  void begin(conversation::Role role);
  void more(std::string_view piece) { step_.add(piece); }
  void end() { digest_ = step_.value(); }
  // Of all messages that have ended.
  [[nodiscard]] const access::Digest& value() const { return digest_; }

 private:
  access::Digest digest_;
  access::Sha256 step_;
};

// Thread-safe.
class ChainIndex {
 public:
  struct End {
    std::string conversation_id;
    std::int64_t last_sequence = 0;
  };
  // A history and where it stands.
  struct Known {
    std::size_t messages = 0;  // of those that were asked about: the first so many are stored there
    End end;
  };

  explicit ChainIndex(std::size_t most = kMost) : most_(most) {}

  // The longest beginning of `messages` that ends with an answer and is a chain's whole history.
  [[nodiscard]] std::optional<Known> find(const std::string& user, std::span<const conversation::Message> messages);
  // The chain has come to `end` by a history of this digest; what it ended with before is no end any more.
  void put(const access::Digest& history, End end);

  // About 250 bytes each.
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
