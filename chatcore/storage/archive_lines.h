#pragma once
// Records as lines of JSON: a conversation on one line, each of its messages on one below it.
//
//   {"conversation":{"user":"","id":"c","title":"…","metadata":"{}","listed":true,"created_ms":…,"last_used_ms":…,
//                    "last_sequence":2,"removed_messages":0,"summary":{"up_to":2,"content":"…"}}}
//   {"message":{"sequence":1,"role":"user","content":"…","interrupted":false,"created_ms":…,"response_id":""}}
//
// Metadata is a text, so that it comes back letter for letter. Most conversations have no summary.

#include <string>
#include <string_view>

#include "base/result.h"
#include "chatcore/storage/archive.h"

namespace chatcore::storage {

// Without the line's end. Bytes that are not UTF-8 become U+FFFD.
std::string line_of(const ArchiveRecord& record);

// Reads lines and holds what one must know of those before it: messages belong to a conversation and follow each other.
class ArchiveLines {
 public:
  // Error: invalid_argument, in words that name the key.
  base::Result<ArchiveRecord> read(std::string_view line);
  // When there are no more lines: whether something was missing.
  [[nodiscard]] base::Status end() const;

 private:
  base::Status follow(const ConversationRecord& record);
  base::Status follow(const MessageRecord& record);

  bool has_conversation_ = false;
  std::int64_t last_sequence_ = 0;     // of the conversation as it says itself
  std::int64_t messages_missing_ = 0;  // that it says it has and that have not come
  std::int64_t sequence_ = 0;          // of the last message
};

}  // namespace chatcore::storage
