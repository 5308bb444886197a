#pragma once
// For the parsers of requests (*_requests.cc) alone: messages as OpenAI's clients send them, be it to chat completions
// or as items of a conversation. Their texts differ only in the names of their parts.

#include <cstddef>
#include <string>
#include <vector>

#include "chatcore/api/json_reader.h"
#include "chatcore/conversation/message.h"

namespace chatcore::api {

// `where` is the way to the list, as "messages". Understood are messages of text; a part or an item that is anything
// else (an image, a file, a call of a tool) is refused by its place. An answer may be without a word, as one that
// called a tool or refused is (then its refusal is its text); what a model thought before it is left out.
std::vector<conversation::Message> read_messages(const Json& list, const std::string& where, Fault& fault);

// Whether messages of chat completions are more than read_messages() understands, which a backend may: calls of tools
// and what came of them, images and the like.
bool is_more_than_text(const Json& list);
// The texts of such messages, at least one; what is not text is left out. Refuses what is not a message at all.
std::vector<conversation::Message> read_texts_of_messages(const Json& list, const std::string& where, Fault& fault);

// An item that stands for a stored one: its message is put into the list before that of index `before`.
struct ItemReference {
  std::size_t before = 0;
  std::string id;
};

// The input of a response: read_messages(), references to stored items beside it. Items of type "reasoning", and
// references to them, are passed over: they are not kept, and no answer needs them.
std::vector<conversation::Message> read_items(const Json& list, const std::string& where, Fault& fault,
                                              std::vector<ItemReference>& references);

// Refuses, under the name `param`, a list that does not end with a question.
void require_question_last(const std::vector<conversation::Message>& messages, const std::string& param, Fault& fault);

}  // namespace chatcore::api
