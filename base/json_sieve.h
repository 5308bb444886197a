#pragma once
// Reduces JSON that comes in pieces to the few members that are wanted, so that an answer of any size costs only what
// is kept of it: a member that is not wanted is never stored, a string that is too long becomes null, and what is
// nested too deeply is passed over by counting brackets. The reduced text is for a JSON library to parse.
//
//   JsonSieve sieve({.documents = JsonSieve::Documents::elements}, keep, on_document);
//   sieve.feed(bytes) …; sieve.finish();
//
// Pure. One sieve reads one text. Not thread-safe.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace base {

class JsonSieve {
 public:
  enum class Documents {
    values,    // one value after another, as an event stream has them
    elements,  // the elements of one array, each a document of its own
  };
  struct Options {
    Documents documents = Documents::values;
    std::size_t max_depth = 16;             // what is nested more deeply becomes null
    std::size_t max_document = 256u << 10;  // bytes of a reduced document
  };
  using Path = std::vector<std::string>;  // keys from the outermost object inwards; arrays add none
  // Bytes that a string at this path may have, as written; 0: the member is not wanted. Asked once a member.
  using Keep = std::function<std::size_t(const Path&)>;
  // A reduced document; or why there is none (its form is wrong, or it is too large). The text is valid for the call.
  using OnDocument = std::function<void(Result<std::string_view>)>;

  JsonSieve(Options options, Keep keep, OnDocument on_document);

  // Errors: corrupt: the text is not in the promised form, and nothing after this can be told apart. A document that
  // is bad in itself is told through on_document, and the next one is read.
  Status feed(std::string_view bytes);
  // After the last byte. Errors: corrupt: the text is cut off.
  Status finish();

 private:
  enum class Expect { value, value_or_end, key, key_or_end, colon, comma_or_end };
  struct Level {
    char kind = '{';
    Expect expect = Expect::key_or_end;
    bool has_member = false;
    std::size_t max_string = 0;  // of strings in it, when it is an array
    std::string key;             // of the member under way, as written
  };

  void take(char byte);
  void take_structure(char byte);
  void open(char kind);
  void close(char kind);
  void start_text(bool is_string);
  void end_text();
  void end_key();
  void end_member(std::string_view value);
  bool starts_value();
  void begin_written_value();
  void end_value();
  void end_document();
  void write(std::string_view text);
  void spoil(const char* why);

  const Options options_;
  const Keep keep_;
  const OnDocument on_document_;
  std::string out_;    // the document so far
  std::string token_;  // the string or scalar under way, as written, quotes left out
  std::size_t max_token_ = 0;
  std::vector<Level> levels_;
  Path path_;
  std::size_t skipped_depth_ = 0;  // open brackets of a value that is passed over
  bool skips_value_ = false;       // the next value, or the one under way, is passed over
  std::size_t max_value_ = 0;      // bytes of a string that comes as the next value
  bool in_string_ = false;
  bool in_scalar_ = false;
  bool is_key_ = false;
  bool is_escaped_ = false;
  bool is_cut_ = false;  // the token is longer than it may be
  bool in_list_ = false;
  bool list_ended_ = false;
  const char* broken_ = nullptr;  // why the document can no longer be parsed
  const char* spoilt_ = nullptr;  // why the document under way is bad
};

}  // namespace base
