#pragma once
// For the parsers of requests (*_requests.cc) alone: messages as OpenAI's clients send them, be it to chat completions
// or as items of a conversation. Their texts differ only in the names of their parts.

#include <cstddef>
#include <string>
#include <vector>

#include "chatcore/api/function_calls.h"
#include "chatcore/api/json_reader.h"
#include "chatcore/conversation/message.h"

namespace chatcore::api {

// `where` is the way to the list, as "messages". Understood are messages of text; a part or an item that is anything
// else (an image, a file, a call of a tool) is refused by its place. An answer's text may be empty (it called a tool);
// the text of a refusal is the answer's text. Reasoning parts are left out.
std::vector<conversation::Message> read_messages(const Json& list, const std::string& where, Fault& fault);

// Whether messages of chat completions have content that read_messages() refuses and a backend may accept: tool calls
// and their results, images and the like.
bool is_more_than_text(const Json& list);
// The texts of such messages, at least one message; other content is left out. Refuses entries that are not messages.
std::vector<conversation::Message> read_texts_of_messages(const Json& list, const std::string& where, Fault& fault);

// A reference to a stored item: its message is inserted before index `before` of the list, behind the first
// `tools_before` function items.
struct ItemReference {
  std::size_t before = 0;
  std::size_t tools_before = 0;
  std::string id;
};

// The input of a response.
struct InputItems {
  std::vector<conversation::Message> messages = {};
  std::vector<ItemReference> references = {};
  std::vector<ToolMessage> tools = {};  // function calls and their outputs
};

// Reads messages as read_messages() does, references to stored items, and, if `takes_tools`, function calls and their
// outputs, which are refused otherwise. Items of type "reasoning" and references to them are ignored: they are not
// stored.
InputItems read_items(const Json& list, const std::string& where, bool takes_tools, Fault& fault);

// Refuses, by its place in the list `where`, a user message without text: stored, it would be a question that nobody
// asked.
void refuse_blank_questions(const std::vector<conversation::Message>& messages, const std::string& where, Fault& fault);

// Refuses, under the name `param`, a list that does not end with a question, or ends with a blank one.
void require_question_last(const std::vector<conversation::Message>& messages, const std::string& param, Fault& fault);

}  // namespace chatcore::api
