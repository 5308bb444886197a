#pragma once
// The text of HTTP/1.1 that needs no socket: request targets, percent-encoding, header look-up and the head of a
// response. Pure functions, shared by the client and the server, and fuzzed (tests/fuzz).

#include <optional>
#include <string>
#include <string_view>

#include "base/http_client.h"

namespace base {

// `text` with every %XX replaced by its byte. Nothing for a % that two hexadecimal digits do not follow, and for
// a NUL, written %00 or plain: it would end the string early in every C interface behind us.
std::optional<std::string> percent_decoded(std::string_view text);

struct RequestTarget {
  std::string path;   // percent-decoded; begins with '/'
  std::string query;  // as sent, without '?'
};

// Reads origin-form ("/path?query") and absolute-form ("http://host/path?query"), RFC 9112 section 3.2. Nothing for
// all else: authority-form, "*", fragments, control characters, spaces and what percent_decoded() refuses.
std::optional<RequestTarget> parse_target(std::string_view target);

// The value of the first header of that name (in lower case), or "".
std::string_view find_header(const HttpHeaders& headers, std::string_view name);

// The value of `name` in a query or form, with '+' as a space; "" when absent or wrongly encoded.
std::string find_query_value(std::string_view query, std::string_view name);

// ASCII only: header names and tokens.
std::string lower_case(std::string_view text);
bool is_same_name(std::string_view a, std::string_view b);  // whatever their case

// A header whose name is not a token, or whose value holds a control character other than tab: writing it would
// let whoever chose the value add headers of his own.
bool is_safe_header(std::string_view name, std::string_view value);
// A method or header name by RFC 9110 section 5.6.2: not empty, no separators.
bool is_token(std::string_view text);

// "Not Found" for 404; "" for a code that has no phrase here.
std::string_view reason_phrase(int status);

}  // namespace base
