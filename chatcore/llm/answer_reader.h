#pragma once
// A backend's answer out of its bytes: server-sent events, or one JSON document where a backend does not stream. What
// the events say is chat_chunk.h's business; here they become one answer with one end. Pure; split the bytes anywhere,
// the answer is the same. What it holds is bounded by the largest event allowed.

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chatcore/llm/answerer.h"
#include "chatcore/llm/chat_chunk.h"
#include "chatcore/llm/mended_json.h"
#include "chatcore/llm/sse_parser.h"

namespace chatcore::llm {

// Use from one thread at a time.
class AnswerReader {
 public:
  // Gets what has come, in its order; pieces of one kind that come together are handed on as one.
  using Sink = std::function<void(AnswerPart part, std::string_view piece)>;

  // Errors: unavailable (the backend reports an error, or what it sends is not an answer), too_large. What came before
  // the fault has been handed on by then. After an error nothing more may be fed.
  base::Status feed(std::string_view bytes, const Sink& sink);
  // The answer's last byte has come. Errors as above, and unavailable when the answer has broken off.
  base::Status finish(const Sink& sink);

  // The backend answers, were it with thoughts or an empty piece; more than comments and objects of another kind.
  [[nodiscard]] bool has_choice() const { return has_choice_; }
  [[nodiscard]] bool is_done() const { return is_done_; }  // what still comes does not matter
  // The model has said that it has finished; token counts may follow.
  [[nodiscard]] bool is_finished() const { return is_finished_; }
  // Something of the answer itself has come: more than comments and what the model thinks before it answers.
  [[nodiscard]] bool has_begun() const { return has_begun_; }
  // How the answer ended, without a status.
  [[nodiscard]] Generated generated() const;
  [[nodiscard]] std::size_t bytes_held() const { return document_.capacity() + parser_.bytes_held(); }

 private:
  enum class Form { unknown, events, document };
  struct Piece {
    AnswerPart part;
    std::string text;
  };

  base::Status find_form();
  base::Status take_bytes(std::string_view bytes);
  base::Status take_event(const SseEvent& event);
  base::Status take_data(std::string_view data);
  base::Status take_lines(std::string_view data);
  base::Status take_chunk(ChatChunk chunk);
  base::Status take_end();
  void put(AnswerPart part, std::string text);
  base::Status hand_on(base::Status status, const Sink& sink);

  Form form_ = Form::unknown;
  std::string document_;  // until the form is known, and the whole of a document
  SseParser parser_;
  ToolCallOrder order_;
  LetterJoiner text_letters_;
  LetterJoiner reasoning_letters_;
  std::vector<Piece> pieces_;  // to be handed on
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
