#include "base/json_sieve.h"

#include <utility>

namespace base {
namespace {

bool is_space(char byte) { return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t'; }
bool is_structure(char byte) {
  return byte == '{' || byte == '}' || byte == '[' || byte == ']' || byte == ',' || byte == ':' || byte == '"';
}

// The longest key that is looked at; a member with a longer one is not wanted.
constexpr std::size_t kMaxKey = 512;

// Keys are compared as people write them: Go writes <, > and & as \u003c and so on. Other escapes stay as they are.
std::string unescape_ascii(const std::string& text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_ascii_code = text[i] == '\\' && text.compare(i + 1, 3, "u00") == 0 && i + 5 < text.size();
    if (is_ascii_code) {
      const auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
      const int code = digit(text[i + 4]) * 16 + digit(text[i + 5]);
      if (code >= 0x20 && code < 0x7f) {
        plain += static_cast<char>(code);
        i += 5;
        continue;
      }
    }
    plain += text[i];
  }
  return plain;
}

}  // namespace

JsonSieve::JsonSieve(Options options, Keep keep, OnDocument on_document)
    : options_(options), keep_(std::move(keep)), on_document_(std::move(on_document)) {}

Status JsonSieve::feed(std::string_view bytes) {
  for (const char byte : bytes) {
    if (broken_ != nullptr) break;
    take(byte);
  }
  if (broken_ != nullptr) return fail(Code::corrupt, broken_);
  return {};
}

Status JsonSieve::finish() {
  if (in_scalar_ && levels_.empty() && broken_ == nullptr) end_text();
  if (broken_ != nullptr) return fail(Code::corrupt, broken_);
  const bool is_list = options_.documents == Documents::elements;
  const bool is_open = in_string_ || in_scalar_ || !levels_.empty() || skipped_depth_ > 0;
  if (is_open || (is_list && !list_ended_)) return fail(Code::corrupt, "not JSON: it is cut off");
  return {};
}

void JsonSieve::take(char byte) {
  if (in_string_) {
    if (!is_escaped_ && byte == '"') return end_text();
    is_escaped_ = !is_escaped_ && byte == '\\';
    if (token_.size() < max_token_)
      token_ += byte;
    else
      is_cut_ = true;
    return;
  }
  if (in_scalar_) {
    if (!is_structure(byte) && !is_space(byte)) {
      if (token_.size() < max_token_)
        token_ += byte;
      else
        is_cut_ = true;
      return;
    }
    end_text();
  }
  if (!is_space(byte) && broken_ == nullptr) take_structure(byte);
}

void JsonSieve::take_structure(char byte) {
  if (skipped_depth_ > 0) {
    if (byte == '"') return start_text(true);
    if (byte == '{' || byte == '[') ++skipped_depth_;
    if ((byte == '}' || byte == ']') && --skipped_depth_ == 0) end_member("null");
    return;
  }
  if (byte == '{' || byte == '[') return open(byte);
  if (byte == '}' || byte == ']') return close(byte);
  if (byte == '"') return start_text(true);
  if (byte != ',' && byte != ':') {
    start_text(false);
    if (in_scalar_) take(byte);
    return;
  }
  if (levels_.empty()) {
    if (!in_list_ || byte == ':') broken_ = "not JSON: something stands between two values";
    return;
  }
  Level& level = levels_.back();
  if (byte == ':') {
    if (level.expect != Expect::colon) spoil("not JSON: a colon without a key");
    level.expect = Expect::value;
  } else {
    if (level.expect != Expect::comma_or_end) spoil("not JSON: a comma without a value");
    level.expect = level.kind == '{' ? Expect::key : Expect::value;
  }
}

// Whether a value may stand here; sets what becomes of it.
bool JsonSieve::starts_value() {
  if (levels_.empty()) {
    skips_value_ = false;
    max_value_ = kMaxKey;
    if (options_.documents == Documents::values || in_list_) return true;
    return false;
  }
  const Level& level = levels_.back();
  if (level.kind == '[') {
    if (level.expect != Expect::value && level.expect != Expect::value_or_end) spoil("not JSON: a comma is missing");
    skips_value_ = false;
    max_value_ = level.max_string;
  } else if (level.expect != Expect::value) {
    spoil("not JSON: a value without a key");
    skips_value_ = true;
  }
  return true;
}

void JsonSieve::open(char kind) {
  if (!starts_value()) {
    if (kind == '[' && !list_ended_) {
      in_list_ = true;
      return;
    }
    broken_ = "not a list";
    return;
  }
  if (skips_value_ || levels_.size() >= options_.max_depth) {
    skipped_depth_ = 1;
    return;
  }
  begin_written_value();
  write(std::string_view(&kind, 1));
  levels_.push_back(
      {kind, kind == '{' ? Expect::key_or_end : Expect::value_or_end, false, kind == '[' ? max_value_ : 0, ""});
}

void JsonSieve::close(char kind) {
  if (levels_.empty()) {
    if (in_list_ && kind == ']') {
      in_list_ = false;
      list_ended_ = true;
    } else {
      broken_ = "not JSON: a bracket is closed that was not opened";
    }
    return;
  }
  const Level& level = levels_.back();
  const bool is_pair = (level.kind == '{') == (kind == '}');
  const bool may_end = level.expect == Expect::comma_or_end || level.expect == Expect::key_or_end ||
                       level.expect == Expect::value_or_end;
  if (!is_pair || !may_end) spoil("not JSON: a bracket is closed in the wrong place");
  write(level.kind == '{' ? "}" : "]");
  levels_.pop_back();
  end_value();
}

void JsonSieve::start_text(bool is_string) {
  is_key_ = skipped_depth_ == 0 && !levels_.empty() && levels_.back().kind == '{' &&
            (levels_.back().expect == Expect::key || levels_.back().expect == Expect::key_or_end);
  if (skipped_depth_ == 0 && !is_key_ && !starts_value()) {
    broken_ = "not a list";
    return;
  }
  if (is_key_ && !is_string) spoil("not JSON: a key without quotes");
  in_string_ = is_string;
  in_scalar_ = !is_string;
  is_escaped_ = false;
  is_cut_ = false;
  token_.clear();
  if (skipped_depth_ > 0 || (!is_key_ && skips_value_))
    max_token_ = 0;
  else
    max_token_ = is_key_ ? kMaxKey : max_value_;
}

void JsonSieve::end_text() {
  const bool is_string = std::exchange(in_string_, false);
  in_scalar_ = false;
  if (skipped_depth_ > 0) return;
  if (is_key_) return end_key();
  if (is_cut_) return end_member("null");
  end_member(is_string ? '"' + token_ + '"' : token_);
}

void JsonSieve::end_key() {
  Level& level = levels_.back();
  level.expect = Expect::colon;
  skips_value_ = true;
  if (spoilt_ != nullptr) return;
  level.key = token_;
  path_.push_back(unescape_ascii(token_));
  max_value_ = is_cut_ ? 0 : keep_(path_);
  skips_value_ = max_value_ == 0;
}

// A value that is no bracket, or stands for one that was passed over.
void JsonSieve::end_member(std::string_view value) {
  if (!skips_value_) {
    begin_written_value();
    write(value);
  }
  end_value();
}

void JsonSieve::begin_written_value() {
  if (levels_.empty()) return;
  Level& level = levels_.back();
  if (std::exchange(level.has_member, true)) write(",");
  if (level.kind == '{') write('"' + level.key + "\":");
}

void JsonSieve::end_value() {
  skips_value_ = false;
  if (levels_.empty()) return end_document();
  if (levels_.back().kind == '{' && spoilt_ == nullptr && !path_.empty()) path_.pop_back();
  levels_.back().expect = Expect::comma_or_end;
}

void JsonSieve::end_document() {
  if (spoilt_ != nullptr)
    on_document_(fail(Code::corrupt, spoilt_));
  else
    on_document_(std::string_view(out_));
  out_.clear();
  path_.clear();
  spoilt_ = nullptr;
}

void JsonSieve::write(std::string_view text) {
  if (spoilt_ != nullptr) return;
  if (out_.size() + text.size() > options_.max_document) return spoil("too large");
  out_ += text;
}

void JsonSieve::spoil(const char* why) {
  if (spoilt_ == nullptr) spoilt_ = why;
  out_.clear();
}

}  // namespace base
