#include "base/config/yaml_tree.h"

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "base/config/printable.h"

namespace base::config {

namespace {

// Ends the parse: yaml-cpp's handlers have no other way to stop it. Caught in parse_yaml.
struct Refusal {
  YamlProblem problem;
};

Position position_of(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

std::size_t bytes_of(const YamlNode& node) {
  std::size_t bytes = sizeof(YamlNode) + node.text.size() + node.key.size();
  for (const auto& child : node.children) bytes += bytes_of(child);
  return bytes;
}

// Nodes below and with this one, counted downwards.
int depth_of(const YamlNode& node) {
  int deepest = 0;
  for (const auto& child : node.children) deepest = std::max(deepest, depth_of(child));
  return deepest + 1;
}

class TreeBuilder final : public YAML::EventHandler {
 public:
  YamlResult result;

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0)
      throw Refusal{{position_of(mark), "a second document begins here; a configuration is one document"}};
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(leaf(YamlNode::Kind::null, mark, {}), mark, anchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    // A plain "~" or "null" is the null value; quoted ("!") it is text.
    const bool is_null = tag != "!" && (value.empty() || value == "~" || value == "null");
    add(leaf(is_null ? YamlNode::Kind::null : YamlNode::Kind::scalar, mark, value), mark, anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Refusal{{position_of(mark), "this alias stands within what it names"}};
    const auto depth = depth_of(found->second) + static_cast<int>(open_.size());
    if (depth > kMostYamlDepth) throw Refusal{{position_of(mark), "nested too deeply"}};
    add(found->second, mark, 0);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::list, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::map, mark, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    YamlNode node;
    YAML::Mark mark;
    YAML::anchor_t anchor = 0;
    bool has_key = false;
    std::string key;
    Position key_at;
  };

  static YamlNode leaf(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& text) {
    YamlNode node;
    node.kind = kind;
    node.at = position_of(mark);
    if (kind == YamlNode::Kind::scalar) node.text = text;
    return node;
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (awaits_key()) throw Refusal{{position_of(mark), "a key must be plain text"}};
    if (static_cast<int>(open_.size()) >= kMostYamlDepth) throw Refusal{{position_of(mark), "nested too deeply"}};
    Open level;
    level.node = leaf(kind, mark, {});
    level.mark = mark;
    level.anchor = anchor;
    open_.push_back(std::move(level));
  }

  void close() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    // The parts were charged as they came.
    bytes_ -= std::min(bytes_, bytes_of(closed.node) - sizeof(YamlNode));
    add(std::move(closed.node), closed.mark, closed.anchor);
  }

  [[nodiscard]] bool awaits_key() const {
    return !open_.empty() && open_.back().node.kind == YamlNode::Kind::map && !open_.back().has_key;
  }

  void add(YamlNode node, const YAML::Mark& mark, YAML::anchor_t anchor) {
    bytes_ += bytes_of(node);
    if (anchor != 0) bytes_ += bytes_of(node);
    if (bytes_ > kMostYamlBytes) throw Refusal{{position_of(mark), "aliases make the document too large"}};
    if (anchor != 0) anchors_[anchor] = node;
    if (open_.empty()) {
      result.root = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind != YamlNode::Kind::map) {
      parent.node.children.push_back(std::move(node));
    } else if (!parent.has_key) {
      take_key(std::move(node), position_of(mark), parent);
    } else {
      take_value(std::move(node), parent);
    }
  }

  static void take_key(YamlNode node, Position at, Open& parent) {
    if (node.kind != YamlNode::Kind::scalar) throw Refusal{{at, "a key must be plain text"}};
    parent.has_key = true;
    parent.key = std::move(node.text);
    parent.key_at = at;
  }

  void take_value(YamlNode node, Open& parent) {
    auto& entries = parent.node.children;
    if (entries.size() >= kMostYamlKeys) throw Refusal{{parent.key_at, "too many keys in one place"}};
    parent.has_key = false;
    const auto twin =
        std::find_if(entries.begin(), entries.end(), [&](const YamlNode& entry) { return entry.key == parent.key; });
    if (twin != entries.end()) {
      result.problems.push_back({parent.key_at, "the key \"" + parent.key.substr(0, 64) +
                                                    "\" stands here a second time, first in line " +
                                                    std::to_string(twin->key_at.line)});
      return;
    }
    node.key = std::move(parent.key);
    node.key_at = parent.key_at;
    entries.push_back(std::move(node));
  }

  std::vector<Open> open_;  // from the root down
  std::map<YAML::anchor_t, YamlNode> anchors_;
  std::size_t bytes_ = 0;  // of all nodes so far, those kept for aliases twice
  int documents_ = 0;
};

// What is usually wrong with a line (from 0) that yaml-cpp rejects; "" for an unknown position.
std::string hint_for(std::string_view text, int line) {
  if (line < 0) return "";
  std::istringstream lines{std::string(text)};
  std::string wrong;
  for (int i = 0; i <= line; ++i) std::getline(lines, wrong);
  const auto indent = wrong.substr(0, wrong.find_first_not_of(" \t"));
  return indent.find('\t') != std::string::npos ? "; indent with spaces, not with tabs"
                                                : "; check the indentation and the brackets above this line";
}

}  // namespace

YamlResult parse_yaml(std::string_view text) {
  if (auto problem = find_unprintable(text)) return {{}, {std::move(*problem)}};
  TreeBuilder builder;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Refusal& refusal) {
    builder.result.problems.push_back(refusal.problem);
  } catch (const YAML::Exception& error) {
    const bool placed = !error.mark.is_null();
    builder.result.problems.push_back({placed ? position_of(error.mark) : Position{},
                                       "not valid YAML: " + error.msg + hint_for(text, placed ? error.mark.line : -1)});
  } catch (const std::exception& error) {
    builder.result.problems.push_back({{}, std::string("not valid YAML: ") + error.what()});
  }
  return std::move(builder.result);
}

}  // namespace base::config
