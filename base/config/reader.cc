#include "base/config/reader.h"

#include <algorithm>
#include <charconv>

#include "base/config/files.h"
#include "base/config/nearest_key.h"
#include "base/plausible.h"

namespace base::config {

namespace {

constexpr std::size_t kMostEchoed = 40;  // how much of a wrong input an error message repeats

std::string kind_in_words(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::null: return "nothing";
    case YamlNode::Kind::scalar: return "a single value";
    case YamlNode::Kind::list: return "a list";
    case YamlNode::Kind::map: return "keys with values";
  }
  return "something else";
}

std::string quoted(std::string_view text) {
  std::string shown = "\"";
  shown.append(text.substr(0, kMostEchoed)).append(text.size() > kMostEchoed ? "...\"" : "\"");
  return shown;
}

std::string unknown_key_message(std::string_view key, std::span<const std::string_view> keys) {
  std::string message = "unknown key " + quoted(key) + "; ";
  if (const auto nearest = nearest_key(key, keys); !nearest.empty())
    return message.append("did you mean \"").append(nearest).append("\"?");
  message += "valid keys: ";
  for (std::size_t i = 0; i < keys.size(); ++i) message.append(i == 0 ? "" : ", ").append(keys[i]);
  return message;
}

const std::vector<YamlNode>& no_nodes() {
  static const std::vector<YamlNode> kNone;
  return kNone;
}

// Reads with one of base's parsers; when the text came out of a variable, the parser is asked about the unexpanded
// text, so that its message shows that.
template <class T, class Parse>
bool read_with(const Reader& reader, std::string_view key, std::string_view what, T& out, Parse parse) {
  const auto* node = reader.find(key);
  if (node == nullptr) return false;
  const auto scalar = read_scalar(*node, reader.path_of(key), what, reader.context());
  if (!scalar) return false;
  if (const auto value = parse(scalar->text)) {
    out = *value;
    return true;
  }
  const auto shown = parse(scalar->written);
  reader.problem(key, shown ? "not " + std::string(what) : shown.error().message);
  return false;
}

// A list in the place of `node`, as an operator would write it.
std::string as_list(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::scalar || node.text.size() > kMostEchoed) return "each item on a line after a dash";
  std::string items;
  for (const char c : node.text) items += c == ' ' ? std::string(", ") : std::string(1, c);
  return "[" + items + "]";
}

Result<std::int64_t> parse_count(std::string_view text) {
  std::int64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end)
    return fail(Code::invalid_argument, "not a whole number: " + quoted(text) + "; write for example 512");
  return value;
}

Result<bool> parse_flag(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return fail(Code::invalid_argument, "not a yes or no: " + quoted(text) + "; write true or false");
}

}  // namespace

void ReadContext::add_problem(Position at, std::string key, std::string message) {
  // One more than is shown, so that the end can say that there were more.
  if (problems.size() > kMostProblems) return;
  problems.push_back({file, at.line, at.column, std::move(key), std::move(message)});
}

Reader::Reader(const YamlNode* node, std::string path, ReadContext& context)
    : node_(node), path_(std::move(path)), context_(&context) {
  if (node_ == nullptr) return;
  at_ = node_->at;
  if (node_->kind != YamlNode::Kind::map) {
    if (node_->kind != YamlNode::Kind::null)
      context.add_problem(at_, path_, "expected keys with values, found " + kind_in_words(node_->kind));
    node_ = nullptr;
    return;
  }
  const auto keys = context.keys_of(path_);
  if (keys.empty()) return;
  for (const auto& entry : node_->children) {
    if (std::find(keys.begin(), keys.end(), entry.key) != keys.end()) continue;
    context.add_problem(entry.key_at, path_of(entry.key.substr(0, kMostEchoed)), unknown_key_message(entry.key, keys));
  }
}

const YamlNode* Reader::find(std::string_view key) const {
  if (node_ == nullptr) return nullptr;
  const auto found = std::find_if(node_->children.begin(), node_->children.end(),
                                  [&](const YamlNode& entry) { return entry.key == key; });
  return found == node_->children.end() ? nullptr : &*found;
}

