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

// Of the context, for the answer: an eighth, or as much as was asked for, of which a quarter is granted in any case.
constexpr std::size_t kAnswerShare = 8;
constexpr std::size_t kLargestAnswerShare = 4;
// What a template puts around a message.
constexpr std::size_t kTokensAroundMessage = 4;
// What no text stands for; an image takes this order of tokens in most models.
constexpr std::size_t kTokensOfOtherPart = 800;
// Of a request whose length is refused without a word about how long it may be, so much is asked next.
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

// A chat request that is being made to fit.
class Request {
 public:
  explicit Request(const std::string& body) : json_(Json::parse(body, nullptr, false)) {
    const auto found = json_.is_object() ? json_.find("messages") : json_.end();
    is_chat_ = json_.is_object() && found != json_.end() && found->is_array() &&
               std::ranges::all_of(*found, [](const Json& one) { return one.is_object(); });
  }

  [[nodiscard]] bool is_chat() const { return is_chat_; }
  [[nodiscard]] std::string text() const { return text_of(json_); }
  [[nodiscard]] bool has(const std::string& field) const { return json_.contains(field); }

  // Under its other name, or not at all.
  void rename(const std::string& field, const std::string& other) {
    if (!json_.contains(field)) return;
    if (!other.empty() && !json_.contains(other)) json_[other] = json_[field];
    json_.erase(field);
  }

  // The system message into the first question, in front. Returns how many bytes of it that are; 0: there is nothing to
  // fold.
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

  // The inverse.
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

  // The question that came first, and all that followed it up to the next. Returns its tokens; 0: only one is there.
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

  // What we put beside the conversation: passages, then the summary.
  bool drop_additions() {
    if (!has_system() || !has_text(messages()[0])) return false;
    auto& system = messages()[0]["content"].get_ref<std::string&>();
    for (const std::string_view begin : {kPassagesIntroduction, kSummaryIntroduction}) {
      const auto at = system.find(begin);
      // Only what stands at the beginning of a part is ours.
      const bool is_first = at == 0;
      if (at == std::string::npos || !(is_first || std::string_view(system).substr(0, at).ends_with(kPartSeparator)))
        continue;
      // A passage is a line of JSON, so no separator is in it; the summary is the last part.
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

// Makes it as long as the context allows, if that can be done. Whether anything was changed.
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

std::optional<std::string> without_fields(Request request, const BackendRefusal& refusal, Lesson& lesson) {
  std::vector<std::string> sent;
  for (const auto& field : refusal.fields) {
    if (request.has(field)) sent.push_back(field);
  }
  if (sent.empty()) return std::nullopt;
  if (refusal.is_not_together) {
    // Each is taken by itself, so nothing is learned of it.
    if (sent.size() < 2) return std::nullopt;
    request.rename(sent.back(), "");
    return request.text();
  }
  for (const auto& field : sent) {
    const std::string other = field == "max_tokens"              ? "max_completion_tokens"
                              : field == "max_completion_tokens" ? "max_tokens"
                                                                 : "";
    // That one was refused already: so the backend takes neither.
    const bool is_tried = other.empty() || lesson.fields.contains(other) || request.has(other);
    if (is_tried && !other.empty() && lesson.fields.contains(other)) lesson.fields[other] = "";
    lesson.fields[field] = is_tried ? "" : other;
    request.rename(field, lesson.fields[field]);
  }
  return request.text();
}

std::optional<std::string> shorter(Request request, const BackendRefusal& refusal, Lesson& lesson) {
  // Else the system message would be left out with the oldest question.
  const bool is_folded = lesson.folded_bytes != 0;
  if (is_folded) request.unfold_system(lesson.folded_bytes);
  const std::size_t estimated = std::max<std::size_t>(1, request.tokens());
  double ratio = lesson.tokens_per_estimate;
  std::size_t context = refusal.context_tokens.value_or(0);
  const std::size_t counted = refusal.prompt_tokens.value_or(0);
  if (context == 0) {
    context = std::max<std::size_t>(1, static_cast<std::size_t>(static_cast<double>(estimated) * ratio) / kNextShare);
  } else {
    // Where the backend's count is not known, or is one of something else, the estimate was too low in any case.
    const double least = 1.1 * static_cast<double>(context) / static_cast<double>(estimated);
    const double told = static_cast<double>(counted) / static_cast<double>(estimated);
    const std::size_t asked = counted + request.answer_bound();
    ratio = counted > 0 && asked > context ? told : std::max(ratio, least);
    if (ratio <= lesson.tokens_per_estimate && lesson.context_tokens == context)
      ratio = lesson.tokens_per_estimate * 1.2;
    ratio = std::clamp(ratio, kLeastRatio, kMostRatio);
  }
  if (!shorten(request, context, ratio) && request.drop_oldest_turn() == 0 && !request.drop_additions())
    return std::nullopt;
  lesson.context_tokens = context;
  lesson.tokens_per_estimate = ratio;
  if (is_folded) lesson.folded_bytes = request.fold_system();
  return request.text();
}

}  // namespace

std::optional<std::string> amended(const std::string& body, const BackendRefusal& refusal, Lesson& lesson) {
  Request request(body);
  if (!request.is_chat()) return std::nullopt;
  switch (refusal.kind) {
    case BackendRefusal::Kind::field: return without_fields(std::move(request), refusal, lesson);
    case BackendRefusal::Kind::context: return shorter(std::move(request), refusal, lesson);
    case BackendRefusal::Kind::system_role:
      lesson.folded_bytes = request.fold_system();
      if (lesson.folded_bytes == 0) return std::nullopt;
      lesson.no_system_role = true;
      return request.text();
    default: return std::nullopt;
  }
}

std::string applied(Lesson& lesson, const std::string& body) {
  Request request(body);
  if (!request.is_chat()) return body;
  for (const auto& [field, other] : lesson.fields) request.rename(field, other);
  if (lesson.context_tokens != 0) shorten(request, lesson.context_tokens, lesson.tokens_per_estimate);
  if (lesson.no_system_role) lesson.folded_bytes = request.fold_system();
  return request.text();
}

std::string LearnedLimits::fitted(std::string body, Lesson& lesson) const {
  if (!is_taught_) return body;
  Lesson known;
  {
    const std::lock_guard lock(mutex_);
    known = known_;
  }
  std::string text = applied(known, body);
  lesson = {.tokens_per_estimate = known.tokens_per_estimate, .folded_bytes = known.folded_bytes};
  return text;
}

void LearnedLimits::learn(const Lesson& lesson) {
  if (lesson.is_empty()) return;
  const std::lock_guard lock(mutex_);
  for (const auto& [field, other] : lesson.fields) {
    const auto known = known_.fields.find(field);
    if (known != known_.fields.end() && known->second == other) continue;
    known_.fields[field] = other;
    // It has come to take the one that it did not.
    if (!other.empty()) known_.fields.erase(other);
    base::log_warning("A backend does not take a field: from now on it is not sent",
                      {{"backend", backend_}, {"field", field}, {"instead", other}});
  }
  if (lesson.no_system_role && !std::exchange(known_.no_system_role, true)) {
    base::log_warning("A backend takes no system message: from now on its text goes into the first question",
                      {{"backend", backend_}});
  }
  if (lesson.context_tokens != 0) {
    if (known_.context_tokens != lesson.context_tokens) {
      base::log_warning("A backend's context is known now: from now on the oldest turns are left out of longer prompts",
                        {{"backend", backend_}, {"context_tokens", lesson.context_tokens}});
    }
    known_.context_tokens = lesson.context_tokens;
    known_.tokens_per_estimate = lesson.tokens_per_estimate;
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
