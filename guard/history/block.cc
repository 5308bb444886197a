#include "guard/history/block.h"

#include <utility>

namespace guard::history {
namespace {

constexpr std::uint64_t kForm = 1;

// What a form may still unfold to: a column costs its ticks whether it is kept or not, a section its names' bytes.
class Budget {
 public:
  // False when there is not so much left.
  bool spend(std::size_t cells) {
    if (cells > left_) return false;
    left_ -= cells;
    return true;
  }

 private:
  std::size_t left_ = Block::kMostCells;
};

// The form: kForm; ticks; the texts; then for each section its part, its three names and its body, which is for each
// column the field's number and the column's form. The names stand among the texts by number from 1, 0 being "".
std::optional<Section> decode_section(std::string_view body, std::size_t ticks, Budget& budget) {
  Section section;
  Pieces in(body);
  while (!in.rest().empty()) {
    const auto field = in.number();
    if (!budget.spend(ticks)) return std::nullopt;
    auto column = field && *field < 0xffffffff ? Column::decode(ticks, in) : std::nullopt;
    if (!column) return std::nullopt;
    section.emplace(static_cast<unsigned>(*field), std::move(*column));
  }
  return section;
}

std::optional<SectionKey> decode_key(Pieces& in, const std::vector<std::string>& texts, Budget& budget) {
  const auto part = in.number();
  if (!part) return std::nullopt;
  SectionKey key;
  key.part = static_cast<Part>(*part < kParts ? *part : kParts);
  for (std::string& name : key.names) {
    const auto number = in.number();
    if (!number || *number > texts.size()) return std::nullopt;
    if (*number == 0) continue;
    const std::string& text = texts[static_cast<std::size_t>(*number) - 1];
    if (!budget.spend(text.size())) return std::nullopt;
    name = text;
  }
  return key;
}

}  // namespace

std::int64_t Block::number_of(std::string_view text) {
  text = text.substr(0, kMostTextBytes);
  if (const auto known = numbers_.find(text); known != numbers_.end()) return known->second;
  const auto number = static_cast<std::int64_t>(texts_.size());
  texts_.emplace_back(text);
  numbers_.emplace(text, number);
  return number;
}

const std::string& Block::text_of(std::int64_t number) const {
  static const std::string kNone;
  return number >= 0 && static_cast<std::size_t>(number) < texts_.size() ? texts_[static_cast<std::size_t>(number)]
                                                                         : kNone;
}

std::string Block::encode() const {
  std::vector<std::string> texts = texts_;
  std::map<std::string, std::size_t> names;  // those of the sections come after the texts that columns number
  const auto name_number = [&](const std::string& name) -> std::size_t {
    if (name.empty()) return 0;
    const auto [place, is_new] = names.emplace(name, texts.size() + 1);
    if (is_new) texts.push_back(name);
    return place->second;
  };
  std::string bodies;
  for (const auto& [key, section] : sections_) {
    put_number(bodies, static_cast<std::uint64_t>(key.part));
    for (const std::string& name : key.names) put_number(bodies, name_number(name));
    std::string body;
    for (const auto& [field, column] : section) {
      put_number(body, field);
      column.encode(ticks_, body);
    }
    put_text(bodies, body);
  }
  std::string form;
  put_number(form, kForm);
  put_number(form, ticks_);
  put_number(form, texts.size());
  for (const std::string& text : texts) put_text(form, text);
  return form + bodies;
}

std::optional<Block> Block::decode(std::string_view form) {
  Pieces in(form);
  const auto version = in.number(), ticks = in.number(), texts = in.number();
  if (!version || *version != kForm || !ticks || *ticks == 0 || *ticks > kMostTicks || !texts) return std::nullopt;
  Budget budget;
  Block block;
  block.ticks_ = static_cast<std::size_t>(*ticks);
  for (std::uint64_t i = 0; i < *texts; ++i) {
    const auto text = in.text();
    if (!text) return std::nullopt;
    block.texts_.emplace_back(*text);
  }
  while (!in.rest().empty()) {
    auto key = decode_key(in, block.texts_, budget);
    const auto body = key ? in.text() : std::nullopt;
    if (!body) return std::nullopt;
    if (static_cast<unsigned>(key->part) == kParts) continue;  // of a later version
    auto section = decode_section(*body, block.ticks_, budget);
    if (!section) return std::nullopt;
    block.sections_.emplace(std::move(*key), std::move(*section));
  }
  return block;
}

}  // namespace guard::history
