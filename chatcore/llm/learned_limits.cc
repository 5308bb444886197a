#include "chatcore/llm/learned_limits.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "chatcore/llm/answerer.h"
#include "chatcore/llm/openai_json.h"
#include "chatcore/llm/prompt_messages.h"
#include "chatcore/llm/summary_prompt.h"

namespace chatcore::llm {
namespace {

using Json = nlohmann::ordered_json;

// Share of the context reserved for the answer: 1/8, or the requested number of tokens, of which at least 1/4 is
// granted.
constexpr std::size_t kAnswerShare = 8;
constexpr std::size_t kLargestAnswerShare = 4;
// Tokens that a template adds to each message.
constexpr std::size_t kTokensAroundMessage = 4;
// Tokens of a part without text; an image takes about this many in most models.
constexpr std::size_t kTokensOfOtherPart = 800;
// If the refusal does not state the context length, the next request has 1/2 of the refused one's tokens.
constexpr std::size_t kNextShare = 2;
constexpr double kLeastRatio = 0.25;
constexpr double kMostRatio = 4;  // a token for each byte

std::string text_of(const Json& request) { return request.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string_view role_of(const Json& message) {
  const auto found = message.find("role");
  return found != message.end() && found->is_string() ? std::string_view(found->get_ref<const std::string&>()) : "";
}

std::size_t tokens_of_content(const Json& content) {
  if (content.is_string()) return estimate_tokens(content.get_ref<const std::string&>());
  if (content.is_null()) return 0;
  if (!content.is_array()) return estimate_tokens(text_of(content));
  std::size_t tokens = 0;
  for (const Json& part : content) {
    const auto text = part.find("text");
    tokens += part.is_object() && text != part.end() ? tokens_of_content(*text) : kTokensOfOtherPart;
  }
  return tokens;
}

std::size_t tokens_of(const Json& message) {
  std::size_t tokens = kTokensAroundMessage;
  for (const auto& [name, value] : message.items()) {
    if (name == "content")
      tokens += tokens_of_content(value);
    else if (name != "role")
      tokens += estimate_tokens(text_of(value));
  }
  return tokens;
}

// A request that is adapted to a backend's limits: a chat completion, or a text completion, which has no messages.
class Request {
 public:
  explicit Request(const std::string& body) : json_(Json::parse(body, nullptr, false)) {
    const auto found = json_.is_object() ? json_.find("messages") : json_.end();
    is_chat_ = json_.is_object() && found != json_.end() && found->is_array() &&
               std::ranges::all_of(*found, [](const Json& one) { return one.is_object(); });
  }

  [[nodiscard]] bool is_object() const { return json_.is_object(); }
  [[nodiscard]] bool is_chat() const { return is_chat_; }
  [[nodiscard]] std::string text() const { return text_of(json_); }
  [[nodiscard]] bool has(const std::string& field) const { return json_.contains(field); }

  // Renames the field to `other`; "": removes it.
  void rename(const std::string& field, const std::string& other) {
    if (!json_.contains(field)) return;
    if (!other.empty() && !json_.contains(other)) json_[other] = json_[field];
    json_.erase(field);
  }

  // Puts the system message's text in front of the first question. Returns its length in bytes; 0: nothing was moved.
  std::size_t fold_system() {
    Json& all = messages();
    const bool can_fold =
        has_system() && all.size() > 1 && role_of(all[1]) == "user" && has_text(all[0]) && has_text(all[1]);
    if (!can_fold) return 0;
    const std::string system = all[0]["content"].get<std::string>() + std::string(kPartSeparator);
    all[1]["content"] = system + all[1]["content"].get<std::string>();
    all.erase(all.begin());
    return system.size();
  }

  // Undoes fold_system().
  void unfold_system(std::size_t bytes) {
    Json& all = messages();
    if (bytes < kPartSeparator.size() || all.empty() || !has_text(all[0])) return;
    const std::string text = all[0]["content"].get<std::string>();
    if (text.size() < bytes) return;
    all[0]["content"] = text.substr(bytes);
    all.insert(all.begin(), Json{{"role", "system"}, {"content", text.substr(0, bytes - kPartSeparator.size())}});
  }

  [[nodiscard]] std::size_t tokens() const {
    std::size_t sum = tools_tokens();
    for (const Json& message : json_["messages"]) sum += tokens_of(message);
    return sum;
  }

  // Removes the oldest question and everything up to the next one. Returns its tokens; 0: there is only one question.
  std::size_t drop_oldest_turn() {
    Json& all = messages();
    const auto talk = all.begin() + (has_system() ? 1 : 0);
    if (talk == all.end()) return 0;
    const auto next = std::find_if(talk + 1, all.end(), [](const Json& one) { return role_of(one) == "user"; });
    if (next == all.end()) return 0;
    std::size_t dropped = 0;
    for (auto one = talk; one != next; ++one) dropped += tokens_of(*one);
    all.erase(talk, next);
    return dropped;
  }

  // Removes what chatcore added to the conversation: the chunks first, then the summary.
  bool drop_additions() {
    if (!has_system() || !has_text(messages()[0])) return false;
    auto& system = messages()[0]["content"].get_ref<std::string&>();
    for (const std::string_view begin : {kPassagesIntroduction, kSummaryIntroduction}) {
      const auto at = system.find(begin);
      // Only a match at the beginning of a part was written by chatcore.
      const bool is_first = at == 0;
      if (at == std::string::npos || !(is_first || std::string_view(system).substr(0, at).ends_with(kPartSeparator)))
        continue;
      // A chunk is a line of JSON, so no separator is in it; the summary is the last part.
      const auto end = begin == kSummaryIntroduction ? std::string::npos : system.find(kPartSeparator, at);
      const bool is_last = end == std::string::npos;
      const std::size_t from = is_last && !is_first ? at - kPartSeparator.size() : at;
      system.erase(from, is_last ? std::string::npos : end + kPartSeparator.size() - from);
      if (system.empty()) messages().erase(messages().begin());
      return true;
    }
    return false;
  }

  [[nodiscard]] std::size_t answer_bound() const {
    for (const char* field : {"max_tokens", "max_completion_tokens"}) {
      const auto found = json_.find(field);
      if (found != json_.end() && found->is_number_unsigned()) return found->get<std::size_t>();
    }
    return 0;
  }

  bool bound_answer(std::size_t most) {
    bool bounded = false;
    for (const char* field : {"max_tokens", "max_completion_tokens"}) {
      const auto found = json_.find(field);
      if (found == json_.end() || !found->is_number_unsigned() || found->get<std::size_t>() <= most) continue;
      *found = most;
      bounded = true;
    }
    return bounded;
  }

 private:
  static bool has_text(const Json& message) {
    const auto content = message.find("content");
    return content != message.end() && content->is_string();
  }

  Json& messages() { return json_["messages"]; }
  [[nodiscard]] bool has_system() const {
    const Json& all = json_["messages"];
    return !all.empty() && (role_of(all[0]) == "system" || role_of(all[0]) == "developer");
  }
  [[nodiscard]] std::size_t tools_tokens() const {
    const auto tools = json_.find("tools");
    return tools == json_.end() ? 0 : estimate_tokens(text_of(*tools));
  }

  Json json_;
  bool is_chat_ = false;
};

// Shortens the request to fit into `context` tokens, as far as possible. Returns whether it was changed.
bool shorten(Request& request, std::size_t context, double ratio) {
  const auto tokens = [ratio](std::size_t estimate) {
    return static_cast<std::size_t>(static_cast<double>(estimate) * ratio);
  };
  const std::size_t wanted = request.answer_bound();
  const std::size_t granted = context / kLargestAnswerShare;
  const std::size_t room = context - (wanted == 0 ? context / kAnswerShare : std::min(wanted, granted));
  bool is_changed = false;
  std::size_t estimate = request.tokens();
  while (tokens(estimate) > room) {
    const std::size_t dropped = request.drop_oldest_turn();
    if (dropped == 0) break;
    estimate -= dropped;
    is_changed = true;
  }
  for (; tokens(estimate) > room && request.drop_additions(); estimate = request.tokens()) is_changed = true;
  const std::size_t left = context - std::min(context, tokens(estimate));
  if (wanted > left && request.bound_answer(std::max(left, granted))) is_changed = true;
  return is_changed;
}

std::optional<std::string> without_fields(Request request, const BackendRefusal& refusal, BackendLimits& learned) {
  std::vector<std::string> sent;
  for (const auto& field : refusal.fields) {
    if (request.has(field)) sent.push_back(field);
  }
  if (sent.empty()) return std::nullopt;
  if (refusal.are_exclusive) {
    // Each field is accepted without the other, so nothing is learned.
    if (sent.size() < 2) return std::nullopt;
    request.rename(sent.back(), "");
    return request.text();
  }
  for (const auto& field : sent) {
    const std::string other = field == "max_tokens"              ? "max_completion_tokens"
                              : field == "max_completion_tokens" ? "max_tokens"
                                                                 : "";
    // The other name was refused before: the backend accepts neither.
    const bool is_tried = other.empty() || learned.fields.contains(other) || request.has(other);
    if (is_tried && !other.empty() && learned.fields.contains(other)) learned.fields[other] = "";
    learned.fields[field] = is_tried ? "" : other;
    request.rename(field, learned.fields[field]);
  }
  return request.text();
}

std::optional<std::string> shorter(Request request, const BackendRefusal& refusal, BackendLimits& learned) {
  // A folded system message would be removed with the oldest question.
  const bool is_folded = learned.folded_bytes != 0;
  if (is_folded) request.unfold_system(learned.folded_bytes);
  const std::size_t estimated = std::max<std::size_t>(1, request.tokens());
  double ratio = learned.tokens_per_estimate;
  std::size_t context = refusal.context_tokens.value_or(0);
  const std::size_t counted = refusal.prompt_tokens.value_or(0);
  if (context == 0) {
    context = std::max<std::size_t>(1, static_cast<std::size_t>(static_cast<double>(estimated) * ratio) / kNextShare);
  } else {
    // Without a usable count from the backend: the request was too long, so the estimate was at least this much too
    // low.
    const double least = 1.1 * static_cast<double>(context) / static_cast<double>(estimated);
    const double reported = static_cast<double>(counted) / static_cast<double>(estimated);
    const std::size_t asked = counted + request.answer_bound();
    ratio = counted > 0 && asked > context ? reported : std::max(ratio, least);
    if (ratio <= learned.tokens_per_estimate && learned.context_tokens == context)
      ratio = learned.tokens_per_estimate * 1.2;
    ratio = std::clamp(ratio, kLeastRatio, kMostRatio);
  }
  if (!shorten(request, context, ratio) && request.drop_oldest_turn() == 0 && !request.drop_additions())
    return std::nullopt;
  learned.context_tokens = context;
  learned.tokens_per_estimate = ratio;
  if (is_folded) learned.folded_bytes = request.fold_system();
  return request.text();
}

// A byte limit says nothing about the model's context, so the learned limits stay; folded_bytes describes this body.
std::optional<std::string> smaller(Request request, const BackendRefusal& refusal, BackendLimits& learned) {
  BackendLimits guessed = learned;
  auto text = shorter(std::move(request), refusal, guessed);
  learned.folded_bytes = guessed.folded_bytes;
  return text;
}

}  // namespace

std::optional<std::string> amended(const std::string& body, const BackendRefusal& refusal, BackendLimits& learned) {
  Request request(body);
  if (!request.is_object()) return std::nullopt;
  const bool is_about_messages = refusal.kind != BackendRefusal::Kind::field;
  if (is_about_messages && !request.is_chat()) return std::nullopt;
  switch (refusal.kind) {
    case BackendRefusal::Kind::field: return without_fields(std::move(request), refusal, learned);
    case BackendRefusal::Kind::context: return shorter(std::move(request), refusal, learned);
    case BackendRefusal::Kind::size: return smaller(std::move(request), refusal, learned);
    case BackendRefusal::Kind::system_role:
      learned.folded_bytes = request.fold_system();
      if (learned.folded_bytes == 0) return std::nullopt;
      learned.no_system_role = true;
      return request.text();
    default: return std::nullopt;
  }
}

std::string applied(BackendLimits& learned, const std::string& body) {
  Request request(body);
  if (!request.is_object()) return body;
  for (const auto& [field, other] : learned.fields) request.rename(field, other);
  if (!request.is_chat()) return request.text();
  if (learned.context_tokens != 0) shorten(request, learned.context_tokens, learned.tokens_per_estimate);
  if (learned.no_system_role) learned.folded_bytes = request.fold_system();
  return request.text();
}

std::string LearnedLimits::fitted(std::string body, BackendLimits& learned) const {
  if (!is_taught_) return body;
  BackendLimits known;
  {
    const std::lock_guard lock(mutex_);
    known = known_;
  }
  std::string text = applied(known, body);
  learned = {.tokens_per_estimate = known.tokens_per_estimate, .folded_bytes = known.folded_bytes};
  return text;
}

void LearnedLimits::learn(const BackendLimits& learned) {
  if (learned.is_empty()) return;
  const std::lock_guard lock(mutex_);
  for (const auto& [field, other] : learned.fields) {
    const auto known = known_.fields.find(field);
    if (known != known_.fields.end() && known->second == other) continue;
    known_.fields[field] = other;
    // The backend accepts `other` now, so it is not refused any more.
    if (!other.empty()) known_.fields.erase(other);
    base::log_warning("A backend refuses a field: from now on it is not sent",
                      {{"backend", backend_}, {"field", field}, {"instead", other}});
  }
  if (learned.no_system_role && !std::exchange(known_.no_system_role, true)) {
    base::log_warning("A backend refuses system messages: from now on their text goes into the first question",
                      {{"backend", backend_}});
  }
  if (learned.context_tokens != 0) {
    if (known_.context_tokens != learned.context_tokens) {
      base::log_warning("A backend's context length is learned: from now on longer prompts lose their oldest turns",
                        {{"backend", backend_}, {"context_tokens", learned.context_tokens}});
    }
    known_.context_tokens = learned.context_tokens;
    known_.tokens_per_estimate = learned.tokens_per_estimate;
  }
  is_taught_ = true;
}

LearnedReport LearnedLimits::report() const {
  const std::lock_guard lock(mutex_);
  return {.context_tokens = known_.context_tokens == 0 ? std::nullopt : std::optional(known_.context_tokens),
          .fields = known_.fields,
          .no_system_role = known_.no_system_role};
}

}  // namespace chatcore::llm
