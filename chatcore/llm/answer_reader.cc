#include "chatcore/llm/answer_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/http_text.h"

namespace chatcore::llm {
namespace {

using base::Code;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kWhiteSpace = " \t\r\n";
constexpr std::string_view kDataField = "data:";

base::Status not_an_answer(std::string message) { return base::fail(Code::unavailable, std::move(message)); }

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(kWhiteSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kWhiteSpace) - begin + 1);
}

// For a text that has no next piece.
std::string letters_of(std::string text, bool is_repaired) {
  if (!is_repaired) return text;
  CharacterJoiner joiner;
  std::string joined = joiner.join(text, true);
  return joined + joiner.rest();
}

// Keep-alives of backends, as an event's type or as its data.
bool is_heartbeat(std::string_view word) {
  constexpr std::array<std::string_view, 5> kWords{"ping", "heartbeat", "keep-alive", "keepalive", "keep_alive"};
  if (word.size() > 16) return false;
  std::string lower = base::lower_case(word);
  if (lower.starts_with(':')) lower = std::string(trimmed(std::string_view(lower).substr(1)));
  return std::ranges::find(kWords, lower) != kWords.end();
}

}  // namespace

base::Status AnswerReader::feed(std::string_view bytes, const Sink& sink) { return hand_on(take_bytes(bytes), sink); }

base::Status AnswerReader::take_bytes(std::string_view bytes) {
  if (is_done_) return {};
  if (form_ == Form::events) {
    return parser_.feed(bytes, [this](const SseEvent& event) { return take_event(event); });
  }
  if (document_.size() + bytes.size() > SseParser::kMaxEventBytes) {
    return base::fail(Code::too_large, "the answer, which is not a stream, is too large");
  }
  document_.append(bytes);
  return form_ == Form::unknown ? find_form() : take_document_bytes();
}

// Detects the form by the first character: the Content-Type is often wrong or missing.
base::Status AnswerReader::find_form() {
  std::string_view text = document_;
  if (text.size() < kByteOrderMark.size() && kByteOrderMark.starts_with(text)) return {};
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const auto first = text.find_first_not_of(kWhiteSpace);
  if (first == std::string_view::npos) return {};
  if (text[first] == '<') return not_an_answer("answered with a web page; check base_url");
  if (text[first] == '{' || text[first] == '[') {
    form_ = Form::beginning_of_document;
    document_ = std::string(text.substr(first));
    return take_document_bytes();
  }
  form_ = Form::events;
  return take_bytes(std::exchange(document_, {}));
}

// Takes each line as soon as it is complete if the first one is a JSON object by itself.
base::Status AnswerReader::take_document_bytes() {
  while (form_ == Form::beginning_of_document || form_ == Form::lines) {
    const auto end = document_.find('\n');
    if (end == std::string::npos || is_done_) return {};
    const std::string line(trimmed(std::string_view(document_).substr(0, end)));
    if (form_ == Form::beginning_of_document) form_ = is_json_object(line) ? Form::lines : Form::document;
    if (form_ == Form::document) return {};
    document_.erase(0, end + 1);
    if (line.empty()) continue;
    ++lines_;
    if (auto taken = take_data(line); !taken) return taken;
  }
  return {};
}

base::Status AnswerReader::take_event(const SseEvent& event) {
  if (is_done_ || is_heartbeat(event.type)) return {};
  if (event.type == "error") {
    // An event of type error: its data may contain the error's name.
    ToolCallOrder none;
    const auto chunk = parse_chat_chunk(event.data, none);
    const bool is_named = !chunk && chunk.error().code == Code::unavailable;
    return is_named ? base::Status(base::fail(chunk.error())) : not_an_answer("reported an error");
  }
  return take_data(event.data);
}

base::Status AnswerReader::take_data(std::string_view data) {
  data = trimmed(data);
  // Some proxies wrap each line of a stream once more.
  while (data.starts_with(kDataField)) data = trimmed(data.substr(kDataField.size()));
  if (is_done_ || data.empty() || is_heartbeat(data)) return {};
  if (data == kStreamDone) return take_end();
  auto chunk = parse_chat_chunk(data, order_);
  if (chunk) return take_chunk(std::move(*chunk));
  if (chunk.error().code != Code::corrupt) return base::fail(chunk.error());
  if (data.find('\n') != std::string_view::npos) return take_lines(data);
  // A complete answer is not spoilt by what follows it.
  return is_finished_ ? base::Status() : not_an_answer(chunk.error().message);
}

