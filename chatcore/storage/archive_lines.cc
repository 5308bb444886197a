#include "chatcore/storage/archive_lines.h"

#include <nlohmann/json.hpp>

namespace chatcore::storage {
namespace {

using base::Code;
using nlohmann::json;
using nlohmann::ordered_json;

ordered_json json_of(const ConversationRecord& record) {
  ordered_json conversation = {{"user", record.key.user},
                               {"id", record.key.id},
                               {"title", record.title},
                               {"metadata", record.metadata},
                               {"listed", record.listed},
                               {"created_ms", record.created_ms},
                               {"last_used_ms", record.last_used_ms},
                               {"last_sequence", record.last_sequence},
                               {"removed_messages", record.removed_messages}};
  if (!record.summary.content.empty()) {
    conversation["summary"] = {{"up_to", record.summary.up_to}, {"content", record.summary.content}};
  }
  return {{"conversation", std::move(conversation)}};
}

ordered_json json_of(const MessageRecord& record) {
  return {{"message",
           {{"sequence", record.message.sequence},
            {"role", name_of(record.message.role)},
            {"content", record.message.content},
            {"interrupted", record.message.interrupted},
            {"created_ms", record.created_ms},
            {"response_id", record.response_id}}}};
}

// The keys of one object, each of which must be there and of its kind; the first that is not is remembered.
class Fields {
 public:
  explicit Fields(const json& object) : object_(object) {
    if (!object.is_object()) error_ = "an object is expected";
  }
  void take(const char* key, std::string& value) {
    if (const json* found = find(key, &json::is_string, "a text")) value = found->get<std::string>();
  }
  void take(const char* key, bool& value) {
    if (const json* found = find(key, &json::is_boolean, "true or false")) value = found->get<bool>();
  }
  void take(const char* key, std::int64_t& value) {
    if (const json* found = find(key, &json::is_number_integer, "a whole number")) value = found->get<std::int64_t>();
  }
  void refuse(std::string error) {
    if (error_.empty()) error_ = std::move(error);
  }
  [[nodiscard]] base::Status outcome() const {
    return error_.empty() ? base::Status() : base::fail(Code::invalid_argument, error_);
  }

 private:
  const json* find(const char* key, bool (json::*is_kind)() const noexcept, const char* kind) {
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(key);
    if (found != object_.end() && ((*found).*is_kind)()) return &*found;
    refuse("\"" + std::string(key) + "\" must be " + kind);
    return nullptr;
  }

  const json& object_;
  std::string error_;
};

base::Result<Summary> summary_of(const json& object, std::int64_t last_sequence) {
  Summary summary;
  Fields fields(object);
  fields.take("up_to", summary.up_to);
  fields.take("content", summary.content);
  if (summary.up_to < 1 || summary.up_to > last_sequence)
    fields.refuse("\"up_to\" must be from 1 to \"last_sequence\"");
  if (auto fine = fields.outcome(); !fine) return base::fail(fine.error().within("\"summary\""));
  return summary;
}

base::Result<ArchiveRecord> conversation_of(const json& object) {
  ConversationRecord record;
  Fields fields(object);
  fields.take("user", record.key.user);
  fields.take("id", record.key.id);
  fields.take("title", record.title);
  fields.take("metadata", record.metadata);
  fields.take("listed", record.listed);
  fields.take("created_ms", record.created_ms);
  fields.take("last_used_ms", record.last_used_ms);
  fields.take("last_sequence", record.last_sequence);
  fields.take("removed_messages", record.removed_messages);
  if (record.key.id.empty()) fields.refuse("\"id\" must not be empty");
  if (record.removed_messages < 0 || record.removed_messages > record.last_sequence) {
    fields.refuse("\"removed_messages\" must be from 0 to \"last_sequence\"");
  }
  if (auto fine = fields.outcome(); !fine) return base::fail(fine.error());
  if (const auto found = object.find("summary"); found != object.end()) {
    auto summary = summary_of(*found, record.last_sequence);
    if (!summary) return base::fail(summary.error());
    record.summary = *std::move(summary);
  }
  return ArchiveRecord(std::move(record));
}

base::Result<ArchiveRecord> message_of(const json& object) {
  MessageRecord record;
  std::string role;
  Fields fields(object);
  fields.take("sequence", record.message.sequence);
  fields.take("role", role);
  fields.take("content", record.message.content);
  fields.take("interrupted", record.message.interrupted);
  fields.take("created_ms", record.created_ms);
  fields.take("response_id", record.response_id);
  const auto known = conversation::role_named(role);
  if (!known) fields.refuse("\"role\" must be system, user or assistant");
  if (auto fine = fields.outcome(); !fine) return base::fail(fine.error());
  record.message.role = *known;
  return ArchiveRecord(std::move(record));
}

}  // namespace

std::string line_of(const ArchiveRecord& record) {
  const ordered_json line = std::visit([](const auto& one) { return json_of(one); }, record);
  return line.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

base::Result<ArchiveRecord> ArchiveLines::read(std::string_view line) {
  const json document = json::parse(line, nullptr, false);
  if (!document.is_object() || document.size() != 1) {
    return base::fail(Code::invalid_argument, "the line is no JSON object with one \"conversation\" or \"message\"");
  }
  const std::string kind = document.begin().key();
  if (kind != "conversation" && kind != "message") {
    return base::fail(Code::invalid_argument, "\"" + kind.substr(0, 80) + "\" is neither a conversation nor a message");
  }
  auto record = kind == "message" ? message_of(document.front()) : conversation_of(document.front());
  if (!record) return record;
  auto follows = std::visit([this](const auto& one) { return follow(one); }, *record);
  if (!follows) return base::fail(follows.error());
  return record;
}

base::Status ArchiveLines::follow(const ConversationRecord& record) {
  if (auto whole = end(); !whole) return whole;
  has_conversation_ = true;
  last_sequence_ = record.last_sequence;
  messages_missing_ = record.last_sequence - record.removed_messages;
  sequence_ = 0;
  return {};
}

base::Status ArchiveLines::follow(const MessageRecord& record) {
  if (!has_conversation_) return base::fail(Code::invalid_argument, "a message stands before any conversation");
  if (record.message.sequence <= sequence_ || record.message.sequence > last_sequence_) {
    return base::fail(Code::invalid_argument, "message " + std::to_string(record.message.sequence) +
                                                  " does not follow message " + std::to_string(sequence_) +
                                                  " in a conversation of " + std::to_string(last_sequence_));
  }
  sequence_ = record.message.sequence;
  --messages_missing_;
  return {};
}

base::Status ArchiveLines::end() const {
  if (messages_missing_ == 0) return {};
  return base::fail(Code::invalid_argument, "the conversation before has " + std::to_string(messages_missing_) +
                                                " messages fewer than it says; is the file whole?");
}

}  // namespace chatcore::storage
