#include "chatcore/retrieval/docs_json.h"

#include <array>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

namespace chatcore::retrieval {
namespace {

using base::Code;

constexpr std::size_t kMaxNumbers = 65'536;

// The input as the parser wants it, in blocks, with an end where one value has become too long.
class Source {
 public:
  Source(std::istream& input, std::size_t max_value_bytes) : input_(input), max_value_bytes_(max_value_bytes) {}

  [[nodiscard]] bool is_at_end() {
    if (read_ - value_begin_ > max_value_bytes_) return is_too_long_ = true;
    if (next_ < filled_) return false;
    input_.read(block_.data(), static_cast<std::streamsize>(block_.size()));
    filled_ = static_cast<std::size_t>(input_.gcount());
    next_ = 0;
    return filled_ == 0;
  }
  [[nodiscard]] char current() const { return block_[next_]; }
  void advance() {
    ++next_;
    ++read_;
  }
  void value_ended() { value_begin_ = read_; }
  [[nodiscard]] bool is_too_long() const { return is_too_long_; }
  [[nodiscard]] std::size_t position() const { return read_; }

 private:
  std::istream& input_;
  const std::size_t max_value_bytes_;
  std::array<char, 64u << 10> block_{};
  std::size_t next_ = 0;
  std::size_t filled_ = 0;
  std::size_t read_ = 0;
  std::size_t value_begin_ = 0;
  bool is_too_long_ = false;
};

// An input iterator over a Source; the default one is the end.
class SourceIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = char;

  SourceIterator() = default;
  explicit SourceIterator(Source& source) : source_(&source) {}
  char operator*() const { return source_->current(); }
  SourceIterator& operator++() {
    source_->advance();
    return *this;
  }
  bool operator==(const SourceIterator& other) const { return is_end() == other.is_end(); }
  bool operator!=(const SourceIterator& other) const { return !(*this == other); }

 private:
  [[nodiscard]] bool is_end() const { return source_ == nullptr || source_->is_at_end(); }
  Source* source_ = nullptr;
};

// Where in the file: the levels of nesting that mean something.
constexpr int kInRoot = 1;
constexpr int kInDocuments = 2;
constexpr int kInDocument = 3;
constexpr int kInEmbedding = 4;

class DocumentReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  DocumentReader(Source& source, const std::function<base::Status(StoredDocument)>& take)
      : source_(source), take_(take) {}

  bool null() override { return skip(); }
  bool boolean(bool) override { return skip(); }
  bool number_integer(number_integer_t number) override { return take_number(static_cast<double>(number)); }
  bool number_unsigned(number_unsigned_t number) override { return take_number(static_cast<double>(number)); }
  bool number_float(number_float_t number, const string_t&) override { return take_number(number); }
  bool binary(binary_t&) override { return skip(); }

  bool string(string_t& text) override {
    if (depth_ == kInDocument && is_within_documents_ && key_ == "pageContent") text_ = std::move(text);
    return skip();
  }
  bool key(string_t& name) override {
    source_.value_ended();
    if (depth_ == kInRoot || depth_ == kInDocument) key_ = std::move(name);
    return true;
  }
  bool start_object(std::size_t) override {
    source_.value_ended();
    if (depth_ == kInRoot && key_ == "_documents") return refuse("\"_documents\" is no list");
    ++depth_;
    if (depth_ == kInDocument && is_within_documents_) {
      text_.reset();
      embedding_.clear();
    }
    return true;
  }
  bool start_array(std::size_t) override {
    source_.value_ended();
    if (depth_ == 0) return refuse("not an object with \"_documents\"");
    ++depth_;
    if (depth_ == kInDocuments && key_ == "_documents") is_within_documents_ = was_found_ = true;
    if (depth_ == kInDocument && is_within_documents_) return refuse("a document is a list");
    if (depth_ == kInEmbedding && is_within_documents_) is_embedding_ = key_ == "embedding";
    return true;
  }
  bool end_object() override {
    source_.value_ended();
    const bool is_document = depth_ == kInDocument && is_within_documents_;
    --depth_;
    if (!is_document) return true;
    if (!text_) return refuse("a document without a text in \"pageContent\"");
    failure_ = take_({.text = std::move(*text_), .embedding = std::move(embedding_)});
    embedding_ = {};
    return failure_.has_value();
  }
  bool end_array() override {
    source_.value_ended();
    if (depth_ == kInDocuments) is_within_documents_ = false;
    if (depth_ == kInEmbedding) is_embedding_ = false;
    --depth_;
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    return refuse_at(position, "not valid JSON");
  }

  // After parsing.
  [[nodiscard]] base::Status result() const {
    if (failure_ && !was_found_) return base::fail(Code::corrupt, "no list named \"_documents\" in it");
    return failure_;
  }

 private:
  bool skip() {
    source_.value_ended();
    if (depth_ == kInDocuments && is_within_documents_) return refuse("a document is no object");
    if (depth_ == kInRoot && key_ == "_documents") return refuse("\"_documents\" is no list");
    return depth_ != 0 || refuse("not an object with \"_documents\"");
  }
  bool take_number(double number) {
    if (!is_embedding_ || depth_ != kInEmbedding) return skip();
    source_.value_ended();
    if (embedding_.size() == kMaxNumbers) return refuse("an embedding of more than 65536 numbers");
    embedding_.push_back(static_cast<float>(number));
    return true;
  }
  bool refuse(const std::string& why) { return refuse_at(source_.position(), why); }
  bool refuse_at(std::size_t position, const std::string& why) {
    const std::string where = " at byte " + std::to_string(position);
    failure_ = source_.is_too_long() ? base::fail(Code::too_large, "a value is too long" + where)
                                     : base::fail(Code::corrupt, why + where);
    return false;
  }

  Source& source_;
  const std::function<base::Status(StoredDocument)>& take_;
  int depth_ = 0;
  std::string key_;
  bool is_within_documents_ = false;
  bool was_found_ = false;
  bool is_embedding_ = false;
  std::optional<std::string> text_;
  std::vector<float> embedding_;
  base::Status failure_;
};

}  // namespace

bool looks_like_docs_json(std::string_view beginning) {
  // Editors on Windows leave it there; the parser passes over it.
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (beginning.starts_with(kByteOrderMark)) beginning.remove_prefix(kByteOrderMark.size());
  const std::size_t brace = beginning.find_first_not_of(" \t\r\n");
  return brace != std::string_view::npos && beginning[brace] == '{' &&
         beginning.substr(brace).find("\"_documents\"") != std::string_view::npos;
}

base::Status read_docs_json(std::istream& input, std::size_t max_value_bytes,
                            const std::function<base::Status(StoredDocument)>& take) {
  Source source(input, max_value_bytes);
  DocumentReader reader(source, take);
  (void)nlohmann::json::sax_parse(SourceIterator(source), SourceIterator(), &reader);
  return reader.result();
}

}  // namespace chatcore::retrieval