std::string Reader::path_of(std::string_view key) const {
  if (key.empty()) return path_;
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

const std::vector<YamlNode>& Reader::entries() const { return node_ == nullptr ? no_nodes() : node_->children; }

const std::vector<YamlNode>& Reader::list(std::string_view key) const {
  const auto* node = find(key);
  if (node == nullptr || node->kind == YamlNode::Kind::null) return no_nodes();
  if (node->kind == YamlNode::Kind::list) return node->children;
  problem(key, "expected a list, found " + kind_in_words(node->kind) + "; write " + as_list(*node));
  return no_nodes();
}

std::vector<Scalar> Reader::texts(std::string_view key) const {
  std::vector<Scalar> texts;
  const auto& items = list(key);
  for (std::size_t i = 0; i < items.size(); ++i) {
    auto text = read_scalar(items[i], path_of(key) + "[" + std::to_string(i) + "]", "text", *context_);
    if (text) texts.push_back(std::move(*text));
  }
  return texts;
}

std::optional<Scalar> Reader::scalar(std::string_view key) const {
  const auto* node = find(key);
  return node == nullptr ? std::nullopt : read_scalar(*node, path_of(key), "text", *context_);
}

bool Reader::read(std::string_view key, std::string& out) const {
  auto text = scalar(key);
  if (!text) return false;
  out = std::move(text->text);
  return true;
}

bool Reader::read(std::string_view key, bool& out) const {
  return read_with(*this, key, "true or false", out, parse_flag);
}
bool Reader::read(std::string_view key, std::int64_t& out) const {
  return read_with(*this, key, "a whole number such as 512", out, parse_count);
}
bool Reader::read(std::string_view key, Bytes& out) const {
  if (!read_with(*this, key, "a size such as 700m", out, parse_bytes)) return false;
  const std::string correction = size_correction(scalar(key)->text);
  if (!correction.empty()) problem(key, correction);
  return correction.empty();
}
bool Reader::read(std::string_view key, Duration& out) const {
  return read_with(*this, key, "a duration such as 30s", out, parse_duration);
}
bool Reader::read(std::string_view key, Cores& out) const {
  if (!read_with(*this, key, "a number of CPU cores such as 0.8", out, parse_cores)) return false;
  const std::string correction = cores_correction(scalar(key)->text);
  if (!correction.empty()) problem(key, correction);
  return correction.empty();
}
bool Reader::read(std::string_view key, Ratio& out) const {
  if (!read_with(*this, key, "a ratio such as 85%", out, parse_ratio)) return false;
  const std::string correction = share_correction(scalar(key)->text);
  if (!correction.empty()) problem(key, correction);
  return correction.empty();
}

void Reader::problem(std::string_view key, std::string message) const {
  const auto* node = key.empty() ? nullptr : find(key);
  context_->add_problem(node == nullptr ? at_ : node->at, path_of(key), std::move(message));
}

std::optional<Scalar> read_scalar(const YamlNode& node, const std::string& path, std::string_view what,
                                  ReadContext& context) {
  if (node.kind != YamlNode::Kind::scalar) {
    context.add_problem(node.at, path, "expected " + std::string(what) + ", found " + kind_in_words(node.kind));
    return std::nullopt;
  }
  auto expanded =
      context.environment ? expand_variables(node.text, context.environment) : Result<std::string>(node.text);
  // Paths, arguments and names would silently end there.
  if (expanded && expanded->find('\0') != std::string::npos) {
    context.add_problem(node.at, path, "NUL characters are not allowed");
    return std::nullopt;
  }
  if (!expanded) {
    context.add_problem(node.at, path, expanded.error().message);
    return std::nullopt;
  }
  return Scalar{std::move(*expanded), node.text, node.at};
}

std::vector<ConfigProblem> read_yaml(std::string_view yaml, ReadContext context,
                                     const std::function<void(const YamlNode& root, ReadContext& context)>& read) {
  if (yaml.size() > kMostFileBytes) {
    context.add_problem({}, "", "more than " + format_bytes({kMostFileBytes}) + " is not read");
    return std::move(context.problems);
  }
  const auto document = parse_yaml(yaml);
  for (const auto& problem : document.problems) context.add_problem(problem.at, "", problem.message);
  // A tree that ended early would add nothing but problems that are none.
  if (document.problems.empty()) read(document.root, context);
  std::ranges::stable_sort(context.problems, {}, [](const auto& each) { return std::pair(each.line, each.column); });
  return std::move(context.problems);
}

}  // namespace base::config
