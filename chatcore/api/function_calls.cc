#include "chatcore/api/function_calls.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "chatcore/api/delta_merge.h"
#include "chatcore/api/json_writer.h"
#include "chatcore/llm/prompt_messages.h"

namespace chatcore::api {
namespace {

using conversation::Message;
using conversation::Role;

constexpr std::string_view kIdPrefix = "fc_";
constexpr std::size_t kMaxTools = 1000;
constexpr std::string_view kHexDigits = "0123456789abcdef";

std::string hexadecimal(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kHexDigits[byte >> 4U];
    text += kHexDigits[byte & 15U];
  }
  return text;
}

std::optional<std::string> bytes_in(std::string_view digits) {
  if (digits.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(digits.size() / 2);
  for (std::size_t at = 0; at < digits.size(); at += 2) {
    const auto high = kHexDigits.find(digits[at]);
    const auto low = kHexDigits.find(digits[at + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    bytes += static_cast<char>(high << 4U | low);
  }
  return bytes;
}

OrderedJson chat_call(const FunctionCall& call) {
  return {
      {"id", call.call_id}, {"type", "function"}, {"function", {{"name", call.name}, {"arguments", call.arguments}}}};
}

// A string, or a list of parts of text.
std::string read_output(const Json& item, const std::string& where, Fault& fault) {
  JsonReader reader(item, where, fault);
  const Json* output = reader.find("output");
  if (output == nullptr || !output->is_array()) return reader.required_text("output");
  std::string text;
  for (const Json& part : *output) {
    const bool is_text =
        part.is_object() && (part.value("type", Json()) == "input_text" || part.value("type", Json()) == "output_text");
    if (!is_text) {
      reader.refuse("output", "unsupported_content", "A function's output must be text");
      return "";
    }
    text += JsonReader(part, where + ".output", fault).required_text("text");
  }
  return text;
}

// A field of the request that is present and not null.
void copy(const Json& from, const char* name, OrderedJson& to) {
  const auto found = from.find(name);
  if (found != from.end() && !found->is_null()) to[name] = OrderedJson::parse(found->dump());
}

OrderedJson chat_tools(JsonReader& reader) {
  OrderedJson tools = OrderedJson::array();
  const Json* list = reader.list("tools", kMaxTools);
  if (list == nullptr) return tools;
  for (const Json& tool : *list) {
    const std::string where = "tools[" + std::to_string(tools.size()) + "]";
    static const Json kNothing = Json::object();
    JsonReader inner(tool.is_object() ? tool : kNothing, where, reader.fault());
    if (inner.required_text("type") != "function") {
      inner.refuse("type", "unsupported_parameter", "Only tools of type \"function\" are supported");
    }
    OrderedJson function{{"name", inner.required_text("name")}};
    if (reader.fault()) return tools;
    for (const char* name : {"description", "parameters", "strict"}) copy(tool, name, function);
    tools.push_back({{"type", "function"}, {"function", std::move(function)}});
  }
  return tools;
}

// A string, or {"type":"function","name":…}.
void add_tool_choice(JsonReader& reader, OrderedJson& fields) {
  const Json* choice = reader.find("tool_choice");
  if (choice == nullptr) return;
  if (choice->is_string()) {
    fields["tool_choice"] = reader.text("tool_choice");
    return;
  }
  const bool is_function = choice->is_object() && choice->value("type", Json()) == "function";
  if (!is_function) {
    reader.refuse("tool_choice", "unsupported_parameter", "\"tool_choice\" must be a mode or a function");
    return;
  }
  JsonReader inner(*choice, "tool_choice", reader.fault());
  fields["tool_choice"] = {{"type", "function"}, {"function", {{"name", inner.required_text("name")}}}};
}

void add_response_format(JsonReader& reader, OrderedJson& fields) {
  const Json* text = reader.object("text");
  if (text == nullptr) return;
  JsonReader inner(*text, "text", reader.fault());
  const Json* format = inner.object("format");
  if (format == nullptr) return;
  const std::string type = JsonReader(*format, "text.format", reader.fault()).required_text("type");
  if (type.empty() || type == "text") return;
  OrderedJson response_format{{"type", type}};
  if (type == "json_schema") {
    OrderedJson schema = OrderedJson::object();
    for (const char* name : {"name", "description", "schema", "strict"}) copy(*format, name, schema);
    response_format["json_schema"] = std::move(schema);
  }
  fields["response_format"] = std::move(response_format);
}

void add_text(std::string& text, std::string_view more) {
  constexpr std::string_view kBetween = "\n\n";
  if (llm::is_blank(more)) return;
  if (!text.empty()) text += kBetween;
  text += more;
}

// Strict chat templates accept neither two messages of one role in a row, nor a call in another message than its text.
void add_message(std::vector<OrderedJson>& messages, OrderedJson message) {
  OrderedJson* const last = messages.empty() ? nullptr : &messages.back();
  const bool is_same_role = last != nullptr && (*last)["role"] == message["role"] && message["role"] != "tool";
  if (is_same_role && message.contains("tool_calls")) {
    OrderedJson& calls = (*last)["tool_calls"];
    for (auto& call : message["tool_calls"]) calls.push_back(std::move(call));
  } else if (is_same_role && (*last)["content"].is_string()) {
    add_text((*last)["content"].get_ref<std::string&>(), message["content"].get_ref<const std::string&>());
  } else {
    messages.push_back(std::move(message));
  }
}

}  // namespace

std::string id_of_call(const FunctionCall& call) {
  return std::string(kIdPrefix) + hexadecimal(text_of(OrderedJson::array({call.call_id, call.name, call.arguments})));
}

std::optional<FunctionCall> call_in_id(std::string_view item_id) {
  if (!item_id.starts_with(kIdPrefix)) return std::nullopt;
  const auto bytes = bytes_in(item_id.substr(kIdPrefix.size()));
  const Json parts = bytes ? Json::parse(*bytes, nullptr, false) : Json();
  const bool is_call = parts.is_array() && parts.size() == 3 &&
                       std::ranges::all_of(parts, [](const Json& part) { return part.is_string(); });
  if (!is_call) return std::nullopt;
  return FunctionCall{.call_id = parts[0].get<std::string>(),
                      .name = parts[1].get<std::string>(),
                      .arguments = parts[2].get<std::string>()};
}

bool is_function_item(std::string_view type) { return type == "function_call" || type == "function_call_output"; }

std::string tool_message_of(const FunctionCall& call) {
  return text_of({{"role", "assistant"}, {"content", nullptr}, {"tool_calls", OrderedJson::array({chat_call(call)})}});
}

std::string tool_message_of(const Json& item, const std::string& where, Fault& fault) {
  JsonReader reader(item, where, fault);
  const std::string call_id = reader.required_text("call_id");
  std::string message;
  if (reader.text("type") == "function_call") {
    message = tool_message_of(FunctionCall{
        .call_id = call_id, .name = reader.required_text("name"), .arguments = reader.required_text("arguments")});
  } else {
    message = text_of({{"role", "tool"}, {"tool_call_id", call_id}, {"content", read_output(item, where, fault)}});
  }
  return fault ? "" : message;
}

std::string tool_fields(JsonReader& reader) {
  OrderedJson fields = OrderedJson::object();
  if (OrderedJson tools = chat_tools(reader); !tools.empty()) {
    fields["tools"] = std::move(tools);
    add_tool_choice(reader, fields);
    // True is the default, which not every backend knows by name.
    if (!reader.flag("parallel_tool_calls", true)) fields["parallel_tool_calls"] = false;
  } else {
    reader.refuse_unsupported("tool_choice", {"none", "auto"});
  }
  add_response_format(reader, fields);
  return fields.empty() ? "" : text_of(fields);
}

std::vector<std::string> messages_with_tools(const std::vector<Message>& input, const std::vector<ToolMessage>& tools,
                                             const std::string& instructions) {
  std::vector<OrderedJson> messages;
  std::string system = instructions;
  auto tool = tools.begin();
  for (std::size_t i = 0; i <= input.size(); ++i) {
    for (; tool != tools.end() && tool->before <= i; ++tool) add_message(messages, OrderedJson::parse(tool->message));
    if (i == input.size()) break;
    if (input[i].role == Role::system) {
      add_text(system, input[i].content);
      continue;
    }
    if (llm::is_blank(input[i].content)) continue;
    add_message(messages, {{"role", name_of(input[i].role)}, {"content", input[i].content}});
  }
  std::vector<std::string> texts;
  texts.reserve(messages.size() + 1);
  if (!system.empty()) texts.push_back(text_of({{"role", "system"}, {"content", system}}));
  for (const auto& message : messages) texts.push_back(text_of(message));
  return texts;
}

std::vector<FunctionCall> calls_in_deltas(const std::vector<std::string>& deltas, std::string (*make_id)()) {
  const auto word = [](const OrderedJson& object, const char* name) {
    const auto found = object.is_object() ? object.find(name) : object.end();
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  std::vector<FunctionCall> calls;
  const OrderedJson merged = merged_deltas(deltas);
  const auto add = [&](std::string id, const OrderedJson& function) {
    std::string arguments = word(function, "arguments");
    calls.push_back({.call_id = id.empty() ? make_id() : std::move(id),
                     .name = word(function, "name"),
                     .arguments = arguments.empty() ? "{}" : std::move(arguments)});
  };
  const auto list = merged.find("tool_calls");
  if (list != merged.end() && list->is_array()) {
    for (const OrderedJson& call : *list) {
      const auto function = call.is_object() ? call.find("function") : call.end();
      if (function != call.end()) add(word(call, "id"), *function);
    }
  }
  // The form before tools.
  const auto function = merged.find("function_call");
  if (calls.empty() && function != merged.end() && function->is_object()) add("", *function);
  return calls;
}

}  // namespace chatcore::api
