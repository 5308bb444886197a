#include "chatcore/llm/passed_on.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <nlohmann/json.hpp>

#include "chatcore/llm/prompt_messages.h"

namespace chatcore::llm {
namespace {

using json = nlohmann::ordered_json;

std::string text_of(const json& document) { return document.dump(-1, ' ', false, json::error_handler_t::replace); }

struct PassedMessage {
  json message;
  std::string given;  // the client's own bytes; empty: the message was changed
  std::string role;
};

PassedMessage read_message(const std::string& given) {
  PassedMessage read{.message = json::parse(given, nullptr, false), .given = given, .role = {}};
  if (!read.message.is_object()) return read;
  const auto role = read.message.find("role");
  if (role != read.message.end() && role->is_string()) read.role = role->get<std::string>();
  if (read.role == "developer") read.role = "system";
  return read;
}

const json& content_of(const json& message) {
  static const json kNull;
  const auto content = message.find("content");
  return content == message.end() ? kNull : *content;
}

// Content of another form is the backend's to refuse: it is neither read nor joined.
bool is_known(const json& content) { return content.is_null() || content.is_string() || content.is_array(); }

// Whether it consists of its content only: no tool calls, nothing that a backend alone understands.
bool is_plain(const PassedMessage& one) {
  if (one.role != "system" && one.role != "user" && one.role != "assistant") return false;
  if (!is_known(content_of(one.message))) return false;
  return std::ranges::all_of(one.message.items(), [](const auto& field) {
    return field.key() == "role" || field.key() == "content" || field.key() == "name" || field.value().is_null() ||
           (field.value().is_array() && field.value().empty());
  });
}

bool is_text(const json& part) {
  const auto text = part.is_object() ? part.find("text") : part.end();
  return text != part.end() && text->is_string();
}

bool has_no_content(const json& content) {
  if (content.is_string()) return is_blank(content.get_ref<const std::string&>());
  if (!content.is_array()) return content.is_null();
  return std::ranges::all_of(
      content, [](const json& part) { return is_text(part) && is_blank(part["text"].get_ref<const std::string&>()); });
}

json parts_of(const json& content) {
  if (content.is_array()) return content;
  json parts = json::array();
  if (content.is_string()) parts.push_back({{"type", "text"}, {"text", content}});
  return parts;
}

// `separator` comes between two texts. Other parts separate themselves.
json joined(const json& first, const json& second, std::string_view separator) {
  if (has_no_content(first)) return second;
  if (has_no_content(second)) return first;
  if (first.is_string() && second.is_string()) {
    return first.get<std::string>().append(separator).append(second.get<std::string>());
  }
  json parts = parts_of(first);
  json more = parts_of(second);
  if (is_text(parts.back()) && is_text(more.front())) {
    auto& text = more.front()["text"].get_ref<std::string&>();
    text.insert(0, separator);
  }
  std::ranges::move(more, std::back_inserter(parts));
  return parts;
}

// Collects the content of the one system message.
class SystemMessage {
 public:
  void add(const json& content) { content_ = joined(content_, content, kPartSeparator); }
  void add(std::string_view text) { add(json(std::string(text))); }
  [[nodiscard]] bool is_empty() const { return has_no_content(content_); }
  [[nodiscard]] PassedMessage message() const {
    return {.message = {{"role", "system"}, {"content", content_}}, .given = {}, .role = "system"};
  }

 private:
  json content_;
};

// Whether `last` and `next` are to be one message: of one role and one name (several people may speak as users). The
// second may call tools, which then belong to both.
bool belong_together(const PassedMessage& last, const PassedMessage& next) {
  return last.role == next.role && is_plain(last) &&
         last.message.value("name", json()) == next.message.value("name", json()) &&
         is_known(content_of(next.message)) && (is_plain(next) || next.role == "assistant");
}

void join(PassedMessage& last, PassedMessage next) {
  next.message["content"] = joined(content_of(last.message), content_of(next.message), "\n\n");
  next.given.clear();
  last = std::move(next);
}

PassedMessage user_message(json content) {
  return {.message = {{"role", "user"}, {"content", std::move(content)}}, .given = {}, .role = "user"};
}

}  // namespace

std::string passed_messages(const std::vector<std::string>& messages, std::string_view configured,
                            std::string_view chunks) {
  SystemMessage system;
  system.add(configured);
  std::vector<PassedMessage> talk;
  std::vector<PassedMessage> own;  // system messages
  for (const std::string& given : messages) {
    PassedMessage next = read_message(given);
    if (is_plain(next) && has_no_content(content_of(next.message))) continue;
    if (next.role == "system" && is_known(content_of(next.message)))
      own.push_back(std::move(next));
    else if (!talk.empty() && belong_together(talk.back(), next))
      join(talk.back(), std::move(next));
    else
      talk.push_back(std::move(next));
  }
  if (talk.empty() && !own.empty()) {
    talk.push_back(user_message(content_of(own.back().message)));
    own.pop_back();
  }
  const bool has_opening = !talk.empty() && talk.front().role == "assistant" && is_plain(talk.front());
  const bool is_untouched = is_blank(configured) && is_blank(chunks) && !has_opening && own.size() == 1 &&
                            own.front().message["role"] == "system";
  for (const auto& one : own) system.add(content_of(one.message));
  if (has_opening) {
    system.add(joined(json(std::string(kOpening)), content_of(talk.front().message), ""));
    talk.erase(talk.begin());
  }
  system.add(chunks);
  // Tool calls and their results may come last.
  if (talk.empty() || (talk.back().role == "assistant" && is_plain(talk.back()))) {
    talk.push_back(user_message(std::string(kGoOn)));
  }
  if (!system.is_empty()) talk.insert(talk.begin(), is_untouched ? own.front() : system.message());

  std::string list = "[";
  for (const auto& one : talk) {
    if (list.size() > 1) list += ",";
    list += one.given.empty() ? text_of(one.message) : one.given;
  }
  return list + "]";
}

std::string with_fields(std::string request, std::string_view fields) {
  constexpr std::string_view kNone = "{}";
  if (fields.size() <= kNone.size()) return request;
  request.pop_back();
  return request.append(",").append(fields.substr(1));
}

}  // namespace chatcore::llm
