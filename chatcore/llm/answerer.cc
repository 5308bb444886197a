#include "chatcore/llm/answerer.h"

namespace chatcore::llm {

std::size_t estimate_tokens(std::string_view text) { return (text.size() + 3) / 4; }

}  // namespace chatcore::llm
