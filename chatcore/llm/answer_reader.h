#pragma once
// Decodes a backend's answer from its bytes: server-sent events, JSON objects one per line, or one JSON document if the
// backend does not stream.
// chat_chunk.h parses the events; here they become one answer with one end. Pure. The result does not depend on where
// the bytes are split. Memory is bounded by the largest event allowed (SseParser::kMaxEventBytes).

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chatcore/llm/answerer.h"
#include "chatcore/llm/chat_chunk.h"
#include "chatcore/llm/json_repair.h"
#include "chatcore/llm/sse_parser.h"

namespace chatcore::llm {

// Use from one thread at a time.
class AnswerReader {
 public:
  // Receives the pieces in order; adjacent pieces of one part from one feed() arrive as one.
  using Sink = std::function<void(AnswerPart part, std::string_view piece)>;

  // Errors: unavailable (the backend reports an error, or what it sends is not an answer), too_large. What came before
  // the fault has been handed on by then. After an error nothing more may be fed.
  base::Status feed(std::string_view bytes, const Sink& sink);
  // Call after the last byte. Errors: as above, and unavailable when the answer is incomplete.
  base::Status finish(const Sink& sink);

  // A choice has come, even an empty one or reasoning only; comments and other objects do not count.
  [[nodiscard]] bool has_choice() const { return has_choice_; }
  [[nodiscard]] bool is_done() const { return is_done_; }  // the rest of the bytes can be ignored
  // A finish reason has come; token counts may follow.
  [[nodiscard]] bool is_finished() const { return is_finished_; }
  // A part of the answer other than reasoning has come.
  [[nodiscard]] bool has_begun() const { return has_begun_; }
  // How the answer ended, without a status.
  [[nodiscard]] Generated generated() const;
  [[nodiscard]] std::size_t bytes_held() const { return document_.capacity() + parser_.bytes_held(); }

 private:
  // beginning_of_document: the first line shows whether it is a document or one of several lines.
  enum class Form { unknown, events, beginning_of_document, document, lines };
  struct Piece {
    AnswerPart part;
    std::string text;
  };

  base::Status find_form();
  base::Status take_bytes(std::string_view bytes);
  base::Status take_event(const SseEvent& event);
  base::Status take_data(std::string_view data);
  base::Status take_lines(std::string_view data);
  base::Status take_document_bytes();
  base::Status take_chunk(ChatChunk chunk);
  base::Status take_end();
  void put(AnswerPart part, std::string text);
  base::Status hand_on(base::Status status, const Sink& sink);

  Form form_ = Form::unknown;
  std::string document_;  // until the form is known; the whole of a document; the beginning of a line
  SseParser parser_{SseParser::kMaxEventBytes, &is_json_object};
  ToolCallOrder order_;
  CharacterJoiner text_joiner_;
  CharacterJoiner reasoning_joiner_;
  std::vector<Piece> pieces_;  // to be handed on
  std::size_t lines_ = 0;      // of JSON, one by one
  bool is_done_ = false;
  bool is_finished_ = false;
  bool has_choice_ = false;
  bool has_begun_ = false;
  bool has_delta_text_ = false;
  bool is_cut_ = false;
  bool is_filtered_ = false;
  bool calls_tools_ = false;
  std::optional<TokenUsage> usage_;
};

}  // namespace chatcore::llm
