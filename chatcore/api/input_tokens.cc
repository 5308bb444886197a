// POST /v1/responses/input_tokens: how many tokens a response's prompt would have, as estimates go.

#include <memory>
#include <utility>

#include "chatcore/api/handlers.h"
#include "chatcore/api/response_replies.h"
#include "chatcore/api/response_requests.h"

namespace chatcore::api {
namespace {

constexpr base::Bytes kOverhead = base::kibibytes(24);
constexpr std::size_t kMostReadBack = 1000;

std::size_t tokens_of(const std::vector<conversation::Message>& messages) {
  std::size_t tokens = 0;
  for (const auto& message : messages) tokens += llm::estimate_tokens(message.content);
  return tokens;
}

class Count : public std::enable_shared_from_this<Count> {
 public:
  Count(const ApiParts& parts, SharedCall call, const ResponseRequest& request, SharedPlace place)
      : parts_(parts),
        call_(std::move(call)),
        place_(std::move(place)),
        tokens_(tokens_of(request.input) + llm::estimate_tokens(request.instructions)) {}

  void run(const ResponseRequest& request) {
    if (!request.conversation_id.empty()) return add(request.conversation_id, 0, "conversation");
    if (request.previous_response_id.empty()) return call_->json(input_tokens_json(tokens_));
    parts_.turn.store.find_response(
        call_->user(), request.previous_response_id, on_loop(parts_, [self = shared_from_this()](auto found) {
          if (!found) return self->call_->refuse(self->call_->problem_of(found.error()));
          if (!*found) return self->call_->refuse(response_not_found("previous_response_id"));
          self->add((*found)->conversation_id, (*found)->answer.sequence + 1, "previous_response_id");
        }));
  }

 private:
  // What the prompt would have of the conversation, before the message at `before`; 0: all.
  void add(const std::string& conversation_id, std::int64_t before, const char* param) {
    const std::size_t limit = parts_.turn.window_messages == 0 ? kMostReadBack : parts_.turn.window_messages;
    parts_.turn.store.list_messages({.user = call_->user(), .id = conversation_id},
                                    {.after = before, .limit = limit, .newest_first = true},
                                    on_loop(parts_, [self = shared_from_this(), param](auto page) {
                                      const auto& call = self->call_;
                                      if (!page) return call->refuse(call->problem_of(page.error()));
                                      if (!*page) return call->refuse(conversation_not_found(param));
                                      if (!hold(self->parts_, call, *self->place_, (*page)->messages)) return;
                                      call->json(input_tokens_json(self->tokens_ + tokens_of((*page)->messages)));
                                    }));
  }

  const ApiParts& parts_;
  const SharedCall call_;
  const SharedPlace place_;
  const std::size_t tokens_;
};

}  // namespace

void count_input_tokens(const ApiParts& parts, const SharedCall& call) {
  const auto request = parse_response_request(call->request().body, parts.turn.answerer.passes_on());
  if (!request) return call->refuse(request.error());
  const auto size = static_cast<std::int64_t>(call->request().body.size());
  auto place = admit(parts, base::Bytes{size} + kOverhead, false);
  if (!place) return call->refuse(place.error());
  std::make_shared<Count>(parts, call, *request, std::move(*place))->run(*request);
}

}  // namespace chatcore::api