// Some servers end an event with one line end instead of two, and some send one document per line: then every line is a
// chunk.
base::Status AnswerReader::take_lines(std::string_view data) {
  while (!data.empty()) {
    const auto end = std::min(data.find('\n'), data.size());
    if (auto taken = take_data(data.substr(0, end)); !taken) return taken;
    data.remove_prefix(std::min(end + 1, data.size()));
  }
  return {};
}

base::Status AnswerReader::take_chunk(ChatChunk chunk) {
  if (chunk.usage) usage_ = chunk.usage;
  if (!chunk.has_choice) return {};
  has_choice_ = true;
  // Some streams end with the whole message once more.
  if (chunk.is_message && has_delta_text_) {
    chunk.text.clear();
    chunk.reasoning.clear();
    chunk.fields.clear();
  }
  put(chunk.is_reasoning_named_so ? AnswerPart::reasoning : AnswerPart::reasoning_content,
      reasoning_joiner_.join(chunk.reasoning, chunk.is_repaired));
  has_begun_ = has_begun_ || !chunk.text.empty() || !chunk.refusal.empty() || !chunk.fields.empty();
  has_delta_text_ = has_delta_text_ || (!chunk.is_message && !chunk.text.empty());
  put(AnswerPart::text, text_joiner_.join(chunk.text, chunk.is_repaired));
  put(AnswerPart::refusal, letters_of(std::move(chunk.refusal), chunk.is_repaired));
  put(AnswerPart::fields, letters_of(std::move(chunk.fields), chunk.is_repaired));
  calls_tools_ = calls_tools_ || chunk.calls_tools;
  switch (chunk.finish) {
    case Finish::error: return not_an_answer("ended the answer with an error");
    case Finish::length: is_cut_ = true; break;
    case Finish::content_filter: is_filtered_ = true; break;
    // A call that the backend has lost on the way is not an answer without a word.
    case Finish::tool_calls: calls_tools_ = calls_tools_ || !has_begun_; break;
    case Finish::none:
    case Finish::stop: break;
  }
  is_finished_ = is_finished_ || chunk.finish != Finish::none;
  return {};
}

// A stream without any choice is an error, not an empty answer.
base::Status AnswerReader::take_end() {
  if (!has_choice_) return not_an_answer("ended the stream without an answer");
  put(AnswerPart::text, text_joiner_.rest());
  put(AnswerPart::reasoning_content, reasoning_joiner_.rest());
  is_done_ = true;
  return {};
}

base::Status AnswerReader::finish(const Sink& sink) {
  const auto take_rest = [this]() -> base::Status {
    if (is_done_) return {};
    if (form_ == Form::events) {
      return parser_.finish([this](const SseEvent& event) { return take_event(event); });
    }
    auto taken = take_data(document_);
    // A document that parses is complete; some have no finish reason. Of several lines the last may be missing.
    const std::size_t all_lines = lines_ + (trimmed(document_).empty() ? 0 : 1);
    if (taken && has_choice_ && all_lines <= 1) is_finished_ = true;
    return taken;
  };
  base::Status status = take_rest();
  if (status && !is_done_) {
    status = is_finished_ ? take_end() : not_an_answer(has_choice_ ? "the answer broke off" : "sent no answer");
  }
  return hand_on(std::move(status), sink);
}

// Appends to the last piece if it is of the same part; `fields` stay separate.
void AnswerReader::put(AnswerPart part, std::string text) {
  if (text.empty()) return;
  if (!pieces_.empty() && pieces_.back().part == part && part != AnswerPart::fields)
    pieces_.back().text += text;
  else
    pieces_.push_back({part, std::move(text)});
}

base::Status AnswerReader::hand_on(base::Status status, const Sink& sink) {
  for (const auto& piece : std::exchange(pieces_, {})) sink(piece.part, piece.text);
  return status;
}

Generated AnswerReader::generated() const {
  return {.is_cut = is_cut_, .is_filtered = is_filtered_, .calls_tools = calls_tools_, .usage = usage_};
}

}  // namespace chatcore::llm
