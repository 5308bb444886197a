#include "base/curl_parts.h"

#include <cerrno>
#include <utility>

#include "base/http_text.h"

namespace base {

bool prepare_curl() {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  return ready == CURLE_OK;
}

std::optional<Origin> origin_of(const std::string& url) {
  const Owned<CURLU> parsed(curl_url());
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return std::nullopt;
  const auto part = [&](CURLUPart which) {
    char* text = nullptr;
    if (curl_url_get(parsed.get(), which, &text, 0) != CURLUE_OK) return std::string();
    return std::string(Owned<char>(text).get());
  };
  const auto scheme = part(CURLUPART_SCHEME);
  const auto host = part(CURLUPART_HOST);
  const auto port = part(CURLUPART_PORT);
  if ((scheme != "http" && scheme != "https") || host.empty()) return std::nullopt;
  const bool is_loopback = host == "localhost" || host == "[::1]" || host.starts_with("127.");
  return Origin{scheme + "://" + host + (port.empty() ? "" : ":" + port), is_loopback};
}

// CURLE_UNSUPPORTED_PROTOCOL is not about the URL, whose scheme has been looked at: the peer does not speak HTTP.
Code code_from_curl(CURLcode code, long os_error) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return Code::deadline_exceeded;
    case CURLE_URL_MALFORMAT: return Code::invalid_argument;
    case CURLE_OUT_OF_MEMORY: return Code::exhausted;
    case CURLE_COULDNT_CONNECT:
      return os_error == EACCES || os_error == EPERM ? Code::permission_denied : Code::unavailable;
    default: return Code::unavailable;
  }
}

Result<Owned<curl_slist>> header_list(const HttpHeaders& headers) {
  Owned<curl_slist> list;
  const auto append = [&list](const std::string& line) { list.reset(curl_slist_append(list.release(), line.c_str())); };
  bool has_content_type = false;
  for (const auto& [name, value] : headers) {
    if (!is_safe_header(name, value)) {
      return fail(Code::invalid_argument, "a header holds characters that no header may hold");
    }
    has_content_type = has_content_type || is_same_name(name, "content-type");
    // curl's spelling of a header with an empty value; "Name:" would remove it.
    append(value.empty() ? name + ";" : std::string(name).append(": ").append(value));
  }
  append("Expect:");  // without it curl waits a second for 100-continue before it sends a larger body
  if (!has_content_type) append("Content-Type:");  // else curl claims a form
  return list;
}

void take_header_line(std::string_view line, HttpHeaders& headers) {
  if (line.starts_with("HTTP/")) headers.clear();
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const auto value = line.substr(colon + 1);
  const auto first = value.find_first_not_of(" \t\r\n");
  const auto last = value.find_last_not_of(" \t\r\n");
  headers.emplace_back(lower_case(line.substr(0, colon)),
                       first == std::string_view::npos ? "" : value.substr(first, last - first + 1));
}

}  // namespace base
