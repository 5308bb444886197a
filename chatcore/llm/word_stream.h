#pragma once
// Hands out a finished text as a generation: word by word, at a pace, on the event loop. Between two words it listens
// to pause() and cancel().

#include <memory>
#include <string>

#include "base/event_loop.h"
#include "chatcore/llm/answerer.h"

namespace chatcore::llm {

struct WholeAnswer {
  std::string text;
  bool is_cut = false;  // it met its bound
};

// The pieces put together are the text again, each but the last ending with the white space after its word. Begins on
// the loop, after this returned. `words_per_second` 0: without waiting, though other work on the loop gets its turn.
std::unique_ptr<Generation> stream_words(WholeAnswer answer, double words_per_second, GenerationEvents events,
                                         base::EventLoop& loop);

}  // namespace chatcore::llm
