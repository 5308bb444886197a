#pragma once
// Requests to an OpenAI-compatible backend as JSON text, and the parser of its embeddings (chat_chunk.h parses its
// answers). Pure. The backend's data is not trusted: a wrong type is an error, numbers are checked.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chatcore/llm/answerer.h"

namespace chatcore::llm {

// The body of POST /chat/completions for a streamed answer, its messages as prompt_messages.h has them. The chunks
// are a part of the system message:
//
//   Use these passages to answer where they bear on the question, and name their source. …
//   {"source":"notes.md","text":"…"}
//
// one line each, in JSON, so that no text can end its chunk and speak in our name. Prompt::passed_on is
// included unchanged (passed_on.h).
std::string chat_request(const Prompt& prompt, std::string_view model, std::string_view system_prompt,
                         std::string_view max_tokens_field);

// The body of POST /completions for a streamed text between the question and Prompt::passed_on.suffix. Without a system
// prompt and chunks, which would be a part of the text.
std::string fill_in_request(const Prompt& prompt, std::string_view model, std::string_view max_tokens_field);

// {"role":"user","content":"…"} without a line's end in it, so that no text can end its line and speak for another.
std::string json_line(std::string_view role, std::string_view content);

std::string embedding_request(const std::vector<std::string>& texts, std::string_view model, std::size_t dimensions);
// `count` vectors of `dimensions` numbers in the order of the texts, each made unit length. Errors: corrupt.
base::Result<std::vector<std::vector<float>>> parse_embeddings(std::string_view body, std::size_t count,
                                                               std::size_t dimensions);

}  // namespace chatcore::llm
