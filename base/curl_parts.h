#pragma once
// Internal to this folder: what both HTTP clients, the blocking one and the streaming one, make of libcurl. Its
// handles with owners, its errors as ours, a URL's origin, header lines.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <curl/curl.h>

#include "base/http_client.h"
#include "base/result.h"

namespace base {

struct CurlDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(CURLU* handle) const { curl_url_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  void operator()(char* text) const { curl_free(text); }
};
template <class Handle>
using Owned = std::unique_ptr<Handle, CurlDeleter>;

// CURL and CURLM are one type to the compiler, so the deleter must be another.
struct CurlMultiDeleter {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
using OwnedMulti = std::unique_ptr<CURLM, CurlMultiDeleter>;

// False when the library cannot be used. Call before anything else of it; any number of times.
bool prepare_curl();

// The parts of a URL that may be told in an error message: path, query and user often hold secrets.
struct Origin {
  std::string text;  // "http://host:port"
  bool is_loopback = false;
};
// Nothing when `url` is not http:// or https:// with a host.
std::optional<Origin> origin_of(const std::string& url);

// `os_error`: CURLINFO_OS_ERRNO.
Code code_from_curl(CURLcode code, long os_error);

// As curl wants them, with what curl would add by itself taken out (Expect, a form's Content-Type). Errors:
// invalid_argument when a name or value may not stand in a header.
Result<Owned<curl_slist>> header_list(const HttpHeaders& headers);

// Adds the header of one line, its name in lower case. A status line begins anew: what came before it belonged to a
// 1xx answer.
void take_header_line(std::string_view line, HttpHeaders& headers);

}  // namespace base
